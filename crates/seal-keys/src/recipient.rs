//! The two traits that every kind of key implements.

use zeroize::Zeroizing;

/// Someone a data key can be wrapped for. Needs no secret.
pub trait Recipient: Send + Sync {
    /// Wraps `data_key`, bound to `label` (the scope's label of the legacy format; may be empty).
    fn wrap(&self, data_key: &[u8], label: &[u8]) -> Result<Vec<u8>, WrapError>;
}

/// Someone who can unwrap data keys that were wrapped for them.
pub trait Identity: Send + Sync {
    /// Unwraps one data key. Every failure looks alike: which check failed is not told.
    fn unwrap(&self, wrapped: &[u8], label: &[u8]) -> Result<Zeroizing<Vec<u8>>, UnwrapError>;
}

/// A data key could not be wrapped.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the recipient's key cannot wrap a data key of this size")]
pub struct WrapError;

/// A data key could not be unwrapped by this identity, with this label.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("no key could decrypt")]
pub struct UnwrapError;
