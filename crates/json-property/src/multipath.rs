//! `{path,"name":path}` and `[path,path]`: a new object or array of what several paths lead to.

use zeroize::Zeroizing;

use super::bytes::{Bytes, between, from};
use super::get::get;
use super::meter::{Exceeded, Meter};
use super::modifier::is_json;
use super::quote::quote;
use super::value::{Kind, Value};

/// One path of a selection.
pub(crate) struct Selection<'p> {
    /// Empty if none was given.
    name: &'p [u8],
    path: &'p [u8],
}

/// The selections of a path that begins with a bracket, and the rest of the path; nothing of it, if
/// the bracket is not closed.
pub(crate) fn parse(path: &[u8]) -> (Option<Vec<Selection<'_>>>, &[u8]) {
    let mut selections = Vec::new();
    let (mut depth, mut start, mut at) = (1_usize, 1, 1);
    let mut colon = None;
    let mut modifier = false;
    while let Some(byte) = path.get(at) {
        match byte {
            b'\\' => at += 1,
            // The colon of a modifier's argument names nothing.
            b'@' if matches!(path.get(at - 1), Some(b'.' | b'|')) => modifier = true,
            b':' if !modifier && colon.is_none() && depth == 1 => colon = Some(at),
            b',' if depth == 1 => {
                selections.push(selection(path, start, colon.take(), at));
                (modifier, start) = (false, at + 1);
            }
            b'"' => {
                at += 1;
                while let Some(byte) = path.get(at)
                    && *byte != b'"'
                {
                    at += if *byte == b'\\' { 2 } else { 1 };
                }
            }
            b'[' | b'(' | b'{' => depth += 1,
            b']' | b')' | b'}' => {
                depth -= 1;
                if depth == 0 {
                    selections.push(selection(path, start, colon, at));
                    return (Some(selections), from(path, at + 1));
                }
            }
            _ => {}
        }
        at += 1;
    }
    (None, b"")
}

fn selection(path: &[u8], start: usize, colon: Option<usize>, end: usize) -> Selection<'_> {
    match colon {
        Some(colon) => Selection {
            name: between(path, start, colon),
            path: between(path, colon + 1, end),
        },
        None => Selection {
            name: b"",
            path: between(path, start, end),
        },
    }
}

/// What the selections lead to; those that lead nowhere are left out.
pub(crate) fn select(
    json: &[u8],
    path: &[u8],
    selections: &[Selection<'_>],
    meter: &Meter,
) -> Result<Value<'static>, Exceeded> {
    let is_object = path.first() == Some(&b'{');
    let mut out = Zeroizing::new(vec![if is_object { b'{' } else { b'[' }]);
    for selection in selections {
        let found = get(json, selection.path, meter)?;
        if !found.exists() {
            continue;
        }
        if out.len() > 1 {
            out.push(b',');
        }
        if is_object {
            selection.write_name(&mut out);
            out.push(b':');
        }
        meter.charge(found.raw.len())?;
        out.extend_from_slice(&found.raw);
    }
    out.push(if is_object { b'}' } else { b']' });
    Ok(Value::of(Kind::Json, Bytes::Made(out)))
}

impl Selection<'_> {
    fn write_name(&self, out: &mut Vec<u8>) {
        if self.name.first() == Some(&b'"') && is_json(self.name) {
            out.extend_from_slice(self.name);
        } else if !self.name.is_empty() {
            quote(out, self.name);
        } else {
            let last = last_part(self.path);
            quote(out, if is_simple(last) { last } else { b"_" });
        }
    }
}

/// What is after the last separator.
fn last_part(path: &[u8]) -> &[u8] {
    let separates = |at: &usize| {
        let escaped = *at > 0 && path.get(at - 1) == Some(&b'\\');
        matches!(path.get(*at), Some(b'|' | b'.')) && !escaped
    };
    let last = (0..path.len()).rev().find(separates);
    last.map_or(path, |at| from(path, at + 1))
}

fn is_simple(part: &[u8]) -> bool {
    let special = |byte: &u8| {
        *byte < b' '
            || matches!(
                byte,
                b'[' | b']' | b'{' | b'}' | b'(' | b')' | b'#' | b'|' | b'!'
            )
    };
    !part.iter().any(special)
}
