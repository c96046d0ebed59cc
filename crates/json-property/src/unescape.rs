//! The text of a JSON string.

use super::bytes::{Bytes, from};

/// What stands between the quotes, without escapes. GJSON gives what comes before a control character
/// or a bad escape.
pub(crate) fn unescape(quoted: &[u8]) -> Bytes<'static> {
    let mut text = Vec::with_capacity(quoted.len());
    let mut rest = quoted;
    while let [first, after @ ..] = rest {
        rest = after;
        match first {
            b'\\' => match escape(rest) {
                Some((character, length)) => {
                    let mut buffer = [0; 4];
                    text.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
                    rest = from(rest, length);
                }
                None => break,
            },
            0..=0x1f => break,
            plain => text.push(*plain),
        }
    }
    Bytes::made(text)
}

/// The character after a backslash, and how many bytes say it.
fn escape(rest: &[u8]) -> Option<(char, usize)> {
    let simple = match rest.first()? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode(rest),
        _ => return None,
    };
    Some((simple, 1))
}

fn unicode(rest: &[u8]) -> Option<(char, usize)> {
    let first = code(rest.get(1..5)?);
    let surrogates = 0xd800..0xe000;
    if !surrogates.contains(&first) {
        return Some((char::from_u32(first).unwrap_or('\u{fffd}'), 5));
    }
    // Whatever follows is taken for the second half.
    match rest.get(5..11) {
        Some([b'\\', b'u', digits @ ..]) => Some((pair(first, code(digits)), 11)),
        _ => Some(('\u{fffd}', 5)),
    }
}

fn pair(high: u32, low: u32) -> char {
    let (high, low) = (high.wrapping_sub(0xd800), low.wrapping_sub(0xdc00));
    if high < 0x400 && low < 0x400 {
        char::from_u32(0x1_0000 + (high << 10) + low).unwrap_or('\u{fffd}')
    } else {
        '\u{fffd}'
    }
}

/// Digits that are none count as zero.
fn code(digits: &[u8]) -> u32 {
    let mut code = 0;
    for digit in digits {
        let Some(digit) = char::from(*digit).to_digit(16) else {
            return 0;
        };
        code = code * 16 + digit;
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_what_is_none() {
        for (quoted, text) in [
            (r"a\n\u00e9\/", "a\né/"),
            (r"\ud83d\ude00!", "😀!"),
            (r"\ud83d!", "\u{fffd}!"),
            (r"\ud83d\u0041!", "\u{fffd}!"),
            (r"\u00zz!", "\0!"),
            (r"a\qb", "a"),
            (r"a\u12", "a"),
            ("a\nb", "a"),
        ] {
            assert_eq!(&*unescape(quoted.as_bytes()), text.as_bytes(), "{quoted}");
        }
    }
}
