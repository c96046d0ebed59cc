//! Text: trimming, joining, cutting, padding.

use std::collections::BTreeSet;

use super::{ANY, Call, Function, Outcome, function};
use crate::convert::to_text;
use crate::error::{Failure, Fault};
use crate::print;
use crate::value::{Entries, Entry, List, Map, Text, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    function("trim", 1, 1, |call| {
        trim_bytes(call, call.text(0)?, char::is_whitespace)
    }),
    function("trimall", 2, 2, trim_all),
    function("trimAll", 2, 2, trim_all),
    function("trimSuffix", 2, 2, |call| {
        let (suffix, text) = (call.bytes(0)?, call.bytes(1)?);
        call.meter.copy(text.strip_suffix(suffix).unwrap_or(text))
    }),
    function("trimPrefix", 2, 2, |call| {
        let (prefix, text) = (call.bytes(0)?, call.bytes(1)?);
        call.meter.copy(text.strip_prefix(prefix).unwrap_or(text))
    }),
    function("contains", 2, 2, |call| {
        Ok(Value::Bool(find(call.bytes(1)?, call.bytes(0)?).is_some()))
    }),
    function("hasPrefix", 2, 2, |call| {
        Ok(Value::Bool(call.bytes(1)?.starts_with(call.bytes(0)?)))
    }),
    function("hasSuffix", 2, 2, |call| {
        Ok(Value::Bool(call.bytes(1)?.ends_with(call.bytes(0)?)))
    }),
    function("quote", 0, ANY, quote),
    function("squote", 0, ANY, squote),
    function("cat", 0, ANY, cat),
    function("indent", 2, 2, |call| indent(call, "")),
    function("nindent", 2, 2, |call| indent(call, "\n")),
    function("replace", 3, 3, replace),
    function("plural", 3, 3, |call| {
        Ok(Value::Str(
            call.text(usize::from(call.int(2)? != 1))?.clone(),
        ))
    }),
    function("repeat", 2, 2, |call| {
        let count = usize::try_from(call.int(0)?).map_err(|_| Failure::OutOfRange)?;
        let mut out = call.meter.buffer();
        out.repeat(call.bytes(1)?, count)?;
        call.meter.text(out)
    }),
    function("substr", 3, 3, substr),
    function("trunc", 2, 2, trunc),
    function("toString", 1, 1, |call| {
        to_text(call.any(0), call.meter).map(Value::Str)
    }),
    function("toStrings", 1, 1, |call| strings(call, 0)),
    function("join", 2, 2, join),
    function("split", 2, 2, |call| {
        parts(call.bytes(1)?, call.bytes(0)?, None, call.meter)
            .and_then(|parts| numbered(call, parts))
    }),
    function("splitn", 3, 3, |call| {
        let most = call.int(1)?;
        let parts = parts(call.bytes(2)?, call.bytes(0)?, Some(most), call.meter)?;
        numbered(call, parts)
    }),
    function("splitList", 2, 2, |call| {
        let parts = parts(call.bytes(1)?, call.bytes(0)?, None, call.meter)?;
        call.make_strings(parts)
    }),
    function("sortAlpha", 1, 1, |call| {
        let Value::List(list) = strings(call, 0)? else {
            return Err(Failure::WrongType.into());
        };
        let mut items: Vec<Text> = list
            .items()
            .iter()
            .filter_map(|item| {
                if let Value::Str(text) = item {
                    Some(text.clone())
                } else {
                    None
                }
            })
            .collect();
        items.sort();
        call.make_strings(items.into_iter().map(Value::Str).collect())
    }),
    function("hello", 0, 0, |_| Ok(Value::text("Hello!"))),
];

fn trim_all(call: &mut Call<'_>) -> Outcome {
    let set: BTreeSet<char> = call.chars(0)?.chars().collect();
    trim_bytes(call, call.text(1)?, |letter| set.contains(&letter))
}

/// What is cut off is made of whole characters, whatever stands between.
fn trim_bytes(call: &mut Call<'_>, text: &Text, cut: impl Fn(char) -> bool) -> Outcome {
    let cut = |letter: char| letter != char::REPLACEMENT_CHARACTER && cut(letter);
    let chars = text.chars();
    let start = chars.len() - chars.trim_start_matches(cut).len();
    let end = chars.len() - chars.trim_end_matches(cut).len();
    let bytes = text.as_bytes();
    call.meter
        .copy(bytes.get(start..bytes.len() - end).unwrap_or_default())
}

fn quote(call: &mut Call<'_>) -> Outcome {
    let mut out = call.meter.buffer();
    for value in call.arguments.iter().filter(|value| !value.is_nil()) {
        let text = to_text(value, call.meter)?;
        if out.len() > 0 {
            out.push(" ")?;
        }
        print::quoted(&mut out, text.as_bytes())?;
    }
    call.meter.text(out)
}

fn squote(call: &mut Call<'_>) -> Outcome {
    let mut out = call.meter.buffer();
    for value in call.arguments.iter().filter(|value| !value.is_nil()) {
        out.push(if out.len() > 0 { " '" } else { "'" })?;
        print::plain(&mut out, call.meter, value)?;
        out.push("'")?;
    }
    call.meter.text(out)
}

fn cat(call: &mut Call<'_>) -> Outcome {
    let mut out = call.meter.buffer();
    for (at, value) in call
        .arguments
        .iter()
        .filter(|value| !value.is_nil())
        .enumerate()
    {
        if at > 0 {
            out.push(" ")?;
        }
        print::plain(&mut out, call.meter, value)?;
    }
    call.meter.text(out)
}

