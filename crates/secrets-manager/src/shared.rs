//! Values that everybody shares who asks as the same identity: one call for many, and one for twenty.

mod batch;
mod bounded;
mod budget;
mod check;
mod faults;
mod find;
mod flights;
mod listing;
mod pace;
mod pages;
mod standing;
mod store;
mod sweep;
mod tags;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_edge::CallFault;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::client::{BATCH, SecretsManager};
use crate::error::{Operation, SecretsError, SecretsFault};
use crate::key as keys;
use crate::observer::Saved;
use crate::value::SecretValue;
use crate::version::Version;
use bounded::Bounded;
use faults::Faults;
use flights::{Flight, Flights};
use listing::Listing;
use pace::{End, Pace};
use standing::{Failure, Standing};
use store::Store;
use sweep::{Budget, Swept};
use tags::Tags;

pub use bounded::KeyBudget;
pub use budget::ValueBudget;
pub use check::Checked;
pub use tags::Tagged;

/// What a question came to.
pub type Answered = Result<Arc<SecretValue>, SecretsError>;

/// How much is kept, and how much is asked at a time.
#[derive(Clone, Debug)]
pub struct SharedLimits {
    /// What is taken of for values that are kept. One for several [`SharedValues`] bounds all of them together:
    /// each gives up its own oldest values when nothing is left, and keeps none if it has none.
    pub budget: ValueBudget,
    /// Keys of which anything is remembered besides: their version, their last error, their tags.
    pub keys: usize,
    /// What is taken of for them. One for several [`SharedValues`] bounds all of them together.
    pub all_keys: KeyBudget,
    /// Calls at the same time.
    pub calls: usize,
    /// `BatchGetSecretValue` and `ListSecrets` in a second, each. AWS answers 100 to a whole account.
    pub per_second: u32,
    /// How long a question waits for others that go with it.
    pub gather: Duration,
    /// How long an identity that may not ask for many at once, or not list, is not asked to.
    pub forgo: Duration,
    /// The longest wait before a question that failed is asked again, for the first time and at last. It
    /// doubles in between, and may be half as long.
    pub retry: (Duration, Duration),
}

impl Default for SharedLimits {
    fn default() -> Self {
        Self {
            budget: ValueBudget::default(),
            keys: 50_000,
            all_keys: KeyBudget::default(),
            calls: 16,
            per_second: 20,
            gather: Duration::from_millis(10),
            forgo: Duration::from_mins(10),
            retry: (Duration::from_secs(1), Duration::from_mins(5)),
        }
    }
}

/// The values of one identity in one region. Clones are one.
///
/// Whoever asks says how old an answer may be. Questions that are under way are joined, questions that come
/// at the same time go together. A question that was asked is answered even if nobody waits any more: the
/// next one finds the value. Errors are answers, too, until the next try is due.
#[derive(Clone)]
pub struct SharedValues(Arc<Inner>);

struct Inner {
    manager: SecretsManager,
    limits: SharedLimits,
    pace: Pace,
    state: Mutex<State>,
}

type Question = (String, Version);

struct State {
    store: Store,
    faults: Faults<Question>,
    standings: Bounded<String, Standing>,
    flights: Flights<Question, Answered>,
    /// Current values that wait for company.
    waiting: Vec<(String, oneshot::Sender<Answered>)>,
    /// How many went together so far.
    batches: u64,
    /// Until then single calls are made.
    no_batches: Option<Instant>,
    /// The newest.
    listing: Option<Arc<Listing>>,
    /// What the last sweep cost, or at least would have.
    pages: Option<usize>,
    sweeps: Flights<Budget, Swept>,
    /// Until then nothing is listed.
    no_listing: Option<Instant>,
    forgo: Duration,
    tags: Tags,
}

impl SharedValues {
    /// For everyone who asks as this identity.
    pub fn new(manager: SecretsManager, limits: SharedLimits) -> Self {
        Self(Arc::new(Inner {
            manager,
            pace: Pace::new(limits.calls, limits.per_second),
            state: Mutex::new(State {
                store: Store::new(limits.budget.clone()),
                faults: Faults::new(&limits),
                standings: Bounded::new(limits.keys, limits.all_keys.clone()),
                flights: Flights::new(),
                waiting: Vec::new(),
                batches: 0,
                no_batches: None,
                listing: None,
                pages: None,
                forgo: limits.forgo,
                tags: Tags::new(&limits),
                sweeps: Flights::new(),
                no_listing: None,
            }),
            limits,
        }))
    }

    /// The service itself, for questions that are not shared.
    pub fn manager(&self) -> &SecretsManager {
        &self.0.manager
    }

    /// A value that was asked for at `since` or later, or was seen to be the current one then.
    ///
    /// An error that was the answer at `since` or later is the answer until its next try is due: whoever
    /// knows that something changed asks with a later `since`.
    pub async fn value(&self, key: &str, version: &Version, since: Instant) -> Answered {
        let answer = self.answer(key, version, since).await;
        if let Err(error) = &answer
            && !error.fault.is_of_secret()
            && version.is_current()
        {
            self.0.state().standing(key).owe();
        }
        answer
    }

