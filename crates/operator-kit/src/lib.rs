//! What every controller of seal needs around its decisions: reading API faults without repeating
//! what the API server echoes, connecting, watching, writing Secrets and statuses, publishing events,
//! backing off, listening, logging, starting and stopping. Nothing here knows a SealedSecret or an ExternalSecret.

pub mod api_client;
pub mod api_fault;
pub mod backoff;
pub mod connect;
pub mod events;
pub mod listen;
pub mod live;
pub mod logging;
pub mod memory;
pub mod message;
pub mod metrics;
pub mod process;
mod readable_json;
pub mod secret_sync;
pub mod secret_watch;
pub mod serve;
pub mod shutdown;
pub mod status;
pub mod watch_fault;

pub use api_fault::ApiFault;
pub use backoff::Backoff;
pub use events::{EventKind, EventSink};
