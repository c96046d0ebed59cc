//! Decimal arithmetic on floats, as sprig does it: 0.1 + 0.2 is 0.3.

use crate::error::Failure;

/// Digits after the point of a quotient.
const DIVISION_DIGITS: i32 = 16;

/// `digits · 10^exponent`. What does not fit is refused.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decimal {
    digits: i128,
    exponent: i32,
}

impl Decimal {
    /// The shortest decimal that reads back as this float.
    pub(crate) fn from_float(number: f64) -> Result<Self, Failure> {
        if !number.is_finite() {
            return Err(Failure::OutOfRange);
        }
        let text = format!("{number:e}");
        let (mantissa, exponent) = text.split_once('e').ok_or(Failure::OutOfRange)?;
        let decimals = mantissa
            .split_once('.')
            .map_or(0, |(_, decimals)| decimals.len());
        let digits = mantissa
            .replace('.', "")
            .parse()
            .map_err(|_| Failure::OutOfRange)?;
        let exponent: i32 = exponent.parse().map_err(|_| Failure::OutOfRange)?;
        let decimals = i32::try_from(decimals).map_err(|_| Failure::OutOfRange)?;
        Ok(Self {
            digits,
            exponent: exponent - decimals,
        })
    }

    /// The nearest float.
    pub(crate) fn to_float(self) -> f64 {
        format!("{}e{}", self.digits, self.exponent)
            .parse()
            .unwrap_or_default()
    }

    pub(crate) fn add(self, other: Self) -> Result<Self, Failure> {
        let exponent = self.exponent.min(other.exponent);
        let (left, right) = (self.scaled(exponent)?, other.scaled(exponent)?);
        Ok(Self {
            digits: left.checked_add(right).ok_or(Failure::OutOfRange)?,
            exponent,
        })
    }

    pub(crate) fn sub(self, other: Self) -> Result<Self, Failure> {
        self.add(Self {
            digits: -other.digits,
            ..other
        })
    }

    pub(crate) fn mul(self, other: Self) -> Result<Self, Failure> {
        let digits = self
            .digits
            .checked_mul(other.digits)
            .ok_or(Failure::OutOfRange)?;
        let exponent = self
            .exponent
            .checked_add(other.exponent)
            .ok_or(Failure::OutOfRange)?;
        Ok(Self { digits, exponent })
    }

    /// Rounded half away from zero.
    pub(crate) fn div(self, other: Self) -> Result<Self, Failure> {
        if other.digits == 0 {
            return Err(Failure::DivisionByZero);
        }
        let shift = DIVISION_DIGITS
            .checked_add(self.exponent)
            .and_then(|shift| shift.checked_sub(other.exponent));
        let shift = shift.ok_or(Failure::OutOfRange)?;
        let (dividend, divisor) = if shift >= 0 {
            (
                self.digits
                    .checked_mul(power(shift)?)
                    .ok_or(Failure::OutOfRange)?,
                other.digits,
            )
        } else {
            (
                self.digits,
                other
                    .digits
                    .checked_mul(power(-shift)?)
                    .ok_or(Failure::OutOfRange)?,
            )
        };
        let (quotient, rest) = (dividend / divisor, dividend % divisor);
        let away = if (dividend < 0) == (divisor < 0) {
            1
        } else {
            -1
        };
        let round = rest.unsigned_abs() >= divisor.unsigned_abs() - rest.unsigned_abs();
        Ok(Self {
            digits: quotient + if round { away } else { 0 },
            exponent: -DIVISION_DIGITS,
        })
    }

    fn scaled(self, exponent: i32) -> Result<i128, Failure> {
        self.digits
            .checked_mul(power(self.exponent - exponent)?)
            .ok_or(Failure::OutOfRange)
    }
}

fn power(exponent: i32) -> Result<i128, Failure> {
    let exponent = u32::try_from(exponent).map_err(|_| Failure::OutOfRange)?;
    10_i128.checked_pow(exponent).ok_or(Failure::OutOfRange)
}
