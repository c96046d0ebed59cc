//! `!` and a JSON value: the value itself.

use super::bytes::{between, from};
use super::scan;

/// The value of a path that begins with `!`, and the rest of the path. `None` if that is no value.
pub(crate) fn read(path: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = from(path, 1);
    if let Some(b'{' | b'[' | b'"' | b'+' | b'-' | b'0'..=b'9') = text.first() {
        // Up to the bracket that closes the first, even for a number.
        let end = block_after_first(text);
        return Some((between(text, 0, end), from(text, end)));
    }
    let ends = |byte: &u8| matches!(byte, b'|' | b'.');
    let end = text.iter().position(ends);
    let name = between(text, 0, end.unwrap_or(text.len()));
    let known = [&b"true"[..], b"false", b"null", b"nan", b"inf"];
    let lower = name.to_ascii_lowercase();
    let rest = end.map_or(&b""[..], |end| from(text, end));
    known.contains(&lower.as_slice()).then_some((name, rest))
}

/// GJSON takes the first byte for an opening bracket, whatever it is.
fn block_after_first(text: &[u8]) -> usize {
    let mut depth = 1_usize;
    let mut at = 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => match scan::string_end(text, at) {
                Some((end, _)) => {
                    at = end;
                    continue;
                }
                None => return text.len(),
            },
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    text.len()
}
