//! Credentials of one identity in one region: asked for once for all, renewed in time, and not asked for
//! again at once after a failure.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_credential_types::Credentials;
use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use tokio::time::Instant;

use crate::error::IdentityError;

/// What everybody who waits gets.
pub(crate) type Granted = Result<Credentials, IdentityError>;

/// Pauses after failures: the first, and the longest (jitter at most doubles them).
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(1));

/// What was given is used for so long at least, whatever expiry the clocks make of it, and whoever says that
/// it has expired: AWS STS is not asked for each call that fails.
const LEAST: Duration = Duration::from_secs(10);

/// What a source gave.
pub(crate) struct Grant {
    pub(crate) credentials: Credentials,
    /// None does not expire.
    pub(crate) lifetime: Option<Duration>,
}

/// Why a source gave nothing.
pub(crate) struct Refusal {
    pub(crate) error: IdentityError,
    /// Whether it is those who assume the role that have none: they have a pause of their own.
    pub(crate) is_parents: bool,
}

pub(crate) type Asked = BoxFuture<'static, Result<Grant, Refusal>>;
type Flight = Shared<BoxFuture<'static, Granted>>;

/// Credentials of one identity in one region.
pub(crate) struct Session {
    /// Between 0 and 1: the same identity is renewed at the same age, and not with all others.
    spread: f64,
    state: Mutex<State>,
}

struct State {
    held: Option<Held>,
    flight: Option<Flight>,
    /// Until then there is no other attempt.
    setback: Option<(Instant, IdentityError)>,
    pauses: Option<ExponentialBackoff>,
    used: Instant,
}

#[derive(Clone)]
struct Held {
    credentials: Credentials,
    since: Instant,
    /// From then on new ones are asked for.
    renew: Option<Instant>,
    /// From then on these are of no use.
    end: Option<Instant>,
}

impl Session {
    /// Nothing yet. `seed` is any number.
    pub(crate) fn new(seed: u32) -> Arc<Self> {
        Arc::new(Self {
            spread: f64::from(seed) / f64::from(u32::MAX),
            state: Mutex::new(State {
                held: None,
                flight: None,
                setback: None,
                pauses: None,
                used: Instant::now(),
            }),
        })
    }

    /// The credentials; `ask` makes the question to their source, if it must be asked.
    pub(crate) async fn credentials(self: Arc<Self>, ask: impl FnOnce() -> Asked) -> Granted {
        let flight = {
            let now = Instant::now();
            let mut state = self.state();
            state.used = now;
            let held = state.held.clone().filter(|held| !is_past(held.end, now));
            let setback = state.setback.clone().filter(|(until, _)| now < *until);
            match (held, setback) {
                (Some(held), None) if is_past(held.renew, now) => {
                    // The old ones do until the new ones are there.
                    drop(self.join(&mut state, ask));
                    return Ok(held.credentials);
                }
                (Some(held), _) => return Ok(held.credentials),
                (None, Some((_, error))) => return Err(error),
                (None, None) => self.join(&mut state, ask),
            }
        };
        flight.await
    }

    /// AWS says that they have expired.
    pub(crate) fn forget(&self) {
        let mut state = self.state();
        if let Some(held) = &state.held
            && held.since.elapsed() >= LEAST
        {
            state.held = None;
        }
    }

    /// Whether anybody asked within this time.
    pub(crate) fn is_used(&self, within: Duration) -> bool {
        let state = self.state();
        state.flight.is_some() || state.used.elapsed() < within
    }

    /// The question that is under way, or a new one, in a task of its own.
    fn join(self: &Arc<Self>, state: &mut State, ask: impl FnOnce() -> Asked) -> Flight {
        if let Some(flight) = &state.flight {
            return flight.clone();
        }
        let (session, asked) = (Arc::clone(self), ask());
        let task = tokio::spawn(async move {
            let began = Instant::now();
            let answer = asked.await;
            session.landed(began, answer)
        });
        let flight = async move {
            match task.await {
                Ok(granted) => granted,
                // It panicked, or the process ends.
                Err(_) => Err(IdentityError::interrupted()),
            }
        };
        let flight = flight.boxed().shared();
        state.flight = Some(flight.clone());
        flight
    }

    fn landed(&self, began: Instant, answer: Result<Grant, Refusal>) -> Granted {
        let mut state = self.state();
        state.flight = None;
        match answer {
            Ok(grant) => {
                let held = self.hold(began, grant);
                let credentials = held.credentials.clone();
                state.held = Some(held);
                state.setback = None;
                state.pauses = None;
                Ok(credentials)
            }
            Err(refusal) => {
                if !refusal.is_parents {
                    let pause = state.next_pause();
                    state.setback = Some((Instant::now() + pause, refusal.error.clone()));
                }
                Err(refusal.error)
            }
        }
    }

    /// Renewed after 80 to 90 % of its lifetime, of no use in the last tenth of it or the last minute: a call
    /// takes time, too.
    fn hold(&self, since: Instant, grant: Grant) -> Held {
        let lifetime = grant.lifetime.map(|lifetime| lifetime.max(LEAST));
        Held {
            credentials: grant.credentials,
            since,
            renew: lifetime.map(|it| since + it.mul_f64(0.8 + 0.1 * self.spread)),
            end: lifetime.map(|it| since + it - (it / 10).min(Duration::from_mins(1))),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn next_pause(&mut self) -> Duration {
        let pauses = self.pauses.get_or_insert_with(|| {
            ExponentialBuilder::new()
                .with_min_delay(PAUSES.0)
                .with_max_delay(PAUSES.1)
                .with_factor(2.0)
                .with_jitter()
                .without_max_times()
                .build()
        });
        pauses.next().unwrap_or(PAUSES.1)
    }
}

fn is_past(moment: Option<Instant>, now: Instant) -> bool {
    moment.is_some_and(|moment| moment <= now)
}
