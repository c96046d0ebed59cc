//! What every controller of seal needs around its decisions: reading API faults without repeating
//! what the API server echoes, publishing events, backing off, listening, logging, stopping.
//! Nothing here knows a SealedSecret.

pub mod api_client;
pub mod api_fault;
pub mod backoff;
pub mod events;
pub mod listen;
pub mod logging;
pub mod metrics;
mod readable_json;
pub mod serve;
pub mod shutdown;

pub use api_fault::ApiFault;
pub use backoff::Backoff;
pub use events::{EventKind, EventSink};
