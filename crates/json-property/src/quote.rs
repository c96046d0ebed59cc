//! Writes a text as a JSON string, as Go does: with `<`, `>`, `&` and line separators escaped.

/// Adds the string, with its quotes.
pub(crate) fn quote(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    for chunk in text.utf8_chunks() {
        chunk
            .valid()
            .chars()
            .for_each(|character| quoted(out, character));
        // Go replaces byte by byte.
        for _ in chunk.invalid() {
            out.extend_from_slice(b"\\ufffd");
        }
    }
    out.push(b'"');
}

fn quoted(out: &mut Vec<u8>, character: char) {
    let short = match character {
        '\u{8}' => b'b',
        '\u{c}' => b'f',
        '\n' => b'n',
        '\r' => b'r',
        '\t' => b't',
        '\\' => b'\\',
        '"' => b'"',
        '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
            out.extend_from_slice(format!("\\u{:04x}", u32::from(character)).as_bytes());
            return;
        }
        plain => {
            let mut buffer = [0; 4];
            out.extend_from_slice(plain.encode_utf8(&mut buffer).as_bytes());
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_go_writes() {
        let mut out = Vec::new();
        quote(&mut out, b"a\"\\\n\x01<\xff\xe2\x80\xa8\xc3\xa9");
        assert_eq!(out, br#""a\"\\\n\u0001\u003c\ufffd\u2028"#.iter().copied().chain("é\"".bytes()).collect::<Vec<_>>());
    }
}
