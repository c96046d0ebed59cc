//! Regular expressions: Go's RE2 syntax, run by the `regex` crate in linear time and bounded memory.

use regex::{Captures, Regex, RegexBuilder};
use zeroize::Zeroizing;

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

/// Bytes that a compiled expression, and its matching state, may take.
const PROGRAM_BYTES: usize = 64 << 10;
/// Steps for compiling an expression, and bytes of text matched per step.
const COMPILE_STEPS: usize = 100;
const BYTES_PER_STEP: usize = 4;

/// The expression in the first argument, charged for itself and for the text that it will read.
fn compile(call: &mut Call<'_>) -> Result<Regex, Fault> {
    let pattern = translate(&call.chars(0)?)?;
    call.meter
        .steps(COMPILE_STEPS + pattern.len() + call.bytes(1)?.len() / BYTES_PER_STEP)?;
    let regex = RegexBuilder::new(&pattern)
        .size_limit(PROGRAM_BYTES)
        .dfa_size_limit(8 * PROGRAM_BYTES)
        .nest_limit(50)
        .build();
    regex.map_err(|_| Failure::BadPattern.into())
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

/// Go's replacement syntax: `$1`, `${1}`, `$name`, `${name}`, `$$`.
fn expand(out: &mut Buffer, captures: &Captures<'_>, template: &str) -> Result<(), Fault> {
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('$') {
        out.push(before)?;
        if let Some(after) = after.strip_prefix('$') {
            out.push("$")?;
            rest = after;
            continue;
        }
        let Some((name, after)) = group(after) else {
            out.push("$")?;
            rest = after;
            continue;
        };
        let found = name
            .parse::<usize>()
            .map_or_else(|_| captures.name(name), |number| captures.get(number));
        out.push(found.map_or("", |found| found.as_str()))?;
        rest = after;
    }
    out.push(rest)
}

/// The name of a group after `$`, and what follows it.
fn group(text: &str) -> Option<(&str, &str)> {
    let (inside, braced) = text
        .strip_prefix('{')
        .map_or((text, false), |inside| (inside, true));
    let end = inside
        .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .unwrap_or(inside.len());
    let (name, after) = inside.split_at(end);
    let after = if braced {
        after.strip_prefix('}')?
    } else {
        after
    };
    (!name.is_empty()).then_some((name, after))
}

/// From Go's syntax to the crate's: `\d`, `\s`, `\w`, `\b` mean ASCII, `\Q…\E` quotes, and inside a
/// class `[`, `&`, `~` are plain characters.
fn translate(pattern: &str) -> Result<Zeroizing<String>, Failure> {
    let mut out = Zeroizing::new(String::with_capacity(pattern.len() * 2));
    let mut letters = pattern.chars().peekable();
    let mut class: Option<usize> = None;
    while let Some(letter) = letters.next() {
        class = class.map(|position| position + 1);
        match (letter, class) {
            ('\\', _) => escape(&mut out, &mut letters, class.is_some())?,
            ('[', None) => {
                class = Some(0);
                out.push('[');
                if letters.next_if_eq(&'^').is_some() {
                    out.push('^');
                }
            }
            ('[', Some(_)) if letters.peek() == Some(&':') => {
                out.push('[');
                for inner in letters.by_ref() {
                    out.push(inner);
                    if inner == ']' {
                        break;
                    }
                }
            }
            (']', Some(1)) => out.push_str("\\]"),
            (']', Some(_)) => {
                class = None;
                out.push(']');
            }
            ('[' | '&' | '~', Some(_)) => out.extend(['\\', letter]),
            ('(', None) => {
                out.push('(');
                flags(&mut out, &mut letters)?;
            }
            _ => out.push(letter),
        }
    }
    Ok(out)
}

fn escape(
    out: &mut String,
    letters: &mut std::iter::Peekable<std::str::Chars<'_>>,
    in_class: bool,
) -> Result<(), Failure> {
    match letters.next().ok_or(Failure::BadPattern)? {
        'd' => out.push_str("[0-9]"),
        'D' => out.push_str("[^0-9]"),
        's' => out.push_str("[\\t\\n\\f\\r ]"),
        'S' => out.push_str("[^\\t\\n\\f\\r ]"),
        'w' => out.push_str("[0-9A-Za-z_]"),
        'W' => out.push_str("[^0-9A-Za-z_]"),
        'b' if !in_class => out.push_str("(?-u:\\b)"),
        'Q' if !in_class => {
            let mut quoted = Zeroizing::new(String::new());
            while !quoted.ends_with("\\E") {
                let Some(letter) = letters.next() else { break };
                quoted.push(letter);
            }
            out.push_str(&regex::escape(
                quoted.strip_suffix("\\E").unwrap_or(&quoted),
            ));
        }
        '<' | '>' => return Err(Failure::BadPattern),
        other => out.extend(['\\', other]),
    }
    Ok(())
}

/// Go knows the flags i, m, s and U; the crate knows more.
fn flags(
    out: &mut String,
    letters: &mut std::iter::Peekable<std::str::Chars<'_>>,
) -> Result<(), Failure> {
    if letters.next_if_eq(&'?').is_none() {
        return Ok(());
    }
    out.push('?');
    while let Some(flag) = letters.next_if(|letter| matches!(letter, 'a'..='z' | 'A'..='Z' | '-')) {
        match flag {
            'P' => {
                out.push('P');
                return Ok(());
            }
            'i' | 'm' | 's' | 'U' | '-' => out.push(flag),
            _ => return Err(Failure::BadPattern),
        }
    }
    Ok(())
}
