//! The members of an object, the elements of an array; anything else is an element of itself.

use super::bytes::Bytes;
use super::scan;
use super::unescape::unescape;
use super::value::Value;

/// A member.
pub(crate) struct Member<'j> {
    /// With its quotes; nothing for elements.
    pub(crate) key_raw: &'j [u8],
    pub(crate) key: Bytes<'j>,
    pub(crate) value: Value<'j>,
}

/// All of them, as far as the text can be read.
pub(crate) fn members<'v>(value: &'v Value<'_>) -> Vec<Member<'v>> {
    let mut members = Vec::new();
    if !value.exists() {
        return members;
    }
    if !value.is_array() && !value.is_object() {
        members.push(Member {
            key_raw: b"",
            key: Bytes::default(),
            value: value.clone(),
        });
        return members;
    }
    let json: &[u8] = &value.raw;
    let mut at = 1;
    while at < json.len() {
        let (mut key_raw, mut key) = (&b""[..], Bytes::default());
        if value.is_object() {
            if json.get(at) != Some(&b'"') {
                at += 1;
                continue;
            }
            let Some((end, escaped)) = scan::string_end(json, at) else {
                break;
            };
            key_raw = json.get(at..end).unwrap_or_default();
            let inner = json.get(at + 1..end - 1).unwrap_or_default();
            key = if escaped {
                unescape(inner)
            } else {
                Bytes::Part(inner)
            };
            at = end;
        }
        while json
            .get(at)
            .is_some_and(|byte| *byte <= b' ' || matches!(byte, b',' | b':'))
        {
            at += 1;
        }
        let Some((value, end)) = scan::next_value(json, at) else {
            break;
        };
        members.push(Member {
            key_raw,
            key,
            value,
        });
        // The separator.
        at = end + 1;
    }
    members
}
