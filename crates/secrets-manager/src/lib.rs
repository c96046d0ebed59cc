//! AWS Secrets Manager, as far as values are read (contract external-secrets.md §5): single values,
//! up to twenty at once, and what there is. One [`SecretsManager`] is one identity in one region; who
//! may share what it reads is decided elsewhere.
//!
//! Values are wiped when dropped, as far as they are ours: the SDK's own buffers are not.

mod client;
mod error;
mod observer;
mod options;
mod shared;
mod value;
mod version;

pub use client::{BATCH, SecretsManager};
pub use error::{Operation, SecretsError, SecretsFault};
pub use observer::{CallObserver, Saved};
pub use options::SecretsOptions;
pub use shared::{Answered, Checked, SharedLimits, SharedValues};
pub use value::{Batch, Listed, SecretValue};
pub use version::Version;
