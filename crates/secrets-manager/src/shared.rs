//! Values that everybody shares who asks as the same identity: one call for many, and one for twenty.

mod batch;
mod store;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use tokio::sync::{Semaphore, oneshot};
use tokio::time::Instant;

use crate::client::{BATCH, SecretsManager};
use crate::error::{Operation, SecretsError, SecretsFault};
use crate::value::SecretValue;
use crate::version::Version;
use store::Store;

/// What a question came to.
pub type Answered = Result<Arc<SecretValue>, SecretsError>;

/// How much is kept, and how much is asked at a time.
#[derive(Clone, Copy, Debug)]
pub struct SharedLimits {
    /// Bytes of values that are kept.
    pub bytes: usize,
    /// Calls at the same time.
    pub calls: usize,
    /// How long a question waits for others that go with it.
    pub gather: Duration,
    /// How long an identity that may not ask for many at once is not asked to.
    pub forgo_batches: Duration,
}

impl Default for SharedLimits {
    fn default() -> Self {
        Self {
            bytes: 64 << 20,
            calls: 16,
            gather: Duration::from_millis(10),
            forgo_batches: Duration::from_mins(10),
        }
    }
}

/// The values of one identity in one region. Clones are one.
///
/// Whoever asks says how old an answer may be. Questions that are under way are joined, questions that come
/// at the same time go together. A question that was asked is answered even if nobody waits any more: the
/// next one finds the value.
#[derive(Clone)]
pub struct SharedValues(Arc<Inner>);

struct Inner {
    manager: SecretsManager,
    limits: SharedLimits,
    calls: Semaphore,
    state: Mutex<State>,
}

type Question = (String, Version);
type Flight = Shared<BoxFuture<'static, Answered>>;

struct State {
    store: Store,
    /// Since when, and what waits for it.
    flights: HashMap<Question, (Instant, Flight)>,
    /// Current values that wait for company.
    waiting: Vec<(String, oneshot::Sender<Answered>)>,
    /// Until then single calls are made.
    no_batches: Option<Instant>,
}

impl SharedValues {
    /// For everyone who asks as this identity.
    pub fn new(manager: SecretsManager, limits: SharedLimits) -> Self {
        Self(Arc::new(Inner {
            manager,
            limits,
            calls: Semaphore::new(limits.calls),
            state: Mutex::new(State {
                store: Store::new(limits.bytes),
                flights: HashMap::new(),
                waiting: Vec::new(),
                no_batches: None,
            }),
        }))
    }

    /// The service itself, for questions that are not shared.
    pub fn manager(&self) -> &SecretsManager {
        &self.0.manager
    }

    /// A value that was asked for at `since` or later.
    pub async fn value(&self, key: &str, version: &Version, since: Instant) -> Answered {
        let flight = {
            let mut state = self.0.state();
            let question = (key.to_owned(), version.clone());
            if let Some(value) = state.store.get(&question, since) {
                return Ok(value);
            }
            match state.flights.get(&question) {
                Some((began, flight)) if *began >= since => flight.clone(),
                _ => self.0.clone().begin(&mut state, question),
            }
        };
        flight.await
    }

    /// Forgets the value: it is known to have changed.
    pub fn forget(&self, key: &str) {
        self.0.state().store.forget(key);
    }
}

impl Inner {
    /// Asks, in a task of its own.
    fn begin(self: Arc<Self>, state: &mut State, question: Question) -> Flight {
        let began = Instant::now();
        let batches = state.no_batches.is_none_or(|until| until <= began);
        let asked: BoxFuture<'static, Answered> = if question.1.is_current() && batches {
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
                self.landed(&question, began, &answer);
                answer
            }
        });
        // A task that ends without an answer is one that panicked, or the end of the process.
        let answered = async move { task.await.unwrap_or_else(|_| Err(unanswered(&key))) };
        let flight = answered.boxed().shared();
        state.flights.insert(question, (began, flight.clone()));
        flight
    }

    fn landed(&self, question: &Question, began: Instant, answer: &Answered) {
        let mut state = self.state();
        if let Ok(value) = answer {
            state.store.put(question.clone(), began, value.clone());
        }
        // A younger flight of the same question goes on.
        if state
            .flights
            .get(question)
            .is_some_and(|(of, _)| *of == began)
        {
            state.flights.remove(question);
        }
    }

    async fn single(&self, key: &str, version: &Version) -> Answered {
        let Ok(_turn) = self.calls.acquire().await else {
            return Err(unanswered(key));
        };
        self.manager.value(key, version).await.map(Arc::new)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Nobody is left to ask.
fn unanswered(key: &str) -> SecretsError {
    SecretsError {
        operation: Operation::GetSecretValue,
        key: Some(key.to_owned()),
        fault: SecretsFault::Call(aws_edge::CallFault::Unavailable),
    }
}
