//! `[…]` in Go's syntax: characters, ranges, Perl and POSIX classes, and nothing else.

use std::fmt::Write as _;

use zeroize::Zeroizing;

use super::BadExpression;
use super::parser::{Letters, class_escape, escaped_char};

/// Names between `[:` and `:]`.
const POSIX: &[&str] = &[
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];

/// Translates a class, whose opening bracket was read. Single characters are written by their code, so
/// that none of them means anything.
pub(crate) fn class(
    out: &mut Zeroizing<String>,
    letters: &mut Letters<'_>,
) -> Result<(), BadExpression> {
    out.push('[');
    if letters.next_if_eq('^').is_some() {
        out.push('^');
    }
    let mut first = true;
    loop {
        if !first && letters.next_if_eq(']').is_some() {
            out.push(']');
            return Ok(());
        }
        first = false;
        if let Some(name) = posix(letters)? {
            out.push_str(name);
            continue;
        }
        if letters.rest().starts_with('\\') {
            let mut ahead = letters.clone();
            ahead.next();
            if class_escape(out, &mut ahead)? {
                *letters = ahead;
                continue;
            }
        }
        let low = one(letters)?;
        let mut after = letters.rest().chars();
        let high = if after.next() == Some('-') && after.next().is_some_and(|next| next != ']') {
            letters.next();
            one(letters)?
        } else {
            low
        };
        if high < low {
            return Err(BadExpression);
        }
        // Writing to a string cannot fail.
        let _ = write!(
            out,
            "\\x{{{:x}}}-\\x{{{:x}}}",
            u32::from(low),
            u32::from(high)
        );
    }
}

/// `[:name:]` or `[:^name:]`, if that is what comes.
fn posix<'e>(letters: &mut Letters<'e>) -> Result<Option<&'e str>, BadExpression> {
    let rest = letters.rest();
    let Some(end) = rest.strip_prefix("[:").and_then(|inside| inside.find(":]")) else {
        return Ok(None);
    };
    let (whole, after) = rest.split_at(end + 4);
    let name = rest.get(2..end + 2).unwrap_or_default();
    let name = name.strip_prefix('^').unwrap_or(name);
    if !POSIX.contains(&name) {
        return Err(BadExpression);
    }
    *letters = Letters::new(after);
    Ok(Some(whole))
}

fn one(letters: &mut Letters<'_>) -> Result<char, BadExpression> {
    match letters.next().ok_or(BadExpression)? {
        '\\' => escaped_char(letters),
        plain => Ok(plain),
    }
}
