//! The Sealed Secrets envelope (contract §1): two bytes of length, the RSA block, the payload.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::go_base64;

/// One sealed value, split into its parts. Nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The session key, wrapped with RSA-OAEP; as long as the RSA modulus.
    pub wrapped_key: Vec<u8>,
    /// AES-256-GCM ciphertext and tag.
    pub payload: Vec<u8>,
}

/// Why bytes are not an envelope.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// The text is not base64 as Go reads it. The number is the offset that Go names.
    #[error("not valid base64 at byte {0}")]
    Base64(usize),
    /// Shorter than its own length field, or than a tag, says.
    #[error("the sealed value is cut short")]
    Truncated,
    /// The RSA block does not fit the two-byte length field.
    #[error("the RSA block is too long for the format")]
    BlockTooLong,
}

const LENGTH_FIELD: usize = 2;
const TAG: usize = 16;

impl Envelope {
    /// Reads a value of `spec.encryptedData`.
    pub fn from_text(text: &str) -> Result<Self, EnvelopeError> {
        let bytes = go_base64::decode(text).map_err(EnvelopeError::Base64)?;
        Self::from_bytes(&bytes)
    }

    /// Reads the decoded bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        let (length, rest) = bytes
            .split_first_chunk::<LENGTH_FIELD>()
            .ok_or(EnvelopeError::Truncated)?;
        let (wrapped_key, payload) = rest
            .split_at_checked(usize::from(u16::from_be_bytes(*length)))
            .ok_or(EnvelopeError::Truncated)?;
        if payload.len() < TAG {
            return Err(EnvelopeError::Truncated);
        }
        Ok(Self {
            wrapped_key: wrapped_key.to_vec(),
            payload: payload.to_vec(),
        })
    }

    /// Writes the bytes.
    pub fn to_bytes(&self) -> Result<Vec<u8>, EnvelopeError> {
        let length =
            u16::try_from(self.wrapped_key.len()).map_err(|_| EnvelopeError::BlockTooLong)?;
        let mut bytes =
            Vec::with_capacity(LENGTH_FIELD + self.wrapped_key.len() + self.payload.len());
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(&self.wrapped_key);
        bytes.extend_from_slice(&self.payload);
        Ok(bytes)
    }

    /// Writes a value of `spec.encryptedData`.
    pub fn to_text(&self) -> Result<String, EnvelopeError> {
        Ok(STANDARD.encode(self.to_bytes()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips() {
        let envelope = Envelope {
            wrapped_key: vec![9; 256],
            payload: vec![7; 16],
        };
        let text = envelope.to_text().unwrap();
        assert!(text.starts_with("AQ"), "RSA-2048 values start with AQ");
        assert_eq!(Envelope::from_text(&text).unwrap(), envelope);
    }

    #[test]
    fn names_what_is_wrong() {
        for (bytes, error) in [
            (&[][..], EnvelopeError::Truncated),
            (&[1], EnvelopeError::Truncated),
            (&[1, 0, 3], EnvelopeError::Truncated),
            (&[0, 1, 3, 4], EnvelopeError::Truncated),
        ] {
            assert_eq!(Envelope::from_bytes(bytes), Err(error), "{bytes:?}");
        }
        assert_eq!(Envelope::from_text("AQ!="), Err(EnvelopeError::Base64(2)));
        assert_eq!(Envelope::from_text("AQI"), Err(EnvelopeError::Base64(0)));
    }

    #[test]
    fn refuses_blocks_that_the_length_field_cannot_hold() {
        let envelope = Envelope {
            wrapped_key: vec![0; 1 << 16],
            payload: vec![0; 16],
        };
        assert_eq!(envelope.to_bytes(), Err(EnvelopeError::BlockTooLong));
    }
}
