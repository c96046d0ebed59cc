//! Base64 as Go's `encoding/base64` reads it: the peers wrote and checked every value in the field
//! with it. Line breaks are skipped, and the unused bits of the last character may be anything.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// Decodes standard base64 with padding. The error is the offset that Go's `CorruptInputError`
/// names.
pub fn decode(text: &str) -> Result<Vec<u8>, usize> {
    // What is decoded may be a secret that only base64 hides.
    let joined: Zeroizing<String>;
    let without_breaks = if text.contains(['\r', '\n']) {
        joined = Zeroizing::new(text.replace(['\r', '\n'], ""));
        &joined
    } else {
        text
    };
    LENIENT
        .decode(without_breaks)
        .map_err(|_| corrupt_at(text.as_bytes()))
}

/// Where Go's decoder stops: at the byte that does not belong; at the start of a last group that
/// is cut short; before or at the place where a second `=` is missing.
fn corrupt_at(text: &[u8]) -> usize {
    let mut bytes = text
        .iter()
        .copied()
        .enumerate()
        .filter(|(_, byte)| !matches!(byte, b'\r' | b'\n'))
        .peekable();
    let mut in_group = 0;
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'=' if in_group < 2 => return at,
            b'=' => {
                if in_group == 2 {
                    match bytes.next() {
                        Some((_, b'=')) => {}
                        Some((at, _)) => return at - 1,
                        None => return text.len(),
                    }
                }
                return bytes.peek().map_or(text.len(), |(at, _)| *at);
            }
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => in_group = (in_group + 1) % 4,
            _ => return at,
        }
    }
    // Go counts back from the end, over line breaks as well.
    text.len().saturating_sub(in_group)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each answer is Go 1.25's.
    #[test]
    fn reads_what_go_reads() {
        for (text, expected) in [
            ("", Ok(&b""[..])),
            ("aGk=", Ok(b"hi")),
            ("aG\nk\r\n=\n", Ok(b"hi")),
            ("aGl=", Ok(b"hi")),
            ("aG!=", Err(2)),
            ("aGk", Err(0)),
            ("aGkhaG", Err(4)),
            ("aGkh\naG\n", Err(6)),
            ("a===", Err(1)),
            ("=", Err(0)),
            ("aG=", Err(3)),
            ("aG=k", Err(2)),
            ("aGk=aGk=", Err(4)),
            ("aGk=\nx", Err(5)),
            ("aG-_", Err(2)),
            ("aGk= ", Err(4)),
        ] {
            assert_eq!(
                decode(text).as_deref(),
                expected.as_ref().map(|b| *b),
                "{text:?}"
            );
        }
    }
}
