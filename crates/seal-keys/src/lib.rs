//! Who can open sealed values. A [`Recipient`] wraps a short data key, an [`Identity`] unwraps it;
//! neither ever meets the payload. CPU work only: no files, no network, no clock (times are
//! parameters), no runtime.
//!
//! - [`RsaRecipient`], [`RsaIdentity`]: RSA-OAEP with SHA-256, in aws-lc-rs (constant time);
//! - [`Certificate`]: the public half as people pass it around;
//! - [`PrivateKey`]: the private half as key Secrets store it (PKCS#1 or PKCS#8 PEM);
//! - [`Keyring`]: every active sealing key of a controller, newest first;
//! - [`issue`]: a new key with its self-signed certificate;
//! - [`certify`]: a certificate for a key whose private half is in AWS KMS.

mod certificate;
mod certify;
mod issue;
mod keyring;
mod pem_blocks;
mod private_key;
mod recipient;
mod rsa;

pub use certificate::{Certificate, CertificateError};
pub use certify::certify;
pub use issue::{IssueError, Issued, issue};
pub use keyring::{Keyring, SealingKey};
pub use private_key::{PrivateKey, PrivateKeyError};
pub use recipient::{Identity, Recipient, UnwrapError, WrapError};
pub use rsa::{RsaIdentity, RsaRecipient};
