//! The joint between Secrets and SealedSecrets. Pure: no files, no network, no clock; random bytes
//! are a parameter, and keys are asked for rather than held (architecture D3):
//!
//! 1. [`Sealing::prepare`] draws a session key per item and says which keys must be wrapped with
//!    which label; the caller asks a recipient; [`Sealing::finish`] makes the SealedSecret.
//! 2. [`Opening::prepare`] reads a SealedSecret and says which keys must be unwrapped; the caller
//!    asks an identity; [`Opening::finish`] gives the Secret.
//!
//! Objects in SE1 ask for fewer keys: [`Se1Sealing`] and [`SealedItems`] have one data key to wrap for
//! each recipient, and [`Opening::data_keys`] one to unwrap however many values it has.
//!
//! [`KeyWrapping`] and [`WrappedKey`] do the same for the private half of a sealing key.
//!
//! [`read_secrets`] turns documents into [`PlainSecret`]s with kubeseal's rules.

mod fields;
mod open;
mod open_error;
mod plain_secret;
mod read;
mod read_sealed;
mod scope;
mod se1_object;
mod seal;
mod seal_se1;
mod sealed_items;
mod sealed_manifest;
mod target;
mod whole_secret;
mod wrapped_key;

pub use fields::UnknownField;
pub use open::{Answers, DataKeyNeed, NoSessionKey, OpenedSecret, Opening, UnwrapNeed};
pub use open_error::{ItemError, OpenError};
pub use plain_secret::PlainSecret;
pub use read::{CoercedScalar, Coercion, ReadSecretError, SecretList, read_secrets};
pub use read_sealed::{ReadSealedError, SealedDocument, SealedReason, read_sealed};
pub use scope::{scope_of, set_scope};
pub use se1_object::{Se1Object, block};
pub use seal::{SealError, Sealing, WrapNeed, without_copies};
pub use seal_se1::Se1Sealing;
pub use sealed_items::{FinishedItems, Random, SealedItems, entry, is_item_name};
pub use sealed_manifest::{SealedManifest, SealedMetadata};
pub use target::{Namespace, Target, TargetError};
pub use wrapped_key::{
    KeyWrapping, PRIVATE_KEY_FIELD, WRAPPED_KEY_FIELD, WRAPPED_KEY_ITEM, WrappedKey,
    WrappedKeyError,
};
