//! Few calls to KMS: what was unwrapped a moment ago is not unwrapped again.
//!
//! Own, not a cache from the shelf: those (such as `moka`) let expired and evicted values lie in memory until
//! some later use clears them away, and have a clock that tests cannot hold.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::future::Future;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, sleep_until};
use zeroize::Zeroizing;

use crate::error::{Action, KmsError, KmsFault};
use crate::rate_limit::RateLimit;

/// Bounds of an [`UnwrapCache`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheOptions {
    /// Entries at most; the oldest goes first. With zero nothing is kept.
    pub capacity: usize,
    /// How long an entry lives, used or not.
    pub ttl: Duration,
    /// Unwraps per second, over all keys.
    pub per_second: NonZeroU32,
    /// Unwraps that may run ahead of that after a rest.
    pub burst: NonZeroU32,
    /// Callers at most that wait for an unwrap, of their own or of others, or for their turn.
    pub waiting: usize,
}

impl Default for CacheOptions {
    fn default() -> Self {
        Self {
            capacity: 10_000,
            ttl: Duration::from_mins(15),
            per_second: NonZeroU32::MIN.saturating_add(49),
            burst: NonZeroU32::MIN.saturating_add(99),
            waiting: 1_000,
        }
    }
}

/// Unwrapped data keys by the digest of wrap and recipient: bounded, wiped when they leave, one unwrap at a
/// time for each digest, so many per second for all of them.
///
/// Failures are not kept, but those who wait for the same unwrap share its failure. If its caller gives up
/// (is dropped), one of them goes on with an unwrap of its own. Needs a tokio runtime.
pub struct UnwrapCache {
    options: CacheOptions,
    state: Arc<Mutex<State>>,
    rate: RateLimit,
    places: Semaphore,
}

type Digest = [u8; 32];
type Secret = Arc<Zeroizing<Vec<u8>>>;
type Answer = Result<Secret, KmsError>;

impl UnwrapCache {
    /// An empty one.
    pub fn new(options: CacheOptions) -> Self {
        Self {
            options,
            state: Arc::default(),
            rate: RateLimit::new(options.per_second, options.burst),
            places: Semaphore::new(options.waiting.min(Semaphore::MAX_PERMITS)),
        }
    }

    /// What belongs to `digest`, from memory or from `unwrap`, which is not even started if it is not needed.
    ///
    /// # Errors
    /// That of `unwrap`, or [`KmsFault::Busy`] if too many wait already.
    pub async fn get_or_unwrap(
        &self,
        digest: Digest,
        unwrap: impl Future<Output = Result<Zeroizing<Vec<u8>>, KmsError>>,
    ) -> Result<Arc<Zeroizing<Vec<u8>>>, KmsError> {
        if let Some(secret) = self.known(&digest) {
            return Ok(secret);
        }
        let _place = self.places.try_acquire().map_err(|_| busy())?;
        let flight = loop {
            match self.board(digest) {
                Seat::Known(secret) => return Ok(secret),
                Seat::Passenger(mut landing) => {
                    // Closed without an answer: whoever unwrapped gave up.
                    if let Ok(answer) = landing.wait_for(Option::is_some).await
                        && let Some(answer) = answer.clone()
                    {
                        return answer;
                    }
                }
                Seat::Pilot(flight) => break flight,
            }
        };
        self.rate.turn().await;
        let answer = unwrap.await.map(Arc::new);
        flight.land(answer.clone(), self.options);
        answer
    }

    /// What belongs to `digest`, if it is in memory: nothing is called, no turn used up.
    pub fn known(&self, digest: &[u8; 32]) -> Option<Arc<Zeroizing<Vec<u8>>>> {
        lock(&self.state).get(digest)
    }

    /// Drops what belongs to `digest`: it turned out to be worth nothing.
    pub fn forget(&self, digest: &[u8; 32]) {
        lock(&self.state).forget(digest);
    }

    /// Data keys in memory now.
    pub fn entries(&self) -> usize {
        let mut state = lock(&self.state);
        state.expire(Instant::now());
        state.kept.len()
    }

    fn board(&self, digest: Digest) -> Seat<'_> {
        let mut state = lock(&self.state);
        if let Some(secret) = state.get(&digest) {
            return Seat::Known(secret);
        }
        if let Some(landing) = state.flights.get(&digest) {
            return Seat::Passenger(landing.clone());
        }
        let (announce, landing) = watch::channel(None);
        state.flights.insert(digest, landing);
        Seat::Pilot(Flight {
            state: &self.state,
            digest,
            announce,
        })
    }
}

impl fmt::Debug for UnwrapCache {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("UnwrapCache")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// A caller's part in an unwrap.
enum Seat<'a> {
    /// None: it is there.
    Known(Secret),
    /// Waits for another's.
    Passenger(watch::Receiver<Option<Answer>>),
    /// Unwraps, for others too.
    Pilot(Flight<'a>),
}

/// The one unwrap of a digest that is under way; gone from the list when it is dropped.
struct Flight<'a> {
    state: &'a Arc<Mutex<State>>,
    digest: Digest,
    announce: watch::Sender<Option<Answer>>,
}

impl Flight<'_> {
    /// Keeps a success, and tells all who wait.
    fn land(self, answer: Answer, options: CacheOptions) {
        if let Ok(secret) = &answer {
            let mut state = lock(self.state);
            state.keep(self.digest, Arc::clone(secret), options);
            if !state.sweeping && !state.order.is_empty() {
                state.sweeping = true;
                tokio::spawn(sweep(Arc::downgrade(self.state)));
            }
        }
        self.announce.send_replace(Some(answer));
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        lock(self.state).flights.remove(&self.digest);
    }
}

#[derive(Default)]
struct State {
    kept: HashMap<Digest, Secret>,
    /// Everything in `kept`, by age: as all live equally long, also the order in which they expire.
    order: VecDeque<(Instant, Digest)>,
    flights: HashMap<Digest, watch::Receiver<Option<Answer>>>,
    /// Whether a task is there that removes what expires.
    sweeping: bool,
}

impl State {
    fn get(&mut self, digest: &Digest) -> Option<Secret> {
        self.expire(Instant::now());
        self.kept.get(digest).cloned()
    }

    fn keep(&mut self, digest: Digest, secret: Secret, options: CacheOptions) {
        if options.capacity == 0 {
            return;
        }
        while self.kept.len() >= options.capacity {
            self.drop_oldest();
        }
        if self.kept.insert(digest, secret).is_none() {
            self.order.push_back((Instant::now() + options.ttl, digest));
        }
    }

    fn forget(&mut self, digest: &Digest) {
        if self.kept.remove(digest).is_some() {
            self.order.retain(|(_, kept)| kept != digest);
        }
    }

    fn expire(&mut self, now: Instant) {
        while self.order.front().is_some_and(|(end, _)| *end <= now) {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some((_, digest)) = self.order.pop_front() {
            self.kept.remove(&digest);
        }
    }
}

/// Removes entries when their time is over, not when somebody next looks.
async fn sweep(state: Weak<Mutex<State>>) {
    while let Some(end) = next_end(&state) {
        sleep_until(end).await;
    }
}

fn next_end(state: &Weak<Mutex<State>>) -> Option<Instant> {
    let state = state.upgrade()?;
    let mut state = lock(&state);
    state.expire(Instant::now());
    let next = state.order.front().map(|(end, _)| *end);
    state.sweeping = next.is_some();
    next
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn busy() -> KmsError {
    KmsError {
        action: Action::Decrypt,
        key: "any key".into(),
        fault: KmsFault::Busy,
    }
}
