//! Upper and lower case, word forms, wrapping and shortening.

use super::{Call, Function, Outcome, function};
use crate::error::{Failure, Fault};
use crate::meter::Buffer;
use crate::words;

pub(super) const FUNCTIONS: &[Function] = &[
    function("upper", 1, 1, |call| {
        letters(call, |letter, _| upper(letter))
    }),
    function("lower", 1, 1, |call| {
        letters(call, |letter, _| lower(letter))
    }),
    function("title", 1, 1, |call| {
        letters(call, |letter, before| {
            if before.is_none_or(separates) {
                upper(letter)
            } else {
                letter
            }
        })
    }),
    function("untitle", 1, 1, |call| {
        letters(call, |letter, before| {
            if before.is_none_or(char::is_whitespace) {
                lower(letter)
            } else {
                letter
            }
        })
    }),
    function("swapcase", 1, 1, swapcase),
    function("nospace", 1, 1, nospace),
    function("initials", 1, 1, initials),
    function("snakecase", 1, 1, |call| {
        words(call, |out, text| words::lower_case(out, text, '_'))
    }),
    function("kebabcase", 1, 1, |call| {
        words(call, |out, text| words::lower_case(out, text, '-'))
    }),
    function("camelcase", 1, 1, |call| words(call, words::pascal_case)),
    function("wrap", 2, 2, |call| {
        wrap(call, call.int(0)?, b"", call.bytes(1)?, false)
    }),
    function("wrapWith", 3, 3, |call| {
        wrap(call, call.int(0)?, call.bytes(1)?, call.bytes(2)?, true)
    }),
    function("abbrev", 2, 2, |call| {
        let (width, text) = (call.int(0)?, call.bytes(1)?);
        if width < 4 {
            call.meter.copy(text)
        } else {
            abbreviate(call, text, 0, width)
        }
    }),
    function("abbrevboth", 3, 3, |call| {
        let (left, right, text) = (call.int(0)?, call.int(1)?, call.bytes(2)?);
        if right < 4 || left > 0 && right < 7 {
            call.meter.copy(text)
        } else {
            abbreviate(call, text, left, right)
        }
    }),
];

/// Go maps letter by letter: a letter whose other case is two letters stays.
pub(crate) fn upper(letter: char) -> char {
    let mut upper = letter.to_uppercase();
    upper
        .next()
        .filter(|_| upper.next().is_none())
        .unwrap_or(letter)
}

pub(crate) fn lower(letter: char) -> char {
    let mut lower = letter.to_lowercase();
    lower.next().unwrap_or(letter)
}

/// Rewrites every letter, knowing the original one before it.
fn letters(call: &mut Call<'_>, rewrite: fn(char, Option<char>) -> char) -> Outcome {
    let mut out = call.meter.buffer();
    let mut before = None;
    for letter in call.chars(0)?.chars() {
        out.push_char(rewrite(letter, before))?;
        before = Some(letter);
    }
    call.meter.text(out)
}

/// What ends a word for `strings.Title`.
fn separates(letter: char) -> bool {
    if letter.is_ascii() {
        !letter.is_ascii_alphanumeric() && letter != '_'
    } else {
        !letter.is_alphanumeric() && letter.is_whitespace()
    }
}

/// Title case at the start of a word is upper case for all but a few ligatures.
fn swapcase(call: &mut Call<'_>) -> Outcome {
    letters(call, |letter, _| {
        if letter.is_uppercase() {
            lower(letter)
        } else {
            upper(letter)
        }
    })
}

/// goutils looks at bytes and takes each for a letter; once something is removed, what is left of a
/// longer letter comes out as Latin-1. Secrets made so far look like that.
fn nospace(call: &mut Call<'_>) -> Outcome {
    let bytes = call.bytes(0)?;
    if !bytes.iter().any(|byte| char::from(*byte).is_whitespace()) {
        return call.meter.copy(bytes);
    }
    let mut out = call.meter.buffer();
    bytes
        .iter()
        .map(|byte| char::from(*byte))
        .filter(|letter| !letter.is_whitespace())
        .try_for_each(|letter| out.push_char(letter))?;
    call.meter.text(out)
}

/// Bytes taken for letters here too.
fn initials(call: &mut Call<'_>) -> Outcome {
    let mut out = call.meter.buffer();
    let mut gap = true;
    for letter in call.bytes(0)?.iter().map(|byte| char::from(*byte)) {
        let space = letter.is_whitespace();
        if gap && !space {
            out.push_char(letter)?;
        }
        gap = space;
    }
    call.meter.text(out)
}

fn words(call: &mut Call<'_>, write: fn(&mut Buffer, &str) -> Result<(), Fault>) -> Outcome {
    let mut out = call.meter.buffer();
    write(&mut out, &call.chars(0)?)?;
    call.meter.text(out)
}

/// Breaks a line at spaces; long words only when asked.
fn wrap(
    call: &mut Call<'_>,
    width: i64,
    line_end: &[u8],
    text: &[u8],
    long_words: bool,
) -> Outcome {
    let width = usize::try_from(width.max(1)).unwrap_or(usize::MAX);
    let line_end = if line_end.is_empty() { b"\n" } else { line_end };
    let mut out = call.meter.buffer();
    let mut rest = text;
    while rest.len() > width {
        if rest[0] == b' ' {
            rest = &rest[1..];
            continue;
        }
        let space = rest[..=width].iter().rposition(|byte| *byte == b' ');
        let cut = match space {
            Some(space) => Some((space, space + 1)),
            None if long_words => Some((width, width)),
            None => rest[width..]
                .iter()
                .position(|byte| *byte == b' ')
                .map(|at| (width + at, width + at + 1)),
        };
        let Some((end, next)) = cut else { break };
        out.push(&rest[..end])?;
        out.push(line_end)?;
        rest = &rest[next..];
    }
    out.push(rest)?;
    call.meter.text(out)
}

/// goutils' abbreviation: at most `width` bytes, dots where something is missing.
fn abbreviate(call: &mut Call<'_>, text: &[u8], offset: i64, width: i64) -> Outcome {
    let width = usize::try_from(width).map_err(|_| Failure::OutOfRange)?;
    if text.len() <= width {
        return call.meter.copy(text);
    }
    let kept = width - 3;
    let offset = usize::try_from(offset).unwrap_or_default().min(text.len());
    let offset = if text.len() - offset < kept {
        text.len() - kept
    } else {
        offset
    };
    if offset <= 4 {
        return call.meter.own([&text[..kept], b"..."].concat());
    }
    if width < 7 {
        return call.meter.copy("");
    }
    if offset + kept < text.len() {
        let inner = &text[offset..];
        let (shown, end): (&[u8], &[u8]) = if inner.len() <= kept {
            (inner, b"")
        } else {
            (&inner[..kept - 3], b"...")
        };
        return call.meter.own([b"...", shown, end].concat());
    }
    call.meter
        .own([b"...", &text[text.len() - kept..]].concat())
}
