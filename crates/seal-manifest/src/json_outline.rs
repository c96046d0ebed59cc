//! Where everything stands in an object of JSON, as the parser of YAML finds it.

use crate::compose;
use crate::limits::Limits;
use crate::outline::Site;
use crate::trace::Trace;
use serde::de::IgnoredAny;
use std::ops::Range;

/// The `nth` object (from zero) of some JSON text, which has `offset` bytes before it.
pub(crate) fn of(text: &str, nth: usize, offset: usize) -> Option<Site> {
    let range = range(text, nth)?;
    let masked = masked(text.get(range.clone())?);
    let mut trace = Trace::default();
    let how = (Some(&mut trace), &Limits::default());
    compose::read(&masked, 1, &mut Vec::new(), how).ok()?;
    Site::of(trace, 0, &masked, offset + range.start)
}

/// As many bytes, without what YAML reads otherwise than JSON: tabs between tokens, escapes and some
/// characters in texts. Of those only the names of keys matter, and the keys of SealedSecrets have none.
fn masked(json: &str) -> String {
    let mut escaped = false;
    let bytes = json.bytes().map(|byte| {
        let was_escaped = escaped;
        escaped = byte == b'\\' && !was_escaped;
        match byte {
            b'\t' => ' ',
            b'\\' => 'x',
            b'"' if was_escaped => 'x',
            b'\r' | b'\n' | b' '..=b'~' => char::from(byte),
            _ => 'x',
        }
    });
    bytes.collect()
}

/// Where the `nth` object of some JSON text stands.
fn range(text: &str, nth: usize) -> Option<Range<usize>> {
    let mut objects = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    for _ in 0..nth {
        objects.next()?.ok()?;
    }
    let before = objects.byte_offset();
    objects.next()?.ok()?;
    let end = objects.byte_offset();
    let gap = text.get(before..end)?;
    Some(end - gap.trim_start().len()..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_objects() {
        let text = "\n {\"b\": 1, \"a\": [{}]}\n\t{\"c\": \"}\"} ";
        assert_eq!(&text[range(text, 0).unwrap()], "{\"b\": 1, \"a\": [{}]}");
        assert_eq!(&text[range(text, 1).unwrap()], "{\"c\": \"}\"}");
        assert_eq!(range(text, 2), None);
    }

    #[test]
    fn what_yaml_reads_otherwise_stays_in_its_place() {
        let texts = [
            r#"{"a": "\"\\", "b": "\ud83d\ude00 é \/"}"#,
            "{\t\"a\"\t:\t1,\r\n\t\"b\"\t:\t\"\u{2028}\u{7f}\u{feff}\u{85}\"\t}",
            "{\"a\"\n:1,\"b\":\n{}}",
            "{\"\\u0061\": 1, \"a\": [\"- x\", \"? y\"], \"b\": \"# no\"}",
        ];
        for text in texts {
            let site = of(text, 0, 0).unwrap();
            let a = site.entry("a").unwrap();
            let b = site.entry("b").unwrap();
            for (entry, key) in [(a, "\"a\""), (b, "\"b\"")] {
                assert_eq!(&text[entry.start..entry.key_end], key, "{text}");
                let value = &text[entry.value.start..entry.value.end];
                assert!(serde_json::from_str::<IgnoredAny>(value).is_ok(), "{value}");
            }
        }
    }
}
