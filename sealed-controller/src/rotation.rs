//! When a new sealing key is due: pure (contract §5.1).

use jiff::{SignedDuration, Timestamp};

/// What to do about the sealing key now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Renewal {
    /// Make a key now.
    Due,
    /// Look again after this time.
    In(SignedDuration),
    /// Keys are renewed by hand only.
    Never,
}

/// Decides from the age of the newest key; `period` zero means no automatic renewal. Without any
/// key one is due, whatever the period.
pub(crate) fn renewal(
    newest: Option<Timestamp>,
    period: SignedDuration,
    now: Timestamp,
) -> Renewal {
    let Some(newest) = newest else {
        return Renewal::Due;
    };
    if period.is_zero() {
        return Renewal::Never;
    }
    let left = period.saturating_sub(now.duration_since(newest));
    if left.is_positive() {
        Renewal::In(left)
    } else {
        Renewal::Due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renews_when_the_newest_key_is_as_old_as_the_period() {
        let hours = SignedDuration::from_hours;
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        for (age, period, expected) in [
            (None, 720, Renewal::Due),
            (None, 0, Renewal::Due),
            (Some(1), 0, Renewal::Never),
            (Some(1), 720, Renewal::In(hours(719))),
            (Some(719), 720, Renewal::In(hours(1))),
            (Some(720), 720, Renewal::Due),
            (Some(9_999), 720, Renewal::Due),
            // A certificate from the future (clock set back) is young, not overdue.
            (Some(-1), 720, Renewal::In(hours(721))),
        ] {
            let newest = age.map(|age| now - hours(age));
            assert_eq!(
                renewal(newest, hours(period), now),
                expected,
                "{age:?} {period}"
            );
        }
    }
}
