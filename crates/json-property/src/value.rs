//! What a step of a path found.

use zeroize::Zeroizing;

use super::bytes::Bytes;
use super::get::get;
use super::meter::{Exceeded, Meter};
use super::number;
use super::scan;

/// Kinds of values, in GJSON's order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    #[default]
    Null,
    False,
    Number,
    String,
    True,
    /// An object or an array.
    Json,
}

/// A value: its kind, its JSON text, and what it says.
#[derive(Clone, Default)]
pub(crate) struct Value<'j> {
    pub(crate) kind: Kind,
    pub(crate) raw: Bytes<'j>,
    /// Of a string: without quotes and escapes.
    pub(crate) text: Bytes<'j>,
    /// Of a number.
    pub(crate) number: f64,
}

impl<'j> Value<'j> {
    pub(crate) fn of(kind: Kind, raw: Bytes<'j>) -> Self {
        Self {
            kind,
            raw,
            ..Self::default()
        }
    }

    /// An object or array.
    pub(crate) fn block(raw: &'j [u8]) -> Self {
        Self::of(Kind::Json, Bytes::Part(raw))
    }

    /// Whether anything was found; null is something.
    pub(crate) fn exists(&self) -> bool {
        self.kind != Kind::Null || !self.raw.is_empty()
    }

    pub(crate) fn is_array(&self) -> bool {
        self.kind == Kind::Json && self.raw.first() == Some(&b'[')
    }

    pub(crate) fn is_object(&self) -> bool {
        self.kind == Kind::Json && self.raw.first() == Some(&b'{')
    }

    /// GJSON's `String()`.
    pub(crate) fn to_text(&self) -> Zeroizing<Vec<u8>> {
        let text = match self.kind {
            Kind::Null => Vec::new(),
            Kind::False => b"false".to_vec(),
            Kind::True => b"true".to_vec(),
            Kind::String => self.text.to_vec(),
            Kind::Json => self.raw.to_vec(),
            Kind::Number => {
                let digits = self.raw.strip_prefix(b"-").unwrap_or(&self.raw);
                if digits.iter().all(u8::is_ascii_digit) {
                    self.raw.to_vec()
                } else {
                    number::format(self.number)
                }
            }
        };
        Zeroizing::new(text)
    }

    /// GJSON's `Bool()`, for the options of modifiers.
    pub(crate) fn to_bool(&self) -> bool {
        match self.kind {
            Kind::True => true,
            Kind::String => truth(&self.text) == Some(true),
            Kind::Number => self.number != 0.0,
            _ => false,
        }
    }

    /// Goes on from here.
    pub(crate) fn get(self, path: &[u8], meter: &Meter) -> Result<Self, Exceeded> {
        self.raw.get_in(path, meter)
    }

    pub(crate) fn into_owned(self) -> Value<'static> {
        Value {
            kind: self.kind,
            raw: self.raw.into_owned(),
            text: self.text.into_owned(),
            number: self.number,
        }
    }
}

impl<'j> Bytes<'j> {
    /// What the path leads to in this text.
    pub(crate) fn get_in(self, path: &[u8], meter: &Meter) -> Result<Value<'j>, Exceeded> {
        match self {
            Self::Part(part) => get(part, path, meter),
            Self::Made(made) => Ok(get(&made, path, meter)?.into_owned()),
        }
    }

    /// This text as a value.
    pub(crate) fn parse(self) -> Value<'j> {
        match self {
            Self::Part(part) => scan::parse(part),
            Self::Made(made) => scan::parse(&made).into_owned(),
        }
    }
}

/// As Go reads a Boolean from text, in any case.
pub(crate) fn truth(text: &[u8]) -> Option<bool> {
    match text.to_ascii_lowercase().as_slice() {
        b"1" | b"t" | b"true" => Some(true),
        b"0" | b"f" | b"false" => Some(false),
        _ => None,
    }
}
