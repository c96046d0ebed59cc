//! AWS KMS keys as recipients and identities. An edge: network, credentials, a clock (tokio's).
//!
//! - [`KeyName`], [`KeyArn`]: how people name a key, and the one name that is stored;
//! - [`Kms`]: wraps and unwraps data keys, reads public keys; one SDK client per region;
//! - [`KmsError`]: what went wrong by class, with key, IAM action and next step, never with the SDK's text;
//! - [`UnwrapCache`]: keeps the calls few: bounded, one at a time per wrap, limited per second.
//!
//! Data keys live in `Zeroizing` buffers and never reach a log: the SDK, which writes whole requests at its
//! trace level, is muted during every call. What cannot be wiped are the bytes of the HTTP exchange inside
//! SDK, TLS and kernel.

mod arn;
mod cache;
mod client;
mod error;
mod fault;
mod name;
mod options;
mod public_key;
mod rate_limit;

pub use arn::{KeyArn, NotAKeyArn};
pub use aws_edge::CredentialsFault;
pub use cache::{CacheOptions, UnwrapCache};
pub use client::Kms;
pub use error::{Action, KmsError, KmsFault};
pub use name::{KeyName, NotAKeyName};
pub use options::{KmsOptions, Retries, StaticCredentials};
pub use public_key::KmsPublicKey;
