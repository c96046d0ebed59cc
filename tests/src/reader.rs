//! Readers of SE1 values, for whom a test wraps data keys.

use age::secrecy::ExposeSecret as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use seal_age::AgeRecipient;
use seal_format::se1::{Binding, RecipientName, Wrap};
use seal_keys::{Certificate, Recipient as _, RsaRecipient};
use serde_json::json;
use testkit::aws;

/// Whoever a data key can be wrapped for.
pub trait Reader {
    /// The wrap of a data key of `object`.
    fn wrap_for(&self, key: &[u8], object: &Binding) -> Wrap;
}

/// The cluster whose certificate it is.
impl Reader for Certificate {
    fn wrap_for(&self, key: &[u8], object: &Binding) -> Wrap {
        let recipient = self.recipient(Timestamp::now()).unwrap();
        recipient.wrap_for(key, object)
    }
}

/// Whoever holds the private half, also KMS.
impl Reader for RsaRecipient {
    fn wrap_for(&self, key: &[u8], _: &Binding) -> Wrap {
        Wrap {
            to: self.name().clone(),
            blob: self.wrap(key, b"").unwrap(),
        }
    }
}

impl Reader for AgeRecipient {
    fn wrap_for(&self, key: &[u8], _: &Binding) -> Wrap {
        Wrap {
            to: RecipientName::from_text(self.name()).unwrap(),
            blob: self.wrap(key).unwrap(),
        }
    }
}

/// An age key, both halves.
pub struct AgePair {
    /// `AGE-SECRET-KEY-1…`.
    pub identity: String,
    /// The reader.
    pub recipient: AgeRecipient,
}

impl AgePair {
    /// A new one.
    pub fn make() -> Self {
        let identity = age::x25519::Identity::generate();
        Self {
            recipient: AgeRecipient::parse(&identity.to_public().to_string()).unwrap(),
            identity: identity.to_string().expose_secret().to_owned(),
        }
    }
}

/// A symmetric key in KMS.
pub struct KmsReader {
    /// Where.
    pub kms: aws::Kms,
    /// The key's ARN: what is called.
    pub arn: String,
    /// What stands in `to`, if not that ARN.
    pub called: Option<String>,
}

impl KmsReader {
    /// A new key.
    pub fn make(kms: aws::Kms) -> Self {
        Self {
            arn: kms.create_symmetric_key().unwrap(),
            kms,
            called: None,
        }
    }
}

impl Reader for KmsReader {
    fn wrap_for(&self, key: &[u8], object: &Binding) -> Wrap {
        let request = json!({
            "KeyId": self.arn,
            "Plaintext": STANDARD.encode(key),
            "EncryptionContext": object.kms_context(),
        });
        let answer = self.kms.call("Encrypt", &request).unwrap();
        let blob = answer["CiphertextBlob"].as_str().unwrap();
        Wrap {
            to: RecipientName::from_text(self.called.as_ref().unwrap_or(&self.arn)).unwrap(),
            blob: STANDARD.decode(blob).unwrap(),
        }
    }
}
