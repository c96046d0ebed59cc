//! JSON that every parser takes: without what an API server passes on from its users and parsers of
//! ours refuse, which would make lists and watches of all objects unreadable for the sake of one.

use std::ops::Range;

use hyper::body::Bytes;

/// Deepest nesting that stays; parsers end at 128. A list of our objects has 9 levels.
const DEEPEST: usize = 64;
/// What stands in place of the rest.
const NOTHING: &[u8] = b"null";
/// Users can write anything into it: fields nested a thousand deep, times after the year 9999. Nobody
/// here reads it.
const DROPPED: &[u8] = b"managedFields";

/// A filter over a stream of JSON documents, in pieces cut anywhere: what is nested too deep, and
/// lists called `managedFields`, become `null`; everything else passes as it is.
#[derive(Debug, Default)]
pub(crate) struct ReadableJson {
    depth: usize,
    text: Text,
    /// What was read last is the key `managedFields` and a colon.
    drops_next: bool,
    /// Brackets open in the value that is left out; zero outside of one.
    skipped: usize,
}

/// Where strings begin and end, and whether the last one is the key to look for.
#[derive(Debug, Default)]
struct Text {
    inside: bool,
    escaped: bool,
    /// Bytes of [`DROPPED`] that the string begins with; `None` if it is another one.
    matched: Option<usize>,
}

impl ReadableJson {
    /// The next piece.
    pub(crate) fn pass(&mut self, piece: Bytes) -> Bytes {
        let mut filtered = Vec::new();
        let mut kept = Range { start: 0, end: 0 };
        for (at, &byte) in piece.iter().enumerate() {
            let skipped = self.skipped > 0;
            self.see(byte);
            match (skipped, self.skipped > 0) {
                (false, true) => {
                    kept.end = at;
                    filtered.extend_from_slice(&piece[kept.clone()]);
                    filtered.extend_from_slice(NOTHING);
                }
                (true, false) => kept.start = at + 1,
                _ => {}
            }
        }
        if self.skipped > 0 {
            return filtered.into();
        }
        if kept.start == 0 {
            return piece;
        }
        filtered.extend_from_slice(&piece[kept.start..]);
        filtered.into()
    }

    fn see(&mut self, byte: u8) {
        if self.text.takes(byte) {
            self.drops_next = false;
            return;
        }
        match byte {
            b'{' | b'[' if self.skipped > 0 => self.skipped += 1,
            b'}' | b']' if self.skipped > 0 => self.skipped -= 1,
            b'[' if self.drops_next => self.skipped = 1,
            b'{' | b'[' if self.depth == DEEPEST => self.skipped = 1,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            b':' => {
                self.drops_next = self.text.matched == Some(DROPPED.len());
                return;
            }
            byte if byte.is_ascii_whitespace() => return,
            _ => {}
        }
        self.text.matched = None;
        self.drops_next = false;
    }
}

impl Text {
    /// Whether the byte belongs to a string, its quotes included.
    fn takes(&mut self, byte: u8) -> bool {
        if !self.inside {
            self.inside = byte == b'"';
            if self.inside {
                self.matched = Some(0);
            }
            return self.inside;
        }
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' => {
                self.escaped = true;
                self.matched = None;
            }
            b'"' => self.inside = false,
            _ => {
                let next =
                    |matched: usize| (DROPPED.get(matched) == Some(&byte)).then_some(matched + 1);
                self.matched = self.matched.and_then(next);
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn filter(text: &str, piece: usize) -> String {
        let mut json = ReadableJson::default();
        let pieces = text.as_bytes().chunks(piece);
        let passed = pieces.map(|piece| json.pass(Bytes::copy_from_slice(piece)));
        let passed: Vec<_> = passed.collect();
        String::from_utf8(passed.concat()).unwrap()
    }

    #[test]
    fn only_what_nobody_reads_is_left_out_wherever_the_stream_is_cut() {
        for (text, expected) in [
            (
                r#"{"managedFields" : [{"f:a":["]}"]}],"a":1}"#,
                r#"{"managedFields" : null,"a":1}"#,
            ),
            (
                r#"{"a":["managedFields",["b"]],"managedField":[1],"managedFieldss":[2]}"#,
                "",
            ),
            (
                r#"{"managedFields":"c2VjcmV0","x":"\"managedFields\":[","y":[3]}"#,
                "",
            ),
            (r#"{"a\\":"\\","managedFields":{"b":[4]},"":[5]}"#, ""),
            ("{\"a\":[]}\n{\"b\":[{}]}\n", ""),
        ] {
            let expected = if expected.is_empty() { text } else { expected };
            for piece in 1..=text.len() {
                assert_eq!(filter(text, piece), expected, "pieces of {piece}");
            }
        }
    }

    #[test]
    fn every_parser_takes_what_comes_out() {
        let nested = |depth: usize| format!("{}7{}", "[{\"a\":".repeat(depth), "}]".repeat(depth));
        for depth in [1, 31, 32, 33, 64, 1000] {
            let text = format!(r#"{{"deep":{},"after":[1]}}"#, nested(depth));
            let read: Value = serde_json::from_str(&filter(&text, 100)).unwrap();
            assert_eq!(read["after"], json!([1]));
            let whole = serde_json::from_str::<Value>(&text).is_ok_and(|whole| whole == read);
            assert_eq!(whole, depth < 32, "{depth}");
        }
    }

    #[test]
    fn what_needs_no_change_is_not_copied() {
        let piece = Bytes::from_static(br#"{"items":[{"data":{"a":"b"}}]}"#);
        let passed = ReadableJson::default().pass(piece.clone());
        assert_eq!(passed.as_ptr(), piece.as_ptr());
    }
}
