//! JSON in and out, as Go's encoding/json reads and writes it.

use std::fmt;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};

use crate::error::{Failure, Fault};
use crate::float;
use crate::meter::{Buffer, Meter};
use crate::value::{Entries, Text, Value};

/// How JSON is written.
pub(crate) struct Style {
    html: bool,
    pretty: bool,
}

/// `json.Marshal`: `<`, `>` and `&` escaped.
pub(crate) const ESCAPED: Style = Style {
    html: true,
    pretty: false,
};
/// `json.MarshalIndent` with two spaces.
pub(crate) const PRETTY: Style = Style {
    html: true,
    pretty: true,
};
/// An encoder with HTML escaping off.
pub(crate) const RAW: Style = Style {
    html: false,
    pretty: false,
};

/// Written values nest no deeper than this.
const DEEPEST: usize = 100;

/// Writes a value; maps in the order of their keys.
pub(crate) fn write(value: &Value, meter: &mut Meter, style: &Style) -> Result<Value, Fault> {
    let mut out = meter.buffer();
    Writer {
        out: &mut out,
        meter,
        style,
    }
    .value(value, 0)?;
    meter.text(out)
}

struct Writer<'a> {
    out: &'a mut Buffer,
    meter: &'a mut Meter,
    style: &'a Style,
}

impl Writer<'_> {
    fn value(&mut self, value: &Value, depth: usize) -> Result<(), Fault> {
        self.meter.steps(1)?;
        if depth > DEEPEST {
            return Err(Fault::TooDeep);
        }
        match value {
            Value::Missing | Value::Nil => self.out.push("null"),
            Value::Bool(yes) => self.out.push(if *yes { "true" } else { "false" }),
            Value::Int(number) | Value::Int64(number) => self.out.push(number.to_string()),
            Value::Byte(byte) => self.out.push(byte.to_string()),
            Value::Float(number) if !number.is_finite() => Err(Failure::WrongType.into()),
            Value::Float(number) => self.out.push(float::json(*number)),
            Value::Str(text) => self.text(text.as_bytes()),
            Value::Time(time) => {
                let shown = time.format("2006-01-02T15:04:05.999999999Z07:00")?;
                self.text(shown.as_bytes())
            }
            Value::Version(version) => self.text(version.canonical().as_bytes()),
            Value::List(list) => {
                self.out.push("[")?;
                for (at, item) in list.items().iter().enumerate() {
                    self.next(at, depth + 1)?;
                    self.value(item, depth + 1)?;
                }
                self.close(list.items().is_empty(), depth, "]")
            }
            Value::Map(map) => {
                self.out.push("{")?;
                let entries = map.entries();
                for (at, (key, item)) in entries.iter().enumerate() {
                    self.next(at, depth + 1)?;
                    self.text(key.as_bytes())?;
                    self.out.push(if self.style.pretty { ": " } else { ":" })?;
                    self.value(item, depth + 1)?;
                }
                self.close(entries.is_empty(), depth, "}")
            }
        }
    }

    fn next(&mut self, at: usize, depth: usize) -> Result<(), Fault> {
        if at > 0 {
            self.out.push(",")?;
        }
        self.line(depth)
    }

    fn close(&mut self, empty: bool, depth: usize, bracket: &str) -> Result<(), Fault> {
        if !empty {
            self.line(depth)?;
        }
        self.out.push(bracket)
    }

    fn line(&mut self, depth: usize) -> Result<(), Fault> {
        if !self.style.pretty {
            return Ok(());
        }
        self.out.push("\n")?;
        self.out.repeat(b"  ", depth)
    }

    fn text(&mut self, text: &[u8]) -> Result<(), Fault> {
        self.meter.reading(text.len())?;
        self.out.push("\"")?;
        for chunk in text.utf8_chunks() {
            chunk
                .valid()
                .chars()
                .try_for_each(|letter| self.letter(letter))?;
            chunk
                .invalid()
                .iter()
                .try_for_each(|_| self.out.push("\\ufffd"))?;
        }
        self.out.push("\"")
    }

    fn letter(&mut self, letter: char) -> Result<(), Fault> {
        let code = u32::from(letter);
        match letter {
            '"' => self.out.push("\\\""),
            '\\' => self.out.push("\\\\"),
            '\n' => self.out.push("\\n"),
            '\r' => self.out.push("\\r"),
            '\t' => self.out.push("\\t"),
            '\u{8}' => self.out.push("\\b"),
            '\u{c}' => self.out.push("\\f"),
            '<' | '>' | '&' if self.style.html => self.out.push(format!("\\u{code:04x}")),
            '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => self.out.push(format!("\\u{code:04x}")),
            letter => self.out.push_char(letter),
        }
    }
}

/// Reads one JSON document straight into values; None when it is not JSON.
pub(crate) fn read(text: &str, meter: &mut Meter) -> Result<Option<Value>, Fault> {
    let mut fault = None;
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Reader {
        meter,
        fault: &mut fault,
    }
    .deserialize(&mut reader);
    if let Some(fault) = fault {
        return Err(fault);
    }
    Ok(value.and_then(|value| reader.end().map(|()| value)).ok())
}

struct Reader<'a> {
    meter: &'a mut Meter,
    fault: &'a mut Option<Fault>,
}

impl Reader<'_> {
    fn charged<E: serde::de::Error>(
        &mut self,
        spent: impl FnOnce(&mut Meter) -> Result<Value, Fault>,
    ) -> Result<Value, E> {
        let value = self
            .meter
            .bytes(size_of::<Value>())
            .and_then(|()| spent(self.meter));
        value.map_err(|fault| {
            *self.fault = Some(fault);
            E::custom("over budget")
        })
    }

    fn inner(&mut self) -> Reader<'_> {
        Reader {
            meter: self.meter,
            fault: self.fault,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "Go reads every JSON number as float64"
)]
impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Nil)
    }

    fn visit_bool<E>(self, yes: bool) -> Result<Value, E> {
        Ok(Value::Bool(yes))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Float(number as f64))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Float(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Float(number))
    }

    fn visit_str<E: serde::de::Error>(mut self, text: &str) -> Result<Value, E> {
        self.charged(|meter| meter.copy(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.inner())? {
            list.push(item);
        }
        let size = list.len() * size_of::<Value>();
        self.charged(|meter| meter.bytes(size).map(|()| Value::list(list)))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Entries::new();
        while let Some(key) = entries.next_key::<std::borrow::Cow<'de, str>>()? {
            let key = Text::from(key.as_bytes());
            map.insert(key, entries.next_value_seed(self.inner())?);
        }
        let size = map.len() * 2 * size_of::<Value>();
        self.charged(|meter| meter.bytes(size).map(|()| Value::map(map)))
    }
}
