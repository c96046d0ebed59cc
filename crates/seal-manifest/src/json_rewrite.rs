//! JSON documents are written anew, as a whole and in the order of their keys.

use crate::json_writer::write_json;
use crate::node::{Content, Node};
use serde::de::IgnoredAny;
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::ops::Range;

/// The document as JSON, two spaces further in at each level, no line break at the end.
pub(crate) fn rewrite(root: &Node) -> Option<String> {
    let text = write_json(&Ordered(root)).ok()?;
    Some(text.trim_end().to_owned())
}

/// Where the `nth` object (from zero) of some JSON text stands.
pub(crate) fn range(text: &str, nth: usize) -> Option<Range<usize>> {
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

/// A tree in the order of the file.
struct Ordered<'n>(&'n Node);

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0.content {
            Content::Null => serializer.serialize_unit(),
            Content::Bool(value) => serializer.serialize_bool(*value),
            Content::Int(value) => serializer.serialize_i64(**value),
            Content::Uint(value) => serializer.serialize_u64(**value),
            Content::Float(value) => serializer.serialize_f64(**value),
            Content::Text(text) => serializer.serialize_str(text),
            Content::Sequence(items) => serializer.collect_seq(items.iter().map(Ordered)),
            Content::Mapping(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for entry in entries {
                    map.serialize_entry(&entry.key, &Ordered(&entry.value))?;
                }
                map.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_objects_and_keeps_their_order() {
        let text = "\n {\"b\": 1, \"a\": [{}]}\n\t{\"c\": \"}\"} ";
        assert_eq!(&text[range(text, 0).unwrap()], "{\"b\": 1, \"a\": [{}]}");
        assert_eq!(&text[range(text, 1).unwrap()], "{\"c\": \"}\"}");
        assert_eq!(range(text, 2), None);
        let documents = crate::read(text.as_bytes()).unwrap();
        assert_eq!(
            rewrite(documents[0].root()).unwrap(),
            "{\n  \"b\": 1,\n  \"a\": [\n    {}\n  ]\n}"
        );
    }
}