fn indent(call: &mut Call<'_>, before: &str) -> Outcome {
    let spaces = usize::try_from(call.int(0)?).map_err(|_| Failure::OutOfRange)?;
    let mut out = call.meter.buffer();
    out.push(before)?;
    for (at, line) in call.bytes(1)?.split(|byte| *byte == b'\n').enumerate() {
        if at > 0 {
            out.push("\n")?;
        }
        out.repeat(b" ", spaces)?;
        out.push(line)?;
    }
    call.meter.text(out)
}

fn replace(call: &mut Call<'_>) -> Outcome {
    let (old, new, text) = (call.bytes(0)?, call.bytes(1)?, call.bytes(2)?);
    let mut out = call.meter.buffer();
    if old.is_empty() {
        let mut rest = text;
        out.push(new)?;
        while !rest.is_empty() {
            let (letter, after) = rest.split_at(first_letter(rest));
            out.push(letter)?;
            out.push(new)?;
            rest = after;
        }
        return call.meter.text(out);
    }
    let mut rest = text;
    while let Some(at) = find(rest, old) {
        out.push(&rest[..at])?;
        out.push(new)?;
        rest = &rest[at + old.len()..];
    }
    out.push(rest)?;
    call.meter.text(out)
}

/// The length of the first character, 1 where it is no UTF-8.
fn first_letter(text: &[u8]) -> usize {
    let head = &text[..text.len().min(4)];
    head.utf8_chunks()
        .next()
        .and_then(|chunk| chunk.valid().chars().next())
        .map_or(1, char::len_utf8)
}

fn substr(call: &mut Call<'_>) -> Outcome {
    let (start, end, text) = (call.int(0)?, call.int(1)?, call.bytes(2)?);
    let bound = |at: i64| usize::try_from(at).map_err(|_| Fault::from(Failure::OutOfRange));
    let cut = if start < 0 {
        text.get(..bound(end)?)
    } else if end < 0 || usize::try_from(end).is_ok_and(|end| end > text.len()) {
        text.get(bound(start)?..)
    } else {
        text.get(bound(start)?..bound(end)?)
    };
    call.meter.copy(cut.ok_or(Failure::OutOfRange)?)
}

fn trunc(call: &mut Call<'_>) -> Outcome {
    let (count, text) = (call.int(0)?, call.bytes(1)?);
    let size = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    call.meter.copy(match () {
        () if size >= text.len() => text,
        () if count < 0 => &text[text.len() - size..],
        () => &text[..size],
    })
}

fn join(call: &mut Call<'_>) -> Outcome {
    let separator = call.bytes(0)?;
    let Value::List(list) = strings(call, 1)? else {
        return Err(Failure::WrongType.into());
    };
    let mut out = call.meter.buffer();
    for (at, item) in list.items().iter().enumerate() {
        if at > 0 {
            out.push(separator)?;
        }
        if let Value::Str(text) = item {
            out.push(text.as_bytes())?;
        }
    }
    call.meter.text(out)
}

/// sprig's `strslice`: a list of the texts of a list's items, or of the value itself.
pub(super) fn strings(call: &mut Call<'_>, at: usize) -> Outcome {
    let items: &[Value] = match call.any(at) {
        Value::List(list) => list.items(),
        value if value.is_nil() => &[],
        value => std::slice::from_ref(value),
    };
    let mut texts = Vec::with_capacity(items.len());
    for item in items.iter().filter(|item| !item.is_nil()) {
        texts.push(Value::Str(to_text(item, call.meter)?));
    }
    call.make_strings(texts)
}

/// `strings.SplitN`; every part is charged before it is made.
fn parts(
    text: &[u8],
    separator: &[u8],
    most: Option<i64>,
    meter: &mut crate::meter::Meter,
) -> Result<Vec<Value>, Fault> {
    let most = match most {
        Some(0) => return Ok(Vec::new()),
        Some(most) => usize::try_from(most).unwrap_or(usize::MAX),
        None => usize::MAX,
    };
    let mut parts = Vec::new();
    let mut rest = text;
    while parts.len() + 1 < most {
        let cut = if separator.is_empty() {
            let letter = if rest.is_empty() {
                0
            } else {
                first_letter(rest)
            };
            if letter == rest.len() {
                None
            } else {
                Some((letter, letter))
            }
        } else {
            find(rest, separator).map(|at| (at, at + separator.len()))
        };
        let Some((end, next)) = cut else { break };
        meter.bytes(size_of::<Value>())?;
        parts.push(meter.copy(&rest[..end])?);
        rest = &rest[next..];
    }
    if !(separator.is_empty() && text.is_empty()) {
        parts.push(meter.copy(rest)?);
    }
    Ok(parts)
}

/// `split`'s map: `_0`, `_1`, …
fn numbered(call: &mut Call<'_>, parts: Vec<Value>) -> Outcome {
    call.charge(parts.len())?;
    let entries: Entries = parts
        .into_iter()
        .enumerate()
        .map(|(at, part)| (Text::from(format!("_{at}").as_bytes()), part))
        .collect();
    Ok(Value::Map(Map::new(Entry::Str, entries)))
}

/// The first place of `part` in `text`, in linear time.
fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, part)
}

/// A list of a list's own kind.
pub(super) fn like(list: &List, items: Vec<Value>) -> Value {
    Value::List(List::new(list.elem, items))
}