    /// The same for those who do not wait for its end if there is an error.
    async fn answer(&self, key: &str, version: &Version, since: Instant) -> Answered {
        keys::check(Operation::GetSecretValue, key)?;
        let flight = {
            let mut state = self.0.state();
            let question = (key.to_owned(), version.clone());
            if let Some(answer) = state.remembered(&question, since) {
                self.0.saved(Saved::Memory);
                return answer;
            }
            match state.flights.get(&question, since) {
                Some(flight) => {
                    self.0.saved(Saved::Joined);
                    flight
                }
                None => self.0.clone().begin(&mut state, question),
            }
        };
        flight.await
    }

    /// Whether this version was seen to be the current one at `since` or later, by a value or a listing.
    /// Makes no call, and needs no value.
    pub fn verified(&self, key: &str, version_id: &str, since: Instant) -> bool {
        self.0.state().is_verified(key, version_id, since)
    }

    /// Forgets values and errors: something is known to have changed. What was listed before counts no more.
    pub fn forget(&self, key: &str) {
        let mut state = self.0.state();
        state.store.forget(key);
        state.faults.forget_all(|(of, _)| of == key);
        state.tags.forget(key);
        state.standing(key).doubt(Instant::now());
    }
}

impl Inner {
    /// Asks, in a task of its own.
    fn begin(self: Arc<Self>, state: &mut State, question: Question) -> Flight<Answered> {
        let began = Instant::now();
        let asked: BoxFuture<'static, Answered> =
            if question.1.is_current() && state.may_batch(began) && state.may_join(&question) {
                self.clone().gather(state, question.0.clone())
            } else {
                let (inner, question) = (self.clone(), question.clone());
                async move { inner.single(&question.0, &question.1).await }.boxed()
            };
        let key = question.0.clone();
        let task = tokio::spawn({
            let question = question.clone();
            async move {
                let answer = asked.await;
                self.state().landed(&question, began, &answer);
                answer
            }
        });
        // A task that ends without an answer is one that panicked, or the end of the process.
        let answered = async move { task.await.unwrap_or_else(|_| Err(unanswered(&key))) };
        let flight = answered.boxed().shared();
        state.flights.put(question, began, flight.clone());
        flight
    }

    async fn single(&self, key: &str, version: &Version) -> Answered {
        let call = self.manager.value(key, version);
        let value = self.paced(Operation::GetSecretValue, call).await?;
        Ok(Arc::new(value))
    }

    /// Makes a call when it is its turn.
    async fn paced<T>(
        &self,
        operation: Operation,
        call: impl Future<Output = Result<T, SecretsError>>,
    ) -> Result<T, SecretsError> {
        let turn = self.pace.turn(operation).await;
        let answer = call.await;
        turn.end(match &answer {
            Ok(_) => End::Answered,
            Err(error) if error.fault == CallFault::Throttled.into() => End::Throttled,
            Err(_) => End::Other,
        });
        answer
    }

    fn saved(&self, how: Saved) {
        if let Some(observer) = self.manager.observer() {
            observer.saved(how);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// An answer that needs no call.
    fn remembered(&self, question: &Question, since: Instant) -> Option<Answered> {
        if let Some((asked, value)) = self.store.get(question) {
            let (key, version) = question;
            let verified =
                || version.is_current() && self.is_verified(key, &value.version_id, since);
            if asked >= since || verified() {
                return Some(Ok(value.clone()));
            }
        }
        let error = self.faults.get(question, since, Instant::now())?;
        Some(Err(error.clone()))
    }

    fn is_verified(&self, key: &str, id: &str, since: Instant) -> bool {
        let standing = self.standings.get(key);
        if standing.is_some_and(|standing| standing.is_verified(id, since)) {
            return true;
        }
        let Some(listing) = self.listing.as_ref().filter(|it| it.asked >= since) else {
            return false;
        };
        standing.is_none_or(|standing| standing.believes(id, listing.asked))
            && listing.current(key) == Some(id)
    }

    /// Keeps an answer, unless a younger one is kept.
    fn landed(&mut self, question: &Question, began: Instant, answer: &Answered) {
        self.flights.landed(question, began);
        let (key, version) = question;
        match answer {
            Ok(value) => {
                self.store.put(question.clone(), began, value.clone());
                self.faults.forget(question);
                if version.is_current() {
                    self.standing(key).got(&value.version_id, began);
                }
            }
            Err(error) => {
                if self.store.is_younger(question, began) {
                    return;
                }
                if error.fault.is_of_secret() {
                    self.store.remove(question);
                }
                self.faults
                    .put(question, began, Instant::now(), error.clone());
                if version.is_current() {
                    self.standing(key).failed(Failure::of(&error.fault), began);
                }
            }
        }
    }

    /// How a key stands. Of too many, the one goes of which nothing was heard for longest.
    fn standing(&mut self, key: &str) -> &mut Standing {
        self.standings
            .entry(key.to_owned(), Standing::heard, Standing::default)
    }

    fn may_batch(&self, now: Instant) -> bool {
        self.no_batches.is_none_or(|until| until <= now)
    }

    /// Whether a question may go with others: one that AWS refused would spoil theirs.
    fn may_join(&self, question: &Question) -> bool {
        let last = self.faults.last(question).map(|error| &error.fault);
        !matches!(last, Some(SecretsFault::Call(CallFault::Refused { .. })))
    }
}

/// Nobody is left to ask.
fn unanswered(key: &str) -> SecretsError {
    SecretsError {
        operation: Operation::GetSecretValue,
        key: Some(key.to_owned()),
        fault: SecretsFault::Call(CallFault::Unavailable),
    }
}
