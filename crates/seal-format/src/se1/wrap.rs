//! A data key, wrapped for one recipient.

use super::fault::Fault;
use super::limits::MAX_BLOB;
use super::recipient_name::RecipientName;
use super::{armor, canonical};

/// One wrap. Nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrap {
    /// Who opens it.
    pub to: RecipientName,
    /// What a stock tool opens: a binary age file, a KMS `CiphertextBlob`, or an RSA block.
    pub blob: Vec<u8>,
}

impl Wrap {
    /// Reads `to` and `enc`.
    ///
    /// # Errors
    /// [`Fault::UnknownRecipient`], [`Fault::TooLarge`], [`Fault::NotCanonical`].
    pub fn from_text(to: &str, enc: &str) -> Result<Self, Fault> {
        let to = RecipientName::from_text(to)?;
        // Armor has at most one line feed in 48 bytes, and two markers.
        if canonical::most_bytes(enc) > MAX_BLOB + MAX_BLOB / 48 + 96 {
            return Err(Fault::TooLarge);
        }
        let blob = if to.kind().is_age_file() {
            armor::decode(enc)?
        } else {
            canonical::decode(enc)?
        };
        if blob.len() > MAX_BLOB {
            return Err(Fault::TooLarge);
        }
        Ok(Self { to, blob })
    }

    /// `enc`.
    pub fn enc(&self) -> String {
        if self.to.kind().is_age_file() {
            armor::encode(&self.blob)
        } else {
            canonical::encode(&self.blob)
        }
    }
}
