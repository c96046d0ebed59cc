//! Where tokens end, in a text that may be cut off or no JSON at all.

use super::bytes::{Bytes, between, from};
use super::number;
use super::unescape::unescape;
use super::value::{Kind, Value};

/// What a byte begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    Text,
    Object,
    Array,
    Literal,
    Number,
}

/// The token that begins at `at`, if one does.
pub(crate) fn token(json: &[u8], at: usize) -> Option<Token> {
    Some(match json.get(at)? {
        b'"' => Token::Text,
        b'{' => Token::Object,
        b'[' => Token::Array,
        b'n' if json.get(at + 1).is_some_and(|next| *next != b'u') => Token::Number,
        b'n' | b't' | b'f' => Token::Literal,
        b'+' | b'-' | b'0'..=b'9' | b'i' | b'I' | b'N' => Token::Number,
        _ => return None,
    })
}

/// The end of the string whose opening quote is at `at`, and whether it has escapes. `None` if it is
/// cut off.
pub(crate) fn string_end(json: &[u8], at: usize) -> Option<(usize, bool)> {
    let mut escaped = false;
    let mut at = at + 1;
    loop {
        match json.get(at)? {
            b'"' => return Some((at + 1, escaped)),
            b'\\' => {
                escaped = true;
                at += 2;
            }
            _ => at += 1,
        }
    }
}

/// The end of the block that begins at `at` with a bracket of any kind: they need not match. The end
/// of the text if it is cut off, and one more if that is within a string.
pub(crate) fn block_end(json: &[u8], at: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = at;
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => match string_end(json, at) {
                Some((end, _)) => {
                    at = end;
                    continue;
                }
                None => return json.len() + 1,
            },
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    json.len()
}

/// The same, or the end of the string that begins there.
pub(crate) fn squash(text: &[u8]) -> &[u8] {
    let end = match text.first() {
        Some(b'"') => string_end(text, 0).map_or(text.len(), |(end, _)| end),
        _ => block_end(text, 0),
    };
    between(text, 0, end)
}

/// The string, number or literal that begins at `at`, and its end. `None` for a string that is cut
/// off.
pub(crate) fn scalar(json: &[u8], at: usize, token: Token) -> Option<(Value<'_>, usize)> {
    let (kind, end) = match token {
        Token::Text => {
            let (end, escaped) = string_end(json, at)?;
            let raw = between(json, at, end);
            return Some((Value::string(raw, inner(raw), escaped), end));
        }
        Token::Number => (Kind::Number, number_end(json, at)),
        Token::Literal | Token::Object | Token::Array => (literal(json, at), literal_end(json, at)),
    };
    let raw = between(json, at, end);
    let mut value = Value::of(kind, Bytes::Part(raw));
    if kind == Kind::Number {
        value.number = number::parse(raw);
    }
    Some((value, end))
}

/// The first value from `at` on, whatever comes before it, and its end.
pub(crate) fn next_value(json: &[u8], mut at: usize) -> Option<(Value<'_>, usize)> {
    loop {
        match token(json, at) {
            Some(Token::Object | Token::Array) => {
                let end = block_end(json, at);
                return Some((Value::block(between(json, at, end)), end));
            }
            Some(token) => return scalar(json, at, token),
            None if at < json.len() => at += 1,
            None => return None,
        }
    }
}

/// A whole text as a value; an object or array is taken up to the end of the text.
pub(crate) fn parse(json: &[u8]) -> Value<'_> {
    let Some(at) = json.iter().position(|byte| *byte > b' ') else {
        return Value::default();
    };
    match token(json, at) {
        Some(Token::Object | Token::Array) => Value::block(from(json, at)),
        Some(token) => scalar(json, at, token).map_or_else(
            || {
                let raw = from(json, at);
                let inner = from(raw, 1);
                Value::string(raw, inner, inner.contains(&b'\\'))
            },
            |(value, _)| value,
        ),
        None => Value::default(),
    }
}

/// What is between a string's quotes.
fn inner(raw: &[u8]) -> &[u8] {
    raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default()
}

fn number_end(json: &[u8], at: usize) -> usize {
    let ends = |byte: &u8| *byte <= b' ' || matches!(byte, b',' | b']' | b'}');
    let rest = from(json, at + 1).iter();
    at + 1 + rest.take_while(|byte| !ends(byte)).count()
}

fn literal_end(json: &[u8], at: usize) -> usize {
    let rest = from(json, at + 1).iter();
    at + 1 + rest.take_while(|byte| byte.is_ascii_lowercase()).count()
}

fn literal(json: &[u8], at: usize) -> Kind {
    match json.get(at) {
        Some(b't') => Kind::True,
        Some(b'f') => Kind::False,
        _ => Kind::Null,
    }
}

impl<'j> Value<'j> {
    fn string(raw: &'j [u8], inner: &'j [u8], escaped: bool) -> Self {
        let mut value = Self::of(Kind::String, Bytes::Part(raw));
        value.text = if escaped {
            unescape(inner)
        } else {
            Bytes::Part(inner)
        };
        value
    }
}
