//! Base64 with one spelling per content: standard alphabet, padded, no stray bits.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::fault::Fault;

pub(crate) fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Decoded, encoded anew and compared: whatever a decoder tolerates, only one text passes.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, Fault> {
    let bytes = STANDARD.decode(text).map_err(|_| Fault::NotCanonical)?;
    if STANDARD.encode(&bytes) == text {
        Ok(bytes)
    } else {
        Err(Fault::NotCanonical)
    }
}

/// Bytes that a text of this length can hold; known before it is decoded.
pub(crate) fn most_bytes(text: &str) -> usize {
    text.len() / 4 * 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_only() {
        assert_eq!(decode("/+8="), Ok(vec![0xff, 0xef]));
        assert_eq!(decode(""), Ok(vec![]));
        for text in ["_-8=", "/+8", "/+9=", "/+8=\n", "/+8==", " /+8=", "/-8="] {
            assert_eq!(decode(text), Err(Fault::NotCanonical), "{text:?}");
        }
    }
}
