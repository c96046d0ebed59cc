//! SE1, the format with several recipients (docs/format.md): data keys that are wrapped for each of
//! them, and values that name their data key.
//!
//! - [`DataKey`]: the secret S of one write; seals and opens values, commits to itself, MACs the
//!   list of its recipients;
//! - [`DataKeyBlock`]: an entry of `spec.dataKeys`, read strictly;
//! - [`SealedValue`]: a value of `spec.encryptedData`;
//! - [`Binding`]: the object that both belong to;
//! - [`RecipientName`], [`Wrap`]: for whom a data key is wrapped, and the wrap itself;
//! - [`Fault`]: every way in which an object can be wrong, by the class that the vectors name.

mod armor;
mod binding;
mod block;
mod canonical;
mod data_key;
mod data_key_id;
mod fault;
mod fields;
mod limits;
mod recipient_name;
mod value;
mod wrap;

pub use binding::Binding;
pub use block::DataKeyBlock;
pub use data_key::DataKey;
pub use data_key_id::{Commitment, DataKeyId};
pub use fault::Fault;
pub use limits::{MAX_BLOB, MAX_DATA_KEYS, MAX_DOCUMENT, MAX_RECIPIENT_NAME, MAX_VALUE, MAX_WRAPS};
pub use recipient_name::{RecipientKind, RecipientName};
pub use value::{SealedValue, ValueFormat, value_format};
pub use wrap::Wrap;
