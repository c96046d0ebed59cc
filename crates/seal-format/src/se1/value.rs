//! Values of `spec.encryptedData`: `se1.<id>.<payload>`.

use std::fmt;

use super::canonical;
use super::data_key_id::DataKeyId;
use super::fault::Fault;
use super::limits::MAX_VALUE;

pub(crate) const NONCE: usize = 12;
pub(crate) const TAG: usize = 16;

/// A sealed value, in its parts. Nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedValue {
    /// The data key that opens it.
    pub id: DataKeyId,
    pub(crate) nonce: [u8; NONCE],
    /// Ciphertext and tag.
    pub(crate) ciphertext: Vec<u8>,
}

/// Which format a value of `spec.encryptedData` has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueFormat {
    /// Sealed Secrets' own; whether it is well-formed is another question.
    Legacy,
    /// This one.
    Se1,
    /// `se` and another number.
    Later,
}

/// Tells by the beginning; base64, which the legacy format is, has no dot.
pub fn value_format(text: &str) -> ValueFormat {
    let version = text
        .strip_prefix("se")
        .and_then(|rest| rest.split_once('.'))
        .map(|(version, _)| version);
    match version {
        Some("1") => ValueFormat::Se1,
        Some(version)
            if !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            ValueFormat::Later
        }
        _ => ValueFormat::Legacy,
    }
}

impl SealedValue {
    /// Reads a value.
    ///
    /// # Errors
    /// [`Fault::UnknownVersion`], [`Fault::Malformed`], [`Fault::NotCanonical`],
    /// [`Fault::Truncated`], [`Fault::TooLarge`].
    pub fn from_text(text: &str) -> Result<Self, Fault> {
        match value_format(text) {
            ValueFormat::Se1 => {}
            ValueFormat::Later => return Err(Fault::UnknownVersion),
            ValueFormat::Legacy => return Err(Fault::Malformed),
        }
        let rest = text.strip_prefix("se1.").ok_or(Fault::Malformed)?;
        let (id, payload) = rest.split_once('.').ok_or(Fault::Malformed)?;
        let id = DataKeyId::from_text(id).ok_or(Fault::Malformed)?;
        if canonical::most_bytes(payload) > MAX_VALUE + NONCE + TAG + 3 {
            return Err(Fault::TooLarge);
        }
        let bytes = canonical::decode(payload)?;
        let (nonce, ciphertext) = bytes.split_first_chunk::<NONCE>().ok_or(Fault::Truncated)?;
        if ciphertext.len() < TAG {
            return Err(Fault::Truncated);
        }
        if ciphertext.len() > MAX_VALUE + TAG {
            return Err(Fault::TooLarge);
        }
        Ok(Self {
            id,
            nonce: *nonce,
            ciphertext: ciphertext.to_vec(),
        })
    }

    /// Length of the plaintext in bytes: the format does not hide it.
    pub fn plaintext_len(&self) -> usize {
        self.ciphertext.len().saturating_sub(TAG)
    }
}

impl fmt::Display for SealedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let payload = [self.nonce.as_slice(), &self.ciphertext].concat();
        write!(f, "se1.{}.{}", self.id, canonical::encode(&payload))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_the_beginning() {
        for (text, format) in [
            ("se1.kqj3msyyrrst.AAAA", ValueFormat::Se1),
            ("se2.x", ValueFormat::Later),
            ("se10.", ValueFormat::Later),
            ("se.x", ValueFormat::Legacy),
            ("sea1.x", ValueFormat::Legacy),
            ("se1", ValueFormat::Legacy),
            ("AgB", ValueFormat::Legacy),
            ("", ValueFormat::Legacy),
        ] {
            assert_eq!(value_format(text), format, "{text}");
        }
    }

    #[test]
    fn names_what_is_wrong() {
        let id = "kqj3msyyrrst";
        let payload = |length: usize| canonical::encode(&vec![0; length]);
        for (text, fault) in [
            ("se1.".to_owned(), Fault::Malformed),
            (format!("se1.{id}"), Fault::Malformed),
            (format!("se1.K.{}", payload(28)), Fault::Malformed),
            (format!("se1.{id}.{}", payload(27)), Fault::Truncated),
            (format!("se1.{id}."), Fault::Truncated),
            (format!("se1.{id}.{}\n", payload(28)), Fault::NotCanonical),
            (format!("se3.{id}.{}", payload(28)), Fault::UnknownVersion),
            (
                format!("se1.{id}.{}", payload(MAX_VALUE + 29)),
                Fault::TooLarge,
            ),
        ] {
            let found = SealedValue::from_text(&text).err();
            assert_eq!(found, Some(fault), "{}", text.get(..40).unwrap_or(&text));
        }
        let most = format!("se1.{id}.{}", payload(MAX_VALUE + 28));
        assert_eq!(SealedValue::from_text(&most).unwrap().to_string(), most);
    }
}
