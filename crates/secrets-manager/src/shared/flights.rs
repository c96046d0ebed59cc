//! Questions that are under way. Whoever asks the same joins them.

use std::collections::HashMap;
use std::hash::Hash;

use futures::future::{BoxFuture, Shared};
use tokio::time::Instant;

/// The answer to come.
pub(super) type Flight<A> = Shared<BoxFuture<'static, A>>;

/// By question: when it was asked, and the answer to come.
pub(super) struct Flights<Q, A: Clone>(HashMap<Q, (Instant, Flight<A>)>);

impl<Q: Eq + Hash, A: Clone> Flights<Q, A> {
    pub(super) fn new() -> Self {
        Self(HashMap::new())
    }

    /// One that was asked at `since` or later.
    pub(super) fn get(&self, question: &Q, since: Instant) -> Option<Flight<A>> {
        let (asked, flight) = self.0.get(question)?;
        (*asked >= since).then(|| flight.clone())
    }

    pub(super) fn put(&mut self, question: Q, asked: Instant, flight: Flight<A>) {
        self.0.insert(question, (asked, flight));
    }

    /// A younger flight of the same question goes on.
    pub(super) fn landed(&mut self, question: &Q, asked: Instant) {
        if self.0.get(question).is_some_and(|(of, _)| *of == asked) {
            self.0.remove(question);
        }
    }
}
