//! Regular expressions in Go's syntax, in linear time and bounded memory.

use regex::{Captures, Regex};

use super::{Call, Function, Outcome, function};
use crate::error::{Failure, Fault};
use crate::meter::Buffer;
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    // sprig takes a bad expression for one that does not match.
    function("regexMatch", 2, 2, |call| match compile(call) {
        Err(Fault::Failed(Failure::BadPattern)) => Ok(Value::Bool(false)),
        compiled => Ok(Value::Bool(compiled?.is_match(&call.chars(1)?))),
    }),
    function("mustRegexMatch", 2, 2, |call| {
        Ok(Value::Bool(compile(call)?.is_match(&call.chars(1)?)))
    }),
    function("regexFind", 2, 2, find),
    function("mustRegexFind", 2, 2, find),
    function("regexFindAll", 3, 3, find_all),
    function("mustRegexFindAll", 3, 3, find_all),
    function("regexReplaceAll", 3, 3, |call| replace_all(call, expand)),
    function("mustRegexReplaceAll", 3, 3, |call| {
        replace_all(call, expand)
    }),
    function("regexReplaceAllLiteral", 3, 3, |call| {
        replace_all(call, |out, _, text| out.push(text))
    }),
    function("mustRegexReplaceAllLiteral", 3, 3, |call| {
        replace_all(call, |out, _, text| out.push(text))
    }),
    function("regexSplit", 3, 3, split),
    function("mustRegexSplit", 3, 3, split),
    function("regexQuoteMeta", 1, 1, |call| {
        let mut out = call.meter.buffer();
        for byte in call.bytes(0)? {
            if br"\.+*?()|[]{}^$".contains(byte) {
                out.push("\\")?;
            }
            out.push([*byte])?;
        }
        call.meter.text(out)
    }),
];

/// Steps for compiling an expression, and bytes of text matched per step.
const COMPILE_STEPS: usize = 100;
const BYTES_PER_STEP: usize = 4;

/// The expression in the first argument, charged for itself and for the text that it will read.
fn compile(call: &mut Call<'_>) -> Result<Regex, Fault> {
    let expression = call.chars(0)?;
    call.meter
        .steps(COMPILE_STEPS + expression.len() + call.bytes(1)?.len() / BYTES_PER_STEP)?;
    go_regexp::compile(&expression).map_err(|_| Failure::BadPattern.into())
}

fn find(call: &mut Call<'_>) -> Outcome {
    let regex = compile(call)?;
    let text = call.chars(1)?;
    call.meter
        .copy(regex.find(&text).map_or("", |found| found.as_str()))
}

fn find_all(call: &mut Call<'_>) -> Outcome {
    let regex = compile(call)?;
    let text = call.chars(1)?;
    let mut found = Vec::new();
    for part in regex
        .find_iter(&text)
        .take(usize::try_from(call.int(2)?).unwrap_or(usize::MAX))
    {
        call.charge(1)?;
        found.push(call.meter.copy(part.as_str())?);
    }
    Ok(Value::strings(found))
}

fn replace_all(
    call: &mut Call<'_>,
    with: fn(&mut Buffer, &Captures<'_>, &str) -> Result<(), Fault>,
) -> Outcome {
    let regex = compile(call)?;
    let (text, replacement) = (call.chars(1)?, call.chars(2)?);
    let mut out = call.meter.buffer();
    let mut at = 0;
    for captures in regex.captures_iter(&text) {
        let Some(whole) = captures.get(0) else {
            continue;
        };
        out.push(&text[at..whole.start()])?;
        with(&mut out, &captures, &replacement)?;
        at = whole.end();
    }
    out.push(&text[at..])?;
    call.meter.text(out)
}

fn split(call: &mut Call<'_>) -> Outcome {
    let regex = compile(call)?;
    let text = call.chars(1)?;
    let most = call.int(2)?;
    if most == 0 {
        return Ok(Value::strings(Vec::new()));
    }
    if !call.bytes(0)?.is_empty() && text.is_empty() {
        return call.make_strings(vec![Value::text("")]);
    }
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let (mut parts, mut from, mut end) = (Vec::new(), 0, 0);
    for found in regex.find_iter(&text).take(most) {
        if parts.len() + 1 == most {
            break;
        }
        call.charge(1)?;
        end = found.start();
        if found.end() != 0 {
            parts.push(call.meter.copy(&text[from..end])?);
        }
        from = found.end();
    }
    if end != text.len() {
        parts.push(call.meter.copy(&text[from..])?);
    }
    call.make_strings(parts)
}

fn expand(out: &mut Buffer, captures: &Captures<'_>, template: &str) -> Result<(), Fault> {
    go_regexp::expand(captures, template, |piece| out.push(piece))
}
