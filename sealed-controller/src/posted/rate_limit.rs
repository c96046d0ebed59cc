//! How much clients may ask for: each as upstream says (contract §5.2), and all of them together.

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use governor::clock::{Clock, MonotonicClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::state::{InMemoryState, NotKeyed};
use governor::{NotUntil, Quota, RateLimiter};

/// Set by the API server and other proxies.
const FORWARDED_FOR: &str = "x-forwarded-for";
const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// Bytes of a body that count as one unit of work: a value sealed for an RSA key of 4,096 bits has 708 or more.
const UNIT: usize = 512;
/// Units that all clients together may have worked on per second in the long run.
const UNITS_PER_SECOND: NonZeroU32 = NonZeroU32::new(200).unwrap();
/// Units ahead of that: four bodies of the largest size, or what thousands of objects come to.
const UNITS_AT_ONCE: NonZeroU32 = NonZeroU32::new(4 * (4_096 + 1)).unwrap();

/// Calls to key services that all clients together may cause per second: a fortieth of what objects may.
const CALLS_PER_SECOND: NonZeroU32 = NonZeroU32::new(5).unwrap();
/// Calls ahead of that: two for each data key that an object may have.
const CALLS_AT_ONCE: NonZeroU32 = NonZeroU32::new(128).unwrap();

/// What each client may ask for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    /// Requests per second in the long run.
    pub(crate) per_second: NonZeroU32,
    /// Requests ahead of that.
    pub(crate) burst: u32,
}

/// All limits.
pub(crate) struct RateLimits<C: Clock = MonotonicClock> {
    clock: C,
    /// By slot: however many clients someone pretends to be, there are no more than 65,536. Two clients that share
    /// one share its rate; which do is another matter in each process.
    each: RateLimiter<u16, HashMapStateStore<u16>, C, StateInformationMiddleware>,
    slots: RandomState,
    units: Shared<C>,
    calls: Shared<C>,
}

/// For all clients together.
type Shared<C> = RateLimiter<NotKeyed, InMemoryState, C, StateInformationMiddleware>;

/// Where a client stands: what the headers tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    limit: u32,
    remaining: u32,
    /// Until the whole burst is there again.
    reset: Duration,
    /// How long to wait, if the request is one too many.
    retry_after: Option<Duration>,
}

/// More than all clients together may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Excess {
    /// Until then.
    For(Duration),
    /// One request asks for more than there ever is.
    Always,
}

impl RateLimits {
    pub(crate) fn new(rate: Rate) -> Self {
        Self::with_clock(rate, MonotonicClock)
    }
}

impl<C: Clock + Clone> RateLimits<C> {
    fn with_clock(rate: Rate, clock: C) -> Self {
        // Upstream's limiter takes a burst for what comes besides the first request.
        let burst = NonZeroU32::MIN.saturating_add(rate.burst);
        let each = Quota::per_second(rate.per_second).allow_burst(burst);
        let units = Quota::per_second(UNITS_PER_SECOND).allow_burst(UNITS_AT_ONCE);
        let calls = Quota::per_second(CALLS_PER_SECOND).allow_burst(CALLS_AT_ONCE);
        Self {
            each: RateLimiter::hashmap_with_clock(each, clock.clone()).with_middleware(),
            slots: RandomState::new(),
            units: RateLimiter::direct_with_clock(units, clock.clone()).with_middleware(),
            calls: RateLimiter::direct_with_clock(calls, clock.clone()).with_middleware(),
            clock,
        }
    }

    /// Counts a request of whoever sends these headers to this path.
    pub(crate) fn admit(&self, headers: &HeaderMap, path: &str) -> Standing {
        let slot = self.slot((client(headers), path));
        match self.each.check_key(&slot) {
            Ok(state) => {
                let limit = state.quota().burst_size().get();
                let remaining = state.remaining_burst_capacity();
                Standing {
                    limit,
                    remaining,
                    reset: state.quota().replenish_interval() * limit.saturating_sub(remaining),
                    retry_after: None,
                }
            }
            Err(not_until) => {
                let limit = not_until.quota().burst_size().get();
                let wait = self.wait(&not_until);
                Standing {
                    limit,
                    remaining: 0,
                    reset: wait + not_until.quota().replenish_interval() * (limit - 1),
                    retry_after: Some(wait),
                }
            }
        }
    }

    /// A number for whoever sends these headers, whatever the path.
    pub(crate) fn client(&self, headers: &HeaderMap) -> u16 {
        self.slot(client(headers))
    }

    fn slot(&self, of: impl Hash) -> u16 {
        let [one, other, ..] = self.slots.hash_one(of).to_le_bytes();
        u16::from_le_bytes([one, other])
    }

