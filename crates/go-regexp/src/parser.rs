//! From Go's syntax to that of the crate `regex` (Go: `regexp/syntax`, flags `Perl`).

use std::fmt::Write as _;

use zeroize::Zeroizing;

use super::BadExpression;
use super::class::class;

/// The largest count of a repetition.
const MOST_REPEATS: u32 = 1000;

/// What is left of an expression.
#[derive(Clone)]
pub(crate) struct Letters<'e>(std::str::Chars<'e>);

impl<'e> Letters<'e> {
    pub(crate) fn new(text: &'e str) -> Self {
        Self(text.chars())
    }

    pub(crate) fn rest(&self) -> &'e str {
        self.0.as_str()
    }

    pub(crate) fn next(&mut self) -> Option<char> {
        self.0.next()
    }

    pub(crate) fn next_if_eq(&mut self, letter: char) -> Option<char> {
        self.next_if(|next| next == letter)
    }

    pub(crate) fn next_if(&mut self, is_it: impl FnOnce(char) -> bool) -> Option<char> {
        let mut ahead = self.clone();
        let next = ahead.next().filter(|next| is_it(*next))?;
        *self = ahead;
        Some(next)
    }
}

/// The whole expression.
pub(crate) fn translate(expression: &str) -> Result<Zeroizing<String>, BadExpression> {
    let mut out = Zeroizing::new(String::with_capacity(expression.len() * 2));
    let mut letters = Letters::new(expression);
    // Go refuses a repetition of a repetition.
    let mut repeated = false;
    while let Some(letter) = letters.next() {
        let repeats = match letter {
            '*' | '+' | '?' => Some(letter.to_string()),
            '{' => count(&mut letters)?,
            _ => None,
        };
        if let Some(repeats) = repeats {
            if repeated {
                return Err(BadExpression);
            }
            repeated = true;
            out.push_str(&repeats);
            out.extend(letters.next_if_eq('?'));
            continue;
        }
        repeated = false;
        match letter {
            '\\' => escape(&mut out, &mut letters)?,
            '[' => class(&mut out, &mut letters)?,
            '(' => {
                out.push('(');
                if letters.next_if_eq('?').is_some() {
                    out.push('?');
                    flags(&mut out, &mut letters)?;
                }
            }
            '|' | ')' | '^' | '$' | '.' => out.push(letter),
            plain => literal(&mut out, plain),
        }
    }
    Ok(out)
}

/// Whatever it means elsewhere.
fn literal(out: &mut Zeroizing<String>, letter: char) {
    if letter.is_alphanumeric() {
        out.push(letter);
    } else {
        // Writing to a string cannot fail.
        let _ = write!(out, "\\x{{{:x}}}", u32::from(letter));
    }
}

/// `n}`, `n,}` or `n,m}`; anything else was no repetition, and the bracket is itself.
fn count(letters: &mut Letters<'_>) -> Result<Option<String>, BadExpression> {
    let Some((inside, after)) = letters.rest().split_once('}') else {
        return Ok(None);
    };
    let (least, most) = match inside.split_once(',') {
        Some((least, most)) => (least, Some(most)),
        None => (inside, None),
    };
    let is_number = |text: &str| {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        digits && !text.is_empty() && (text.len() == 1 || !text.starts_with('0'))
    };
    if !is_number(least) || !most.is_none_or(|most| most.is_empty() || is_number(most)) {
        return Ok(None);
    }
    let bounded = |text: &str| text.parse().ok().filter(|count| *count <= MOST_REPEATS);
    let low: u32 = bounded(least).ok_or(BadExpression)?;
    if let Some(most) = most.filter(|most| !most.is_empty())
        && bounded(most).is_none_or(|high| high < low)
    {
        return Err(BadExpression);
    }
    *letters = Letters::new(after);
    Ok(Some(format!("{{{inside}}}")))
}

/// After `(?`. Go knows the flags i, m, s and U; the crate knows more.
fn flags(out: &mut Zeroizing<String>, letters: &mut Letters<'_>) -> Result<(), BadExpression> {
    let rest = letters.rest();
    if rest.starts_with("P<") || rest.starts_with('<') {
        let (name, after) = rest.split_once('>').ok_or(BadExpression)?;
        out.push_str(name);
        out.push('>');
        *letters = Letters::new(after);
        return Ok(());
    }
    while let Some(flag) = letters.next() {
        out.push(flag);
        match flag {
            'i' | 'm' | 's' | 'U' | '-' => {}
            ':' | ')' => return Ok(()),
            _ => break,
        }
    }
    Err(BadExpression)
}

