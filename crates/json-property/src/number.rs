//! Numbers as Go reads and writes them.

/// As `strconv.ParseFloat`; what is no number is zero, what is too large is infinite.
pub(crate) fn parse(text: &[u8]) -> f64 {
    let text = std::str::from_utf8(text).unwrap_or_default();
    text.parse().unwrap_or_default()
}

/// As `strconv.FormatFloat(number, 'f', -1, 64)`: never with an exponent.
pub(crate) fn format(number: f64) -> Vec<u8> {
    if number == f64::INFINITY {
        return b"+Inf".to_vec();
    }
    if number == f64::NEG_INFINITY {
        return b"-Inf".to_vec();
    }
    number.to_string().into_bytes()
}

/// Digits only, with wrapping, as the indexes of arrays are read.
pub(crate) fn index(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| digit - b'0')?;
        Some(number.wrapping_mul(10).wrapping_add(digit.into()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_exponents() {
        for (text, formatted) in [
            ("1.50", "1.5"),
            ("1e21", "1000000000000000000000"),
            ("1e-7", "0.0000001"),
            ("-0.0", "-0"),
            ("1e999", "+Inf"),
            ("nan", "NaN"),
            ("12x", "0"),
        ] {
            assert_eq!(
                format(parse(text.as_bytes())),
                formatted.as_bytes(),
                "{text}"
            );
        }
    }
}
