//! Floating-point numbers as Go's strconv writes them.

/// The shortest text that reads back as the same number, as `%v` prints it.
pub(crate) fn shortest(number: f64) -> String {
    if let Some(special) = special(number) {
        return special.to_owned();
    }
    let exponent = exponent(&format!("{number:e}"));
    if (-4..6).contains(&exponent) {
        format!("{number}")
    } else {
        scientific(number, None)
    }
}

/// `%e`: at least two digits of exponent, with sign.
pub(crate) fn scientific(number: f64, precision: Option<usize>) -> String {
    let text = match precision {
        Some(digits) => format!("{number:.digits$e}"),
        None => format!("{number:e}"),
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, digits) = exponent
        .strip_prefix('-')
        .map_or(('+', exponent), |digits| ('-', digits));
    format!("{mantissa}e{sign}{digits:0>2}")
}

/// `%g` with a precision: significant digits, without trailing zeros.
pub(crate) fn general(number: f64, precision: Option<usize>) -> String {
    let Some(precision) = precision else {
        return shortest(number);
    };
    let digits = precision.max(1);
    let rounded = format!("{number:.*e}", digits - 1);
    let exponent = exponent(&rounded);
    let limit = i32::try_from(digits).unwrap_or(i32::MAX);
    if exponent < -4 || exponent >= limit {
        let text = scientific(number, Some(digits - 1));
        let (mantissa, tail) = text.split_once('e').unwrap_or((&text, "+00"));
        return format!("{}e{tail}", trimmed(mantissa));
    }
    let decimals = usize::try_from(limit - 1 - exponent).unwrap_or_default();
    trimmed(&format!("{number:.decimals$}")).to_owned()
}

/// The names of what is no number.
pub(crate) fn special(number: f64) -> Option<&'static str> {
    if number.is_nan() {
        Some("NaN")
    } else if number.is_infinite() {
        Some(if number > 0.0 { "+Inf" } else { "-Inf" })
    } else {
        None
    }
}

/// JSON: decimal between 1e-6 and 1e21, else with an exponent without padding.
pub(crate) fn json(number: f64) -> String {
    let size = number.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = scientific(number, None);
        return text.replace("e-0", "e-");
    }
    format!("{number}")
}

fn exponent(scientific: &str) -> i32 {
    scientific
        .split_once('e')
        .and_then(|(_, exponent)| exponent.parse().ok())
        .unwrap_or_default()
}

fn trimmed(text: &str) -> &str {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    }
}
