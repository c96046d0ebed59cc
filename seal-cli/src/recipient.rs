//! Whom values are sealed for: from what people write to something that wraps data keys.
//!
//! - [`RecipientArgs`]: the flags, common to all verbs that seal;
//! - [`Asked`]: what flags, files and the environment name, told apart by its spelling, nothing of
//!   it read yet;
//! - [`Choice`]: these, or else those of the rule for a file;
//! - [`Recipients`]: the same with their public keys at hand; they wrap data keys;
//! - [`Readers`]: how messages name those who can read.

mod again;
mod args;
mod asked;
mod choice;
mod error;
mod kms;
mod legacy;
mod public_key;
mod reader;
mod recipients;
mod resolve;
mod spelling;

use std::sync::Arc;

use seal_format::se1::RecipientName;
use seal_keys::RsaRecipient;
use seal_kms::KeyName;

use crate::age;

pub(crate) use args::{KmsArgs, RecipientArgs};
pub(crate) use asked::{Asked, Cert};
pub(crate) use choice::{Choice, RuleArgs, remember_files};
pub(crate) use error::RecipientError;
pub(crate) use legacy::{InKms, OneCertificate};
pub(crate) use reader::{Readers, shown};
pub(crate) use recipients::{Recipients, ToWrap};

/// Someone to wrap data keys for.
#[derive(Clone)]
struct Recipient {
    /// What people call it: a name from the configuration, or what they wrote.
    name: Option<String>,
    /// As it was written, for messages.
    written: String,
    key: Key,
}

#[derive(Clone)]
enum Key {
    /// A cluster's.
    Certificate(Arc<RsaRecipient>),
    /// A cluster's, whose private half is in AWS KMS.
    CertificateInKms(Arc<RsaRecipient>),
    /// A public key without a certificate, such as of an RSA key in KMS.
    Bare(Arc<RsaRecipient>),
    /// With an age, SSH or plug-in key.
    Age(Arc<age::Recipient>),
    /// Symmetric. The name may be an alias, which only KMS resolves.
    Kms(KeyName, Option<RecipientName>),
}

impl Recipient {
    /// `None` until KMS has said which key is behind an alias.
    fn to(&self) -> Option<&RecipientName> {
        match &self.key {
            Key::Certificate(key) | Key::CertificateInKms(key) | Key::Bare(key) => Some(key.name()),
            Key::Age(key) => Some(key.name()),
            Key::Kms(_, to) => to.as_ref(),
        }
    }

    /// How messages call it.
    fn called(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.written)
    }
}