    /// Counts the work on a body of this length.
    pub(crate) fn charge(&self, length: usize) -> Result<(), Excess> {
        self.take(&self.units, 1 + length / UNIT)
    }

    /// Counts calls to key services.
    pub(crate) fn charge_calls(&self, calls: usize) -> Result<(), Excess> {
        self.take(&self.calls, calls)
    }

    fn take(&self, limiter: &Shared<C>, number: usize) -> Result<(), Excess> {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        let Some(number) = NonZeroU32::new(number) else {
            return Ok(());
        };
        match limiter.check_n(number) {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(not_until)) => Err(Excess::For(self.wait(&not_until))),
            Err(_) => Err(Excess::Always),
        }
    }

    fn wait(&self, not_until: &NotUntil<C::Instant>) -> Duration {
        not_until.wait_time_from(self.clock.now())
    }
}

impl Standing {
    pub(crate) fn is_limited(&self) -> bool {
        self.retry_after.is_some()
    }

    /// Writes upstream's headers.
    pub(crate) fn tell(&self, headers: &mut HeaderMap) {
        headers.insert(LIMIT, self.limit.into());
        headers.insert(REMAINING, self.remaining.into());
        headers.insert(RESET, seconds(self.reset));
        if let Some(wait) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds(wait));
        }
    }
}

/// Whole seconds, rounded up.
pub(crate) fn seconds(duration: Duration) -> HeaderValue {
    let more = u64::from(duration.subsec_nanos() > 0);
    duration.as_secs().saturating_add(more).into()
}

/// Who asks, as the nearest proxy saw it. What stands before that is the client's own word; upstream takes it in, so
/// that a client escapes with a header of its own.
fn client(headers: &HeaderMap) -> String {
    let header = headers.get_all(FORWARDED_FOR).into_iter().next_back();
    let text = header
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let nearest = text.rsplit(',').next().unwrap_or_default();
    nearest.trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn limits() -> (RateLimits<FakeRelativeClock>, FakeRelativeClock) {
        let rate = Rate {
            per_second: NonZeroU32::new(2).unwrap(),
            burst: 2,
        };
        let clock = FakeRelativeClock::default();
        (RateLimits::with_clock(rate, clock.clone()), clock)
    }

    fn from(client: &str) -> HeaderMap {
        let value = HeaderValue::from_str(client).unwrap();
        [(HeaderName::from_static(FORWARDED_FOR), value)]
            .into_iter()
            .collect()
    }

    /// The numbers of throttled 2.2.5 for `PerSec(2)` and a burst of 2.
    #[test]
    fn headers_are_upstreams() {
        let (limits, clock) = limits();
        let told = || {
            let mut headers = HeaderMap::new();
            limits
                .admit(&from("10.0.0.1"), "/v1/verify")
                .tell(&mut headers);
            let text = |name| Some(headers.get(name)?.to_str().unwrap().to_owned());
            [LIMIT, REMAINING, RESET, header::RETRY_AFTER]
                .map(|name| text(name).unwrap_or_default())
        };
        for (milliseconds, expected) in [
            (0, ["3", "2", "1", ""]),
            (0, ["3", "1", "1", ""]),
            (0, ["3", "0", "2", ""]),
            (0, ["3", "0", "2", "1"]),
            (400, ["3", "0", "2", "1"]),
            (100, ["3", "0", "2", ""]),
            (9_000, ["3", "2", "1", ""]),
        ] {
            clock.advance(Duration::from_millis(milliseconds));
            assert_eq!(told(), expected);
        }
    }

    #[test]
    fn a_header_of_ones_own_makes_nobody_else() {
        let (limits, _) = limits();
        for number in 0..4 {
            let spoofed = from(&format!("10.9.9.{number}, 10.0.0.1"));
            let standing = limits.admit(&spoofed, "/v1/verify");
            assert_eq!(standing.is_limited(), number == 3);
        }
        assert!(!limits.admit(&from("10.0.0.1"), "/v1/rotate").is_limited());
    }

    #[test]
    fn all_together_are_limited_by_the_work() {
        let (limits, clock) = limits();
        let largest = 2 << 20;
        for _ in 0..4 {
            assert_eq!(limits.charge(largest), Ok(()));
        }
        assert!(matches!(limits.charge(1), Err(Excess::For(_))));
        clock.advance(Duration::from_millis(5));
        assert_eq!(limits.charge(1), Ok(()));
        assert_eq!(limits.charge(usize::MAX), Err(Excess::Always));
        assert_eq!(limits.charge_calls(0), Ok(()));
        assert_eq!(limits.charge_calls(128), Ok(()));
        assert!(matches!(limits.charge_calls(1), Err(Excess::For(_))));
        assert_eq!(limits.charge_calls(129), Err(Excess::Always));
    }
}
