//! Spreading what would happen at the same time.

use std::time::Duration;

use jiff::SignedDuration;

/// The same wait or up to a tenth longer. What the store has is known without that: sweeps tell of changes
/// (`source`), so a refresh that is late hides nothing.
pub(crate) fn late(wait: SignedDuration) -> Duration {
    let wait = Duration::try_from(wait).unwrap_or_default();
    wait + wait.mul_f64(fastrand::f64() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_early_and_at_most_a_tenth_late() {
        let hour = SignedDuration::from_hours(1);
        for _ in 0..1000 {
            let wait = late(hour);
            assert!(wait >= Duration::from_hours(1) && wait <= Duration::from_mins(66));
        }
        assert_eq!(late(SignedDuration::ZERO), Duration::ZERO);
    }
}
