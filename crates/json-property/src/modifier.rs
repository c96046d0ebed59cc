//! `@name:argument`: what is done with a whole text.

mod pretty;
mod reshape;

use serde::de::IgnoredAny;

use super::bytes::{Bytes, between, from};
use super::meter::{Exceeded, Meter};
use super::quote::quote;
use super::scan;

type Modifier = for<'j> fn(&'j [u8], &[u8], &Meter) -> Result<Bytes<'j>, Exceeded>;

const MODIFIERS: &[(&[u8], Modifier)] = &[
    (b"dig", reshape::dig),
    (b"flatten", reshape::flatten),
    (b"fromstr", |json, _, _| {
        Ok(if is_json(json) {
            Bytes::Made(scan::parse(json).to_text())
        } else {
            Bytes::default()
        })
    }),
    (b"group", |json, _, _| Ok(reshape::group(json))),
    (b"join", |json, argument, _| {
        Ok(reshape::join(json, argument))
    }),
    (b"keys", |json, _, _| Ok(reshape::keys(json))),
    (b"pretty", pretty::pretty),
    (b"reverse", |json, _, _| Ok(reshape::reverse(json))),
    (b"this", |json, _, _| Ok(Bytes::Part(json))),
    (b"tostr", |json, _, _| {
        let mut out = Vec::with_capacity(json.len() + 2);
        quote(&mut out, json);
        Ok(Bytes::made(out))
    }),
    (b"ugly", |json, _, _| Ok(Bytes::made(pretty::ugly(json)))),
    (b"valid", |json, _, _| {
        Ok(Bytes::Part(if is_json(json) { json } else { b"" }))
    }),
    (b"values", |json, _, _| Ok(reshape::values(json))),
];

/// Whether there is a modifier of that name.
pub(crate) fn exists(name: &[u8]) -> bool {
    find(name).is_some()
}

/// Whether the text is JSON, as strictly as GJSON's `Valid`.
pub(crate) fn is_json(text: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(text).is_ok()
}

/// Applies the modifier at the beginning of the path; what it made, and the rest of the path. `None`
/// if there is no such modifier.
pub(crate) fn apply<'j, 'p>(
    json: &'j [u8],
    path: &'p [u8],
    meter: &Meter,
) -> Result<Option<(Bytes<'j>, &'p [u8])>, Exceeded> {
    let after = from(path, 1);
    let ends = |byte: &u8| matches!(byte, b':' | b'|' | b'.');
    let end = after.iter().position(ends).unwrap_or(after.len());
    let Some(modifier) = find(between(after, 0, end)) else {
        return Ok(None);
    };
    let (argument, rest) = match from(after, end) {
        [b':', rest @ ..] => argument(rest),
        rest => (&b""[..], rest),
    };
    meter.charge(json.len())?;
    let made = modifier(json, argument, meter)?;
    meter.charge(made.len())?;
    Ok(Some((made, rest)))
}

fn find(name: &[u8]) -> Option<Modifier> {
    let mut modifiers = MODIFIERS.iter();
    modifiers
        .find(|(known, _)| *known == name)
        .map(|(_, modifier)| *modifier)
}

/// A JSON value, or everything up to the next pipe that is not in brackets or quotes.
fn argument(text: &[u8]) -> (&[u8], &[u8]) {
    if let Some(b'{' | b'[' | b'"') = text.first() {
        let value = scan::squash(text);
        return (value, from(text, value.len()));
    }
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'|' => break,
            b'{' | b'[' | b'"' | b'(' => at += scan::squash(from(text, at)).len().max(1),
            _ => at += 1,
        }
    }
    (between(text, 0, at), from(text, at))
}
