//! Errors that are kept, so that a question that failed is not asked again at once.

use std::hash::Hash;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use tokio::time::Instant;

use super::SharedLimits;
use super::bounded::Bounded;
use crate::error::SecretsError;

/// The last error of each question, up to a number.
pub(super) struct Faults<Q> {
    faults: Bounded<Q, Remembered>,
    waits: ExponentialBuilder,
}

struct Remembered {
    error: SecretsError,
    asked: Instant,
    due: Instant,
    waits: ExponentialBackoff,
}

impl<Q: Clone + Eq + Hash> Faults<Q> {
    /// With waits between tries that begin at the first of `retry` and double up to the last.
    pub(super) fn new(limits: &SharedLimits) -> Self {
        let (first, last) = limits.retry;
        Self {
            faults: Bounded::new(limits.keys, limits.all_keys.clone()),
            // Jitter adds at most the wait itself.
            waits: ExponentialBuilder::new()
                .with_min_delay(first / 2)
                .with_max_delay(last / 2)
                .with_factor(2.0)
                .with_jitter()
                .without_max_times(),
        }
    }

    /// The error of a question that was asked at `since` or later, and is not to be asked again yet.
    pub(super) fn get(&self, question: &Q, since: Instant, now: Instant) -> Option<&SecretsError> {
        let known = self.faults.get(question)?;
        (known.asked >= since && now < known.due).then_some(&known.error)
    }

    /// The last error of a question, if that is its last answer.
    pub(super) fn last(&self, question: &Q) -> Option<&SecretsError> {
        Some(&self.faults.get(question)?.error)
    }

    /// Whether the question may be asked: it did not fail, or its next try is due.
    pub(super) fn is_due(&self, question: &Q, now: Instant) -> bool {
        self.faults.get(question).is_none_or(|it| it.due <= now)
    }

    /// Keeps an error. Each one after another waits longer.
    pub(super) fn put(&mut self, question: &Q, asked: Instant, now: Instant, error: SecretsError) {
        let known = self.faults.remove(question);
        let mut waits = known.map_or_else(|| self.waits.build(), |known| known.waits);
        let wait = waits.next().unwrap_or_default();
        let due = now + wait;
        let remembered = || Remembered {
            error,
            asked,
            due,
            waits,
        };
        self.faults
            .entry(question.clone(), |known| known.asked, remembered);
    }

    /// The question was answered, or things have changed.
    pub(super) fn forget(&mut self, question: &Q) {
        self.faults.remove(question);
    }

    pub(super) fn forget_all(&mut self, of: impl Fn(&Q) -> bool) {
        self.faults.retain(|question| !of(question));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::error::{Operation, SecretsFault};

    fn limits(keys: usize) -> SharedLimits {
        SharedLimits {
            keys,
            retry: (Duration::from_secs(1), Duration::from_mins(5)),
            ..SharedLimits::default()
        }
    }

    fn error() -> SecretsError {
        SecretsError {
            operation: Operation::GetSecretValue,
            key: None,
            fault: SecretsFault::Missing,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn answers_until_the_next_try_which_comes_later_each_time() {
        let mut faults = Faults::new(&limits(10));
        let start = Instant::now();
        let later = start + Duration::from_nanos(1);
        let mut now = start;
        let mut longest = Duration::ZERO;
        for attempt in 0..20 {
            faults.put(&"a", start, now, error());
            assert!(faults.get(&"a", start, now).is_some());
            assert!(faults.get(&"a", later, now).is_none(), "a younger question");
            assert!(!faults.is_due(&"a", now));
            let due = faults.faults.get("a").unwrap().due;
            let wait = due - now;
            assert!(wait <= Duration::from_mins(5), "{attempt}: {wait:?}");
            longest = longest.max(wait);
            now = due;
            assert!(faults.get(&"a", start, now).is_none() && faults.is_due(&"a", now));
        }
        assert!(longest >= Duration::from_secs(150), "{longest:?}");
        faults.forget(&"a");
        faults.put(&"a", start, now, error());
        assert!(faults.faults.get("a").unwrap().due - now <= Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_give_way() {
        let mut faults = Faults::new(&limits(2));
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        for (second, name) in [(2, "b"), (1, "a"), (3, "c"), (3, "c")] {
            faults.put(&name, at(second), at(second), error());
        }
        let left = ["a", "b", "c"].map(|name| faults.last(&name).is_some());
        assert_eq!(left, [false, true, true]);
    }
}
