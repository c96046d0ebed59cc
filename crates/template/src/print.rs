//! Values as text, the way Go's fmt prints them with `%v`.

use crate::error::Fault;
use crate::float;
use crate::meter::{Buffer, Meter};
use crate::value::{Value, lossy};

/// Printed values nest no deeper than this.
const DEEPEST: usize = 100;

/// What an action prints.
pub(crate) fn value(out: &mut Buffer, meter: &mut Meter, value: &Value) -> Result<(), Fault> {
    match value {
        Value::Missing => out.push("<no value>"),
        other => plain(out, meter, other),
    }
}

/// `fmt.Sprintf("%v", value)`.
pub(crate) fn plain(out: &mut Buffer, meter: &mut Meter, value: &Value) -> Result<(), Fault> {
    nested(out, meter, value, 0)
}

fn nested(out: &mut Buffer, meter: &mut Meter, value: &Value, depth: usize) -> Result<(), Fault> {
    if depth > DEEPEST {
        return Err(Fault::TooDeep);
    }
    match value {
        Value::Missing | Value::Nil => out.push("<nil>"),
        Value::Bool(yes) => out.push(if *yes { "true" } else { "false" }),
        Value::Int(number) | Value::Int64(number) => out.push(number.to_string()),
        Value::Byte(byte) => out.push(byte.to_string()),
        Value::Float(number) => out.push(float::shortest(*number)),
        Value::Str(text) => {
            meter.reading(text.as_bytes().len())?;
            out.push(text.as_bytes())
        }
        Value::Time(time) => out.push(time.plain()?),
        Value::Version(version) => out.push(version.canonical()),
        Value::List(list) => {
            out.push("[")?;
            for (at, item) in list.items().iter().enumerate() {
                meter.steps(1)?;
                if at > 0 {
                    out.push(" ")?;
                }
                nested(out, meter, item, depth + 1)?;
            }
            out.push("]")
        }
        Value::Map(map) => {
            out.push("map[")?;
            for (at, (key, item)) in map.entries().iter().enumerate() {
                meter.steps(1)?;
                if at > 0 {
                    out.push(" ")?;
                }
                out.push(key.as_bytes())?;
                out.push(":")?;
                nested(out, meter, item, depth + 1)?;
            }
            out.push("]")
        }
    }
}

/// `fmt.Sprint`: a space between two operands when neither is text.
pub(crate) fn sprint(out: &mut Buffer, meter: &mut Meter, values: &[Value]) -> Result<(), Fault> {
    let mut after_text = true;
    for value in values {
        let is_text = matches!(value, Value::Str(_));
        if !after_text && !is_text {
            out.push(" ")?;
        }
        plain(out, meter, value)?;
        after_text = is_text;
    }
    Ok(())
}

/// `strconv.Quote`: a Go string literal.
pub(crate) fn quoted(out: &mut Buffer, text: &[u8]) -> Result<(), Fault> {
    out.push("\"")?;
    for chunk in text.utf8_chunks() {
        for letter in chunk.valid().chars() {
            letter_in_quotes(out, letter)?;
        }
        for byte in chunk.invalid() {
            out.push(format!("\\x{byte:02x}"))?;
        }
    }
    out.push("\"")
}

/// `strconv.QuoteRune`: a Go character literal.
pub(crate) fn quoted_letter(out: &mut Buffer, letter: char) -> Result<(), Fault> {
    out.push("'")?;
    match letter {
        '\'' => out.push("\\'")?,
        '"' => out.push("\"")?,
        letter => letter_in_quotes(out, letter)?,
    }
    out.push("'")
}

fn letter_in_quotes(out: &mut Buffer, letter: char) -> Result<(), Fault> {
    match letter {
        '"' => out.push("\\\""),
        '\\' => out.push("\\\\"),
        '\u{7}' => out.push("\\a"),
        '\u{8}' => out.push("\\b"),
        '\u{c}' => out.push("\\f"),
        '\n' => out.push("\\n"),
        '\r' => out.push("\\r"),
        '\t' => out.push("\\t"),
        '\u{b}' => out.push("\\v"),
        letter if printable(letter) => out.push_char(letter),
        letter if u32::from(letter) < 0x80 => out.push(format!("\\x{:02x}", u32::from(letter))),
        letter if u32::from(letter) < 0x1_0000 => out.push(format!("\\u{:04x}", u32::from(letter))),
        letter => out.push(format!("\\U{:08x}", u32::from(letter))),
    }
}

/// Go's `unicode.IsPrint`, through the table behind Rust's `Debug`; the leading letter keeps combining
/// marks from being escaped for their own sake.
pub(crate) fn printable(letter: char) -> bool {
    if letter.is_ascii() {
        return matches!(letter, ' '..='~');
    }
    let probe: String = ['a', letter].into_iter().collect();
    probe.escape_debug().count() == 2
}

/// The single letters of text, for functions that count them.
pub(crate) fn letters(text: &[u8]) -> usize {
    lossy(text).chars().count()
}
