//! What a plain scalar means under YAML 1.1, as `yaml.v2` resolves it.

use crate::timestamp::is_timestamp;

/// The meaning of a scalar that was written without quotes.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Resolved {
    Null,
    Bool(bool),
    Int(i64),
    /// Above the range of `i64`.
    Uint(u64),
    Float(f64),
    /// Reads as text, but is written in quotes.
    Timestamp,
    Text,
}

/// Resolves a scalar without quotes and tag.
pub(crate) fn resolve(text: &str) -> Resolved {
    let Some(first) = text.bytes().next() else {
        return Resolved::Null;
    };
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => word(text),
        b'.' => match text {
            ".nan" | ".NaN" | ".NAN" => Resolved::Float(f64::NAN),
            ".inf" | ".Inf" | ".INF" => Resolved::Float(f64::INFINITY),
            _ => fraction(text).map_or(Resolved::Text, Resolved::Float),
        },
        b'+' | b'-' | b'0'..=b'9' => match text {
            "+.inf" | "+.Inf" | "+.INF" => Resolved::Float(f64::INFINITY),
            "-.inf" | "-.Inf" | "-.INF" => Resolved::Float(f64::NEG_INFINITY),
            _ if is_timestamp(text) => Resolved::Timestamp,
            _ => number(text),
        },
        _ => Resolved::Text,
    }
}

fn word(text: &str) -> Resolved {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Resolved::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Resolved::Bool(false)
        }
        "~" | "null" | "Null" | "NULL" => Resolved::Null,
        _ => Resolved::Text,
    }
}

/// A number that begins with a point. Unlike other numbers it has underscores only between digits.
fn fraction(text: &str) -> Option<f64> {
    if !text.contains('_') {
        return float(text);
    }
    let between_digits = text
        .split('_')
        .skip(1)
        .all(|part| part.starts_with(is_digit))
        && text
            .rsplit('_')
            .skip(1)
            .all(|part| part.ends_with(is_digit));
    between_digits.then(|| float(&text.replace('_', "")))?
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

fn number(text: &str) -> Resolved {
    // Underscores may stand anywhere in a YAML 1.1 number.
    let stripped;
    let plain = if text.contains('_') {
        stripped = text.replace('_', "");
        &stripped
    } else {
        text
    };
    integer(plain)
        .or_else(|| float(plain).map(Resolved::Float))
        .or_else(|| signed_binary(plain))
        .unwrap_or(Resolved::Text)
}

/// Go's `ParseInt` and `ParseUint` with base 0: `0x`, `0o`, `0b`, and a bare leading zero for octal.
fn integer(text: &str) -> Option<Resolved> {
    let (negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (digits, radix) = radix(unsigned)?;
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let size = if digits.is_empty() {
        0
    } else {
        u64::from_str_radix(digits, radix).ok()?
    };
    if negative {
        return 0_i64.checked_sub_unsigned(size).map(Resolved::Int);
    }
    match i64::try_from(size) {
        Ok(value) => Some(Resolved::Int(value)),
        // ParseUint takes no sign, so "+" and a large number is not an integer.
        Err(_) if text.starts_with('+') => None,
        Err(_) => Some(Resolved::Uint(size)),
    }
}

fn radix(digits: &str) -> Option<(&str, u32)> {
    let bytes = digits.as_bytes();
    if *bytes.first()? != b'0' {
        return Some((digits, 10));
    }
    Some(match bytes.get(1) {
        Some(b'x' | b'X') if bytes.len() > 2 => (&digits[2..], 16),
        Some(b'o' | b'O') if bytes.len() > 2 => (&digits[2..], 8),
        Some(b'b' | b'B') if bytes.len() > 2 => (&digits[2..], 2),
        _ => (&digits[1..], 8),
    })
}

/// A sign behind `0b`: an accident of `yaml.v2` that it reads nevertheless.
fn signed_binary(text: &str) -> Option<Resolved> {
    let digits = text.strip_prefix("0b")?;
    if !digits.starts_with(['+', '-']) {
        return None;
    }
    i64::from_str_radix(digits, 2).ok().map(Resolved::Int)
}

/// A decimal number with an optional exponent; `None` where the value leaves the range of `f64`.
fn float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let well_formed = digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|part| {
            let part = part.strip_prefix(['+', '-']).unwrap_or(part);
            !part.is_empty() && digits(part)
        });
    if !well_formed {
        return None;
    }
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolves_yaml_1_1() {
        let table = [
            ("", Resolved::Null),
            ("~", Resolved::Null),
            ("yes", Resolved::Bool(true)),
            ("nO", Resolved::Text),
            ("N", Resolved::Bool(false)),
            ("8080", Resolved::Int(8080)),
            ("010", Resolved::Int(8)),
            ("0o17", Resolved::Int(15)),
            ("08", Resolved::Float(8.0)),
            ("0x1F", Resolved::Int(31)),
            ("0b11", Resolved::Int(3)),
            ("-0b11", Resolved::Int(-3)),
            ("0b-1", Resolved::Int(-1)),
            ("1__0", Resolved::Int(10)),
            ("1_", Resolved::Int(1)),
            ("1.10", Resolved::Float(1.1)),
            ("12e4567", Resolved::Text),
            ("1e3", Resolved::Float(1000.0)),
            (".5", Resolved::Float(0.5)),
            (".5_0", Resolved::Float(0.5)),
            (".5_", Resolved::Text),
            (".", Resolved::Text),
            ("-", Resolved::Text),
            ("-9223372036854775808", Resolved::Int(i64::MIN)),
            ("18446744073709551615", Resolved::Uint(u64::MAX)),
            (
                "+18446744073709551615",
                Resolved::Float(18_446_744_073_709_551_615.0),
            ),
            ("2001-01-01", Resolved::Timestamp),
            ("<<", Resolved::Text),
            ("1:30", Resolved::Text),
            ("-.inf", Resolved::Float(f64::NEG_INFINITY)),
        ];
        for (text, expected) in table {
            assert!(resolve(text) == expected, "{text}");
        }
    }
}
