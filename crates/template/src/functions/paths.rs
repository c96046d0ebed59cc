//! Slash-separated paths. On the controller's Linux the `os…` twins do the same.

use super::{Call, Function, Outcome, function};
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    function("base", 1, 1, base),
    function("osBase", 1, 1, base),
    function("dir", 1, 1, dir),
    function("osDir", 1, 1, dir),
    function("clean", 1, 1, |call| call.meter.own(clean(call.bytes(0)?))),
    function("osClean", 1, 1, |call| {
        call.meter.own(clean(call.bytes(0)?))
    }),
    function("ext", 1, 1, ext),
    function("osExt", 1, 1, ext),
    function("isAbs", 1, 1, |call| {
        Ok(Value::Bool(call.bytes(0)?.starts_with(b"/")))
    }),
    function("osIsAbs", 1, 1, |call| {
        Ok(Value::Bool(call.bytes(0)?.starts_with(b"/")))
    }),
];

fn base(call: &mut Call<'_>) -> Outcome {
    let path = call.bytes(0)?;
    let end = path
        .iter()
        .rposition(|byte| *byte != b'/')
        .map_or(0, |at| at + 1);
    let start = path[..end]
        .iter()
        .rposition(|byte| *byte == b'/')
        .map_or(0, |at| at + 1);
    call.meter.copy(match &path[start..end] {
        [] if path.is_empty() => b".",
        [] => b"/",
        name => name,
    })
}

fn dir(call: &mut Call<'_>) -> Outcome {
    let path = call.bytes(0)?;
    let end = path
        .iter()
        .rposition(|byte| *byte == b'/')
        .map_or(0, |at| at + 1);
    call.meter.own(clean(&path[..end]))
}

fn ext(call: &mut Call<'_>) -> Outcome {
    let path = call.bytes(0)?;
    let name = path
        .iter()
        .rposition(|byte| *byte == b'/')
        .map_or(0, |at| at + 1);
    let dot = path[name..]
        .iter()
        .rposition(|byte| *byte == b'.')
        .map_or(path.len(), |at| name + at);
    call.meter.copy(&path[dot..])
}

/// `path.Clean`: no double slashes, no `.`, and `..` taken as far as it goes.
fn clean(path: &[u8]) -> Vec<u8> {
    let rooted = path.starts_with(b"/");
    let mut names: Vec<&[u8]> = Vec::new();
    for name in path.split(|byte| *byte == b'/') {
        match name {
            b"" | b"." => {}
            b".." => match names.last() {
                Some(last) if *last != b".." => {
                    names.pop();
                }
                _ if rooted => {}
                _ => names.push(name),
            },
            name => names.push(name),
        }
    }
    let joined = names.join(&b'/');
    match (rooted, joined.is_empty()) {
        (true, _) => [b"/", joined.as_slice()].concat(),
        (false, true) => b".".to_vec(),
        (false, false) => joined,
    }
}
