//! Tags of single secrets, shared like values.

use std::sync::Arc;

use futures::FutureExt as _;
use tokio::time::Instant;

use super::bounded::Bounded;
use super::faults::Faults;
use super::flights::{Flight, Flights};
use super::{Inner, SharedLimits, SharedValues, State};
use crate::error::{Operation, SecretsError, SecretsFault};
use crate::key as keys;
use crate::observer::Saved;

/// Tags of a secret, in order of their keys, or why they are not known.
pub type Tagged = Result<Pairs, SecretsError>;

type Pairs = Arc<[(String, String)]>;

/// What is known of tags.
pub(super) struct Tags {
    kept: Bounded<String, (Instant, Pairs)>,
    faults: Faults<String>,
    flights: Flights<String, Tagged>,
}

impl SharedValues {
    /// The tags of a secret, as they were at `since` or later. Errors are remembered as those of values are.
    pub async fn tags(&self, key: &str, since: Instant) -> Tagged {
        keys::check(Operation::DescribeSecret, key)?;
        let flight = {
            let mut state = self.0.state();
            if let Some(answer) = state.tags.remembered(key, since) {
                self.0.saved(Saved::Memory);
                return answer;
            }
            match state.tags.flights.get(&key.to_owned(), since) {
                Some(flight) => {
                    self.0.saved(Saved::Joined);
                    flight
                }
                None => self.0.describe(&mut state, key.to_owned()),
            }
        };
        flight.await
    }
}

impl Inner {
    /// Asks, in a task of its own.
    fn describe(self: &Arc<Self>, state: &mut State, key: String) -> Flight<Tagged> {
        let began = Instant::now();
        let task = tokio::spawn({
            let (inner, key) = (self.clone(), key.clone());
            async move {
                let call = inner.manager.tags(&key);
                let tags = inner.paced(Operation::DescribeSecret, call).await;
                let answer = tags.map(Arc::from);
                inner.state().tags.landed(&key, began, &answer);
                answer
            }
        });
        let unanswered = SecretsError {
            operation: Operation::DescribeSecret,
            key: Some(key.clone()),
            fault: SecretsFault::Call(aws_edge::CallFault::Unavailable),
        };
        let answer = async move { task.await.unwrap_or(Err(unanswered)) };
        let flight = answer.boxed().shared();
        state.tags.flights.put(key, began, flight.clone());
        flight
    }
}

impl Tags {
    pub(super) fn new(limits: &SharedLimits) -> Self {
        Self {
            kept: Bounded::new(limits.keys, limits.all_keys.clone()),
            faults: Faults::new(limits),
            flights: Flights::new(),
        }
    }

    pub(super) fn forget(&mut self, key: &str) {
        self.kept.remove(key);
        self.faults.forget(&key.to_owned());
    }

    fn remembered(&self, key: &str, since: Instant) -> Option<Tagged> {
        if let Some((_, tags)) = self.kept.get(key).filter(|(asked, _)| *asked >= since) {
            return Some(Ok(tags.clone()));
        }
        let error = self.faults.get(&key.to_owned(), since, Instant::now())?;
        Some(Err(error.clone()))
    }

    fn landed(&mut self, key: &str, began: Instant, answer: &Tagged) {
        let question = key.to_owned();
        self.flights.landed(&question, began);
        if self.kept.get(key).is_some_and(|(asked, _)| *asked > began) {
            return;
        }
        match answer {
            Ok(tags) => {
                self.faults.forget(&question);
                let new = (began, tags.clone());
                let kept = self
                    .kept
                    .entry(question, |(asked, _)| *asked, || new.clone());
                *kept = new.clone();
            }
            Err(error) => {
                if error.fault.is_of_secret() {
                    self.kept.remove(key);
                }
                self.faults
                    .put(&question, began, Instant::now(), error.clone());
            }
        }
    }
}
