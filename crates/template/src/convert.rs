//! From one Go type to another, the way sprig does it (through `spf13/cast` and `fmt`).

use crate::dialect::Dialect;
use crate::error::Fault;
use crate::meter::Meter;
use crate::print;
use crate::value::{Text, Value};

/// `cast.ToInt64`: what cannot be read is 0. Their releases of it differ in text with a fraction.
pub(crate) fn to_integer(value: &Value, dialect: Dialect) -> i64 {
    match value {
        Value::Str(text) => {
            let text = text.chars();
            let whole = match dialect {
                Dialect::SealedSecrets => without_zeros(&text),
                Dialect::ExternalSecrets => without_fraction(&text),
            };
            parse_integer(whole).unwrap_or_default()
        }
        Value::Float(number) => truncate(*number),
        Value::Bool(yes) => i64::from(*yes),
        other => other.integer().unwrap_or_default(),
    }
}

/// `cast.ToFloat64`: what cannot be read is 0.
pub(crate) fn to_float(value: &Value) -> f64 {
    match value {
        Value::Str(text) => parse_float(&text.chars()).unwrap_or_default(),
        Value::Float(number) => *number,
        Value::Bool(yes) => f64::from(u8::from(*yes)),
        other => other.integer().map(widen).unwrap_or_default(),
    }
}

/// sprig's `strval`: text as it is, everything else as `%v` prints it.
pub(crate) fn to_text(value: &Value, meter: &mut Meter) -> Result<Text, Fault> {
    if let Value::Str(text) = value {
        return Ok(text.clone());
    }
    let mut buffer = meter.buffer();
    print::plain(&mut buffer, meter, value)?;
    meter.bytes(buffer.len())?;
    Ok(Text::new(buffer.into_bytes()))
}

/// Go's conversion of a float to an integer on amd64: the minimum when it does not fit.
#[expect(
    clippy::cast_possible_truncation,
    reason = "checked; what does not fit becomes Go's value on amd64"
)]
pub(crate) fn truncate(number: f64) -> i64 {
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&number) {
        number as i64
    } else {
        i64::MIN
    }
}

/// The nearest float.
#[expect(clippy::cast_precision_loss, reason = "Go rounds here too")]
pub(crate) fn widen(number: i64) -> f64 {
    number as f64
}

/// cast 1.7: a fraction of nothing but zeros is dropped.
fn without_zeros(text: &str) -> &str {
    match text.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') => {
            whole
        }
        _ => text,
    }
}

/// cast 1.10: any fraction of a decimal number is dropped.
fn without_fraction(text: &str) -> &str {
    let Some((whole, fraction)) = text.split_once('.') else {
        return text;
    };
    let digits = whole.strip_prefix(['+', '-']).unwrap_or(whole);
    let decimal = [digits, fraction]
        .iter()
        .all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    match (decimal, digits) {
        (false, _) => text,
        (true, "") => "0",
        (true, _) => whole,
    }
}

/// `strconv.ParseInt(s, 0, 64)`.
fn parse_integer(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    let digits = if lower.contains('_') {
        underscores(&lower, digits)?
    } else {
        digits.to_owned()
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let magnitude = i128::from(u64::from_str_radix(&digits, radix).ok()?);
    i64::try_from(if negative { -magnitude } else { magnitude }).ok()
}

/// Go allows single underscores between digits and after the base prefix.
fn underscores(whole: &str, digits: &str) -> Option<String> {
    let prefixed = whole.len() > digits.len();
    let rest = if prefixed {
        digits.strip_prefix('_').unwrap_or(digits)
    } else {
        digits
    };
    let good = !rest.starts_with('_') && !rest.ends_with('_') && !rest.contains("__");
    good.then(|| rest.replace('_', ""))
}

/// `strconv.ParseFloat`; what is out of range is an error.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    let number: f64 = text.parse().ok()?;
    let digits = text.bytes().any(|byte| byte.is_ascii_digit());
    (number.is_finite() || !digits).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_read_as_go_does() {
        for (text, expected) in [
            ("12", Some(12)),
            ("-0x1F", Some(-31)),
            ("010", Some(8)),
            ("0b11", Some(3)),
            ("3.5", None),
            ("1_000", Some(1000)),
            ("1__0", None),
            ("08", None),
            ("", None),
            (" 1", None),
            ("9223372036854775808", None),
            ("-9223372036854775808", Some(i64::MIN)),
        ] {
            assert_eq!(parse_integer(text), expected, "{text}");
        }
    }

    #[test]
    fn fractions_are_dropped_as_each_dialect_does() {
        for (text, sealed, external) in [
            ("3.00", 3, 3),
            ("3.5", 0, 3),
            ("-3.9", 0, -3),
            (".5", 0, 0),
            ("-.5", 0, 0),
            ("3.", 0, 3),
            ("1e3.5", 0, 0),
            ("1.5e3", 0, 0),
            ("0x1f.0", 31, 0),
            ("010.7", 0, 8),
            ("1.2.3", 0, 0),
        ] {
            let value = Value::text(text);
            let read = |dialect| to_integer(&value, dialect);
            assert_eq!(read(Dialect::SealedSecrets), sealed, "{text}");
            assert_eq!(read(Dialect::ExternalSecrets), external, "{text}");
        }
    }
}
