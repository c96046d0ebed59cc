//! How long a certificate is used without asking.

use jiff::SignedDuration;

use super::LONGEST;
use crate::args::go_bool;

/// A working day.
const USUAL: SignedDuration = SignedDuration::from_hours(8);

/// A time; `None` if nothing is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CacheTime(pub(crate) Option<SignedDuration>);

impl CacheTime {
    /// A duration as Go writes them, at most [`LONGEST`]; or whether there is one at all.
    pub(crate) fn of(text: &str) -> Result<Self, String> {
        if text == "0" {
            return Ok(Self(None));
        }
        if let Some(kept) = go_bool(text) {
            return Ok(Self(kept.then_some(USUAL)));
        }
        let nanoseconds = template::go_duration(text).ok_or("write 30m, 8h or 0")?;
        let time = SignedDuration::from_nanos(nanoseconds);
        if time.is_negative() || time > LONGEST {
            return Err("at most 168h, a week".to_owned());
        }
        Ok(Self(Some(time).filter(|time| !time.is_zero())))
    }
}

/// For people.
pub(super) fn in_words(time: SignedDuration) -> String {
    let (number, unit) = match time.as_mins() {
        0 => return "less than a minute".to_owned(),
        minutes @ ..120 => (minutes, "minute"),
        minutes @ ..2880 => (minutes / 60, "hour"),
        minutes => (minutes / 60 / 24, "day"),
    };
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_truth_values() {
        let hours = |hours| Ok(Some(SignedDuration::from_hours(hours)));
        for (text, expected) in [
            ("true", hours(8)),
            ("1", hours(8)),
            ("2h", hours(2)),
            ("1h60m", hours(2)),
            ("168h", hours(168)),
            ("168h1s", Err(())),
            ("-1h", Err(())),
            ("false", Ok(None)),
            ("0", Ok(None)),
            ("0s", Ok(None)),
            ("2", Err(())),
            ("a day", Err(())),
            ("", Err(())),
        ] {
            let found = CacheTime::of(text).map(|time| time.0);
            assert_eq!(found.map_err(|_| ()), expected, "{text:?}");
        }
    }

    #[test]
    fn ages() {
        for (minutes, expected) in [
            (0, "less than a minute"),
            (1, "1 minute"),
            (119, "119 minutes"),
            (120, "2 hours"),
            (47 * 60, "47 hours"),
            (48 * 60, "2 days"),
        ] {
            assert_eq!(in_words(SignedDuration::from_mins(minutes)), expected);
        }
    }
}
