//! AWS Secrets Manager, as far as values are read (contract external-secrets.md §5): single values,
//! up to twenty at once, and what there is. One [`SecretsManager`] is one identity in one region, and makes
//! calls. [`SharedValues`] makes few of them: it shares values, remembers errors, tells which keys changed
//! ([`SharedValues::check`]), finds ([`SharedValues::find`]), and keeps the pace that AWS allows. Who may share
//! is decided elsewhere.
//!
//! Values are wiped when dropped, as far as they are ours: the SDK's own buffers are not.

mod client;
mod error;
mod find;
mod key;
mod observer;
mod options;
mod shared;
mod value;
mod version;

pub use client::{BATCH, SecretsManager};
pub use error::{Operation, SecretsError, SecretsFault};
pub use find::Find;
pub use observer::{CallObserver, Saved};
pub use options::SecretsOptions;
pub use shared::{Answered, Checked, KeyBudget, SharedLimits, SharedValues, Tagged, ValueBudget};
pub use value::{Batch, Listed, SecretValue};
pub use version::Version;
