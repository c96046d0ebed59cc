//! The bytes of sealed values. This crate opens no file and no socket, reads no clock and no
//! environment, and draws no randomness of its own: keys and random bytes are parameters.
//!
//! What it knows:
//! - [`Scope`]: where a value may be used, and the RSA-OAEP label that binds it there;
//! - [`Envelope`]: the Sealed Secrets value format (RSA block and AES-256-GCM payload);
//! - [`SessionKey`]: the key of one value, wiped when dropped;
//! - [`se1`]: the format with several recipients.

mod envelope;
pub mod go_base64;
mod scope;
pub mod se1;
mod session_key;

pub use envelope::{Envelope, EnvelopeError};
pub use scope::{Scope, ScopeError};
pub use session_key::{PayloadError, SessionKey};
