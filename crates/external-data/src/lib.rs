//! From what a store answers to the data of a Secret, as External Secrets has it (contract §4, §5): parts
//! of JSON, decoding, keys that a Secret may have, rewrites, and the hashes that mark the result. Pure:
//! who fetches, and when, is decided elsewhere.
//!
//! Errors name keys and positions, never values.

mod assemble;
mod bounds;
mod decoding;
mod error;
mod extract;
mod hash;
mod keys;
mod property;
mod render;
mod rewrite;
mod want;

use std::collections::BTreeMap;

use zeroize::Zeroizing;

pub use assemble::{Answer, AssembleError, Assembled, assemble};
pub use bounds::{Bounds, Exceeded};
pub use decoding::{check_null_bytes, decode, decode_all};
pub use error::DataError;
pub use extract::extract;
pub use hash::{data_hash, owner_hash, synced_resource_version};
pub use keys::{convert_keys, validate_keys};
pub use property::property;
pub use render::{RenderError, RenderedSecret, SourceKind, Sources, render, sources};
pub use rewrite::rewrite;
pub use want::{
    BadEntry, Entry, StoreName, Want, What, entries, first_wants, stores, want_of, wants,
};

/// Values by key, wiped when dropped.
pub type SecretData = BTreeMap<String, Zeroizing<Vec<u8>>>;
