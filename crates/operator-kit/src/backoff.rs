//! Per-object back-off: exponential, capped, with jitter, and it never gives up.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};

/// How long each failing object waits for its next try.
pub struct Backoff<K> {
    policy: ExponentialBuilder,
    cap: Duration,
    failing: Mutex<HashMap<K, ExponentialBackoff>>,
}

/// Waits that start at `first`, double up to `cap`, and never end; jitter at most doubles each.
pub fn policy(first: Duration, cap: Duration) -> ExponentialBuilder {
    ExponentialBuilder::new()
        .with_min_delay(first)
        .with_max_delay(cap)
        .with_factor(2.0)
        .with_jitter()
        .without_max_times()
}

impl<K: Eq + Hash> Backoff<K> {
    /// Starts at `first`, doubles up to `cap`.
    pub fn new(first: Duration, cap: Duration) -> Self {
        Self {
            policy: policy(first, cap),
            cap,
            failing: Mutex::default(),
        }
    }

    /// The wait after one more failure of `key`.
    pub fn next(&self, key: K) -> Duration {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        failing
            .entry(key)
            .or_insert_with(|| self.policy.build())
            .next()
            .unwrap_or(self.cap)
    }

    /// `key` succeeded, or is gone.
    pub fn reset(&self, key: &K) {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        failing.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_to_the_cap_and_never_ends() {
        let cap = Duration::from_mins(1);
        let backoff = Backoff::new(Duration::from_millis(200), cap);
        let waits: Vec<_> = (0..100).map(|_| backoff.next("a")).collect();
        assert!(waits[0] < Duration::from_millis(500), "{:?}", waits[0]);
        // Jitter adds at most the delay itself.
        assert!(waits[99] >= cap && waits[99] <= cap * 2, "{:?}", waits[99]);
        backoff.reset(&"a");
        assert!(backoff.next("a") < Duration::from_millis(500));
    }
}
