//! Floating-point numbers in Go's spelling (`strconv.FormatFloat`, `encoding/json`).

/// Shortest digits of a finite number and the power of ten of the first digit.
struct Shortest {
    negative: bool,
    digits: String,
    exponent: i32,
}

impl Shortest {
    /// Takes apart what `serde_json` spells: like Go it writes the shortest digits that read back
    /// equal, and the even one of two that are as near.
    fn parse(spelled: &str) -> Self {
        let unsigned = spelled.trim_start_matches('-');
        let (mantissa, exponent) = unsigned.split_once('e').unwrap_or((unsigned, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = [whole, fraction].concat();
        let significant = all.trim_start_matches('0');
        let leading_zeros = width(&all) - width(significant);
        let digits = significant.trim_end_matches('0');
        let shift = width(whole) - leading_zeros - 1;
        let is_zero = digits.is_empty();
        Self {
            negative: spelled.starts_with('-'),
            digits: if is_zero { "0" } else { digits }.to_owned(),
            exponent: if is_zero {
                0
            } else {
                shift + exponent.parse().unwrap_or(0)
            },
        }
    }

    fn positional(&self) -> String {
        let mut out = self.sign();
        let Ok(point) = usize::try_from(self.exponent) else {
            out.push_str("0.");
            (1..self.exponent.unsigned_abs()).for_each(|_| out.push('0'));
            out.push_str(&self.digits);
            return out;
        };
        let whole = point + 1;
        if self.digits.len() <= whole {
            out.push_str(&self.digits);
            (self.digits.len()..whole).for_each(|_| out.push('0'));
        } else {
            out.push_str(&self.digits[..whole]);
            out.push('.');
            out.push_str(&self.digits[whole..]);
        }
        out
    }

    fn scientific(&self, exponent_width: usize) -> String {
        let mut out = self.sign();
        out.push_str(&self.digits[..1]);
        if self.digits.len() > 1 {
            out.push('.');
            out.push_str(&self.digits[1..]);
        }
        let sign = if self.exponent < 0 { '-' } else { '+' };
        let size = self.exponent.unsigned_abs();
        format!("{out}e{sign}{size:0exponent_width$}")
    }

    fn sign(&self) -> String {
        if self.negative {
            "-".to_owned()
        } else {
            String::new()
        }
    }
}

/// `FormatFloat(value, 'g', -1, 64)`: how `yaml.v2` writes a number.
pub(crate) fn general(value: f64) -> String {
    general_form(value, serde_json::to_string(&value))
}

/// `FormatFloat(value, 'g', -1, 32)`: how `sigs.k8s.io/yaml` turns a number into a string.
#[expect(
    clippy::cast_possible_truncation,
    reason = "Go narrows to 32 bits here, and digits are lost"
)]
pub(crate) fn general_narrow(value: f64) -> String {
    let narrow = value as f32;
    general_form(f64::from(narrow), serde_json::to_string(&narrow))
}

fn general_form(value: f64, spelled: serde_json::Result<String>) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let shortest = Shortest::parse(&spelled.unwrap_or_default());
    // Go chooses by the exponent alone when it writes the shortest digits: six whole digits, no more.
    if (-4..6).contains(&shortest.exponent) {
        shortest.positional()
    } else {
        shortest.scientific(2)
    }
}

/// `encoding/json`'s spelling of a finite number.
pub(crate) fn json(value: f64) -> String {
    let shortest = Shortest::parse(&serde_json::to_string(&value).unwrap_or_default());
    let size = value.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let width = if shortest.exponent < 0 { 1 } else { 2 };
        shortest.scientific(width)
    } else {
        shortest.positional()
    }
}

fn width(digits: &str) -> i32 {
    i32::try_from(digits.len()).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spells_numbers_as_go_does() {
        let table = [
            (1.0, "1", "1", "1"),
            (1.1, "1.1", "1.1", "1.1"),
            (-0.0, "-0", "-0", "-0"),
            (100_000.0, "100000", "100000", "100000"),
            (1_000_000.0, "1e+06", "1e+06", "1000000"),
            (
                123_456_789.0,
                "1.23456789e+08",
                "1.2345679e+08",
                "123456789",
            ),
            (0.000_1, "0.0001", "0.0001", "0.0001"),
            (0.000_012, "1.2e-05", "1.2e-05", "0.000012"),
            (1e-9, "1e-09", "1e-09", "1e-9"),
            (1e21, "1e+21", "1e+21", "1e+21"),
            (
                -2_857_960_986_257_405.0 / 4.0,
                "-7.144902465643512e+14",
                "-7.144902e+14",
                "-714490246564351.2",
            ),
            (12.5, "12.5", "12.5", "12.5"),
            (1e300, "1e+300", "+Inf", "1e+300"),
        ];
        for (value, wide, narrow, in_json) in table {
            assert_eq!(general(value), wide);
            assert_eq!(general_narrow(value), narrow);
            assert_eq!(json(value), in_json);
        }
    }
}
