//! So many per second, as a bucket of tokens over tokio's clock.

use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Gives turns in the order of asking: a burst at once, the others at even intervals.
///
/// Kept as the one point in time at which the bucket will be full (generic cell rate algorithm), so there is
/// nothing to refill. A turn that is given up while waiting is lost.
pub(crate) struct RateLimit {
    interval: Duration,
    /// How far the bucket may be from full.
    burst: Duration,
    full_at: Mutex<Instant>,
}

impl RateLimit {
    pub(crate) fn new(per_second: NonZeroU32, burst: NonZeroU32) -> Self {
        let interval = Duration::from_secs(1) / per_second.get();
        Self {
            interval,
            burst: interval.saturating_mul(burst.get() - 1),
            full_at: Mutex::new(Instant::now()),
        }
    }

    /// Waits for a turn.
    pub(crate) async fn turn(&self) {
        let wait = self.reserve();
        if !wait.is_zero() {
            sleep(wait).await;
        }
    }

    fn reserve(&self) -> Duration {
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let missing = full_at.saturating_duration_since(now);
        *full_at = now + missing + self.interval;
        missing.saturating_sub(self.burst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Milliseconds after the start at which each of `turns` was given.
    async fn given(limit: &RateLimit, turns: usize) -> Vec<u128> {
        let start = Instant::now();
        let mut given = Vec::new();
        for _ in 0..turns {
            limit.turn().await;
            given.push(start.elapsed().as_millis());
        }
        given
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_then_even_intervals_then_a_burst_again() {
        let limit = RateLimit::new(NonZeroU32::new(10).unwrap(), NonZeroU32::new(3).unwrap());
        assert_eq!(given(&limit, 6).await, [0, 0, 0, 100, 200, 300]);
        tokio::time::advance(Duration::from_mins(1)).await;
        assert_eq!(given(&limit, 4).await, [0, 0, 0, 100]);
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_wait_together_go_one_by_one() {
        let limit = RateLimit::new(NonZeroU32::new(10).unwrap(), NonZeroU32::MIN);
        let start = Instant::now();
        let ((), (), ()) = tokio::join!(limit.turn(), limit.turn(), limit.turn());
        assert_eq!(start.elapsed(), Duration::from_millis(200));
    }
}