/// Outside of a class.
fn escape(out: &mut Zeroizing<String>, letters: &mut Letters<'_>) -> Result<(), BadExpression> {
    match letters.rest().chars().next().ok_or(BadExpression)? {
        'A' => out.push_str("\\A"),
        'z' => out.push_str("\\z"),
        'b' => out.push_str("(?-u:\\b)"),
        'B' => out.push_str("(?-u:\\B)"),
        'Q' => {
            letters.next();
            let rest = letters.rest();
            let (quoted, after) = rest.split_once("\\E").unwrap_or((rest, ""));
            quoted.chars().for_each(|letter| literal(out, letter));
            *letters = Letters::new(after);
            return Ok(());
        }
        _ => {
            if !class_escape(out, letters)? {
                let letter = escaped_char(letters)?;
                literal(out, letter);
            }
            return Ok(());
        }
    }
    letters.next();
    Ok(())
}

/// `\d` and its like, and `\p`; the backslash was read. Whether it was one of them.
pub(crate) fn class_escape(
    out: &mut Zeroizing<String>,
    letters: &mut Letters<'_>,
) -> Result<bool, BadExpression> {
    let Some(letter) = letters.rest().chars().next() else {
        return Err(BadExpression);
    };
    let of = match letter.to_ascii_lowercase() {
        'd' => "0-9",
        's' => "\\t\\n\\f\\r ",
        'w' => "0-9A-Za-z_",
        'p' => {
            property(out, letters)?;
            return Ok(true);
        }
        _ => return Ok(false),
    };
    letters.next();
    let caret = if letter.is_ascii_uppercase() { "^" } else { "" };
    let _ = write!(out, "[{caret}{of}]");
    Ok(true)
}

/// `\pL`, `\p{Greek}`, `\P…`, `\p{^…}`.
fn property(out: &mut Zeroizing<String>, letters: &mut Letters<'_>) -> Result<(), BadExpression> {
    let kind = letters.next().ok_or(BadExpression)?;
    let first = letters.next().ok_or(BadExpression)?;
    let mut name = first.to_string();
    if first == '{' {
        let (inside, after) = letters.rest().split_once('}').ok_or(BadExpression)?;
        inside.clone_into(&mut name);
        *letters = Letters::new(after);
    }
    let (name, negated) = match name.strip_prefix('^') {
        Some(name) => (name, kind == 'p'),
        None => (name.as_str(), kind == 'P'),
    };
    let of_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if name.is_empty() || !name.bytes().all(of_name) {
        return Err(BadExpression);
    }
    let _ = write!(out, "\\{}{{{name}}}", if negated { 'P' } else { 'p' });
    Ok(())
}

/// One character after a backslash.
pub(crate) fn escaped_char(letters: &mut Letters<'_>) -> Result<char, BadExpression> {
    let letter = letters.next().ok_or(BadExpression)?;
    Ok(match letter {
        'a' => '\x07',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        'x' => return hexadecimal(letters),
        // One digit but zero would be a back reference.
        '1'..='7' if !letters.rest().starts_with(|next| matches!(next, '0'..='7')) => {
            return Err(BadExpression);
        }
        '0'..='7' => {
            let mut code = letter.to_digit(8).unwrap_or_default();
            for _ in 0..2 {
                let Some(digit) = letters.next_if(|next| matches!(next, '0'..='7')) else {
                    break;
                };
                code = code * 8 + digit.to_digit(8).unwrap_or_default();
            }
            return char::from_u32(code).ok_or(BadExpression);
        }
        mark if mark.is_ascii() && !mark.is_ascii_alphanumeric() => mark,
        _ => return Err(BadExpression),
    })
}

fn hexadecimal(letters: &mut Letters<'_>) -> Result<char, BadExpression> {
    let rest = letters.rest();
    let (digits, after) = match rest.strip_prefix('{') {
        Some(inside) => inside.split_once('}').ok_or(BadExpression)?,
        None => rest.split_at_checked(2).ok_or(BadExpression)?,
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(BadExpression);
    }
    let code = u32::from_str_radix(digits, 16).map_err(|_| BadExpression)?;
    *letters = Letters::new(after);
    char::from_u32(code).ok_or(BadExpression)
}
