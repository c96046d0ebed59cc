//! `#(path operator value)`: which elements of an array.

use super::bytes::{Bytes, between, from, trimmed};
use super::meter::{Exceeded, Meter};
use super::number;
use super::pattern;
use super::unescape::unescape;
use super::value::{Kind, Value, truth};

/// A query.
#[derive(Clone, Default)]
pub(crate) struct Query<'p> {
    /// `#(…)#`: every element that matches, not the first.
    pub(crate) all: bool,
    pub(crate) path: &'p [u8],
    operator: &'p [u8],
    value: Bytes<'p>,
}

impl<'p> Query<'p> {
    /// Reads `#(…)` at the beginning of the path; the end is that of the closing bracket.
    pub(crate) fn parse(path: &'p [u8]) -> Option<(Self, usize)> {
        let mut depth = 1_usize;
        let mut operator = None;
        let mut escaped = false;
        let mut at = 2;
        loop {
            let byte = path.get(at)?;
            if depth == 1 && operator.is_none() && matches!(byte, b'!' | b'=' | b'<' | b'>' | b'%')
            {
                operator = Some(at);
                at += 1;
                continue;
            }
            match byte {
                b'\\' => at += 1,
                b'[' | b'(' => depth += 1,
                b']' | b')' => {
                    depth -= 1;
                    if depth == 0 {
                        break;
                    }
                }
                b'"' => at = quoted_end(path, at, &mut escaped),
                _ => {}
            }
            at += 1;
        }
        let end = at + 1;
        let Some(start) = operator else {
            let path = trimmed(between(path, 2, at));
            let query = Self {
                path,
                ..Self::default()
            };
            return Some((query, end));
        };
        let comparison = trimmed(between(path, start, at));
        let (operator, value) = comparison_of(comparison);
        let query = Self {
            all: false,
            path: trimmed(between(path, 2, start)),
            operator,
            value: unquoted(value, escaped),
        };
        Some((query, end))
    }

    /// Whether an element matches, `value` being what `path` leads to in it.
    pub(crate) fn matches(&self, value: &Value<'_>, meter: &Meter) -> Result<bool, Exceeded> {
        if let Some(asked) = self.value.strip_prefix(b"~") {
            let Some(ish) = ish(value, asked) else {
                return Ok(false);
            };
            let kind = if ish { Kind::True } else { Kind::False };
            return self.compare(&Value::of(kind, Bytes::default()), b"true", meter);
        }
        self.compare(value, &self.value, meter)
    }

    fn compare(&self, value: &Value<'_>, with: &[u8], meter: &Meter) -> Result<bool, Exceeded> {
        if !value.exists() {
            return Ok(false);
        }
        if self.operator.is_empty() {
            return Ok(true);
        }
        let text = &*value.text;
        Ok(match (value.kind, self.operator) {
            (Kind::String, b"%") => pattern::matches(text, with, meter)?,
            (Kind::String, b"!%") => !pattern::matches(text, with, meter)?,
            (Kind::String, operator) => ordered(operator, text, with),
            (Kind::Number, operator) => ordered(operator, &value.number, &number::parse(with)),
            (Kind::True, operator) => of_true(operator, with),
            (Kind::False, operator) => of_false(operator, with),
            _ => false,
        })
    }
}

/// The closing quote of the string at `at`, or the end of the path.
fn quoted_end(path: &[u8], at: usize, escaped: &mut bool) -> usize {
    let mut at = at + 1;
    while let Some(byte) = path.get(at) {
        match byte {
            b'\\' => {
                *escaped = true;
                at += 1;
            }
            b'"' => break,
            _ => {}
        }
        at += 1;
    }
    at
}

/// The operator, and what to compare with. `==` is `=`.
fn comparison_of(comparison: &[u8]) -> (&[u8], &[u8]) {
    let (skip, length) = match comparison {
        [b'=', b'=', ..] => (1, 1),
        [b'!', b'=' | b'%', ..] | [b'<' | b'>', b'=', ..] => (0, 2),
        [_] | [b'<' | b'>' | b'=' | b'%', ..] => (0, 1),
        _ => (0, 0),
    };
    let operator = between(comparison, skip, skip + length);
    (operator, trimmed(from(comparison, skip + length)))
}

fn unquoted(value: &[u8], escaped: bool) -> Bytes<'_> {
    match value {
        [b'"', inner @ .., b'"'] if escaped => unescape(inner),
        [b'"', inner @ .., b'"'] => Bytes::Part(inner),
        _ => Bytes::Part(value),
    }
}

/// `~true`, `~false`, `~null`, `~*`; `None` for anything else.
fn ish(value: &Value<'_>, asked: &[u8]) -> Option<bool> {
    let said = || truth(&value.text);
    Some(match asked {
        b"*" => value.exists(),
        b"null" => value.kind == Kind::Null,
        b"true" => match value.kind {
            Kind::True => true,
            Kind::String => said() == Some(true),
            Kind::Number => value.number != 0.0,
            _ => false,
        },
        b"false" => match value.kind {
            Kind::Null | Kind::False => true,
            Kind::String => said() == Some(false),
            Kind::Number => value.number == 0.0,
            _ => false,
        },
        _ => return None,
    })
}

/// True is more than false; what is neither is as little as true and as much as false.
fn of_true(operator: &[u8], with: &[u8]) -> bool {
    match operator {
        b"=" => with == b"true",
        b"!=" => with != b"true",
        b">" => with == b"false",
        operator => operator == b">=",
    }
}

fn of_false(operator: &[u8], with: &[u8]) -> bool {
    match operator {
        b"=" => with == b"false",
        b"!=" => with != b"false",
        b"<" => with == b"true",
        operator => operator == b"<=",
    }
}

fn ordered<T: PartialOrd + ?Sized>(operator: &[u8], left: &T, right: &T) -> bool {
    match operator {
        b"=" => left == right,
        b"!=" => left != right,
        b"<" => left < right,
        b"<=" => left <= right,
        b">" => left > right,
        b">=" => left >= right,
        _ => false,
    }
}
