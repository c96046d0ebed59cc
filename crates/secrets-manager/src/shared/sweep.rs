//! Reading everything there is, once for all who want to know.

use std::sync::Arc;

use aws_edge::CallFault;
use futures::FutureExt as _;
use tokio::time::Instant;

use super::flights::Flight;
use super::listing::Listing;
use super::pages::following;
use super::{Inner, State};
use crate::error::{Operation, SecretsError, SecretsFault};
use crate::observer::Saved;

/// What a sweep came to: nothing if it would have cost too much.
pub(super) type Swept = Result<Option<Arc<Listing>>, SecretsError>;

/// How many pages a sweep may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Budget {
    /// It is given up when it takes more: then it is cheaper to ask for what is wanted.
    Pages(usize),
    /// All of them.
    Whole,
}

impl Inner {
    /// A listing that was asked for at `since` or later.
    pub(super) async fn listing(self: &Arc<Self>, since: Instant, budget: Budget) -> Swept {
        let flight = {
            let mut state = self.state();
            let known = state.listing.as_ref();
            if let Some(listing) = known.filter(|listing| listing.asked >= since) {
                return Ok(Some(listing.clone()));
            }
            if state.may_not_list(Instant::now()) {
                return Err(failed(CallFault::AccessDenied.into()));
            }
            let whole = state.sweeps.get(&Budget::Whole, since);
            match whole.or_else(|| state.sweeps.get(&budget, since)) {
                Some(flight) => {
                    self.saved(Saved::Joined);
                    flight
                }
                None => self.begin_sweep(&mut state, budget),
            }
        };
        flight.await
    }

    /// Sweeps, in a task of its own.
    fn begin_sweep(self: &Arc<Self>, state: &mut State, budget: Budget) -> Flight<Swept> {
        let began = Instant::now();
        let inner = self.clone();
        let task = tokio::spawn(async move {
            let swept = inner.sweep(began, budget).await;
            inner.state().swept(began, budget, &swept);
            swept
        });
        let answer = async move { task.await.unwrap_or_else(|_| Err(unanswered())) };
        let flight = answer.boxed().shared();
        state.sweeps.put(budget, began, flight.clone());
        flight
    }

    /// Every page, or an error.
    async fn sweep(&self, asked: Instant, budget: Budget) -> Swept {
        let mut entries = Vec::new();
        let mut pages = 0;
        let mut token = None;
        loop {
            let page = self.manager.page(token.clone());
            let (page, next) = self.paced(Operation::ListSecrets, page).await?;
            pages += 1;
            entries.extend(page.into_iter().map(Into::into));
            let Some(next) = next else {
                return Ok(Some(Arc::new(Listing::new(asked, pages, entries))));
            };
            if budget == Budget::Pages(pages) {
                return Ok(None);
            }
            token = Some(following(token.as_deref(), next).map_err(|fault| failed(fault.into()))?);
        }
    }
}

impl State {
    fn swept(&mut self, began: Instant, budget: Budget, swept: &Swept) {
        match swept {
            Ok(Some(listing)) => {
                self.pages = Some(listing.pages);
                let known = self.listing.as_ref();
                if known.is_none_or(|known| known.asked <= listing.asked) {
                    self.listing = Some(listing.clone());
                }
            }
            Ok(None) => {
                if let Budget::Pages(pages) = budget {
                    // There is one more at least.
                    self.pages = Some(pages + 1);
                }
            }
            Err(error) if error.is_access_denied() => {
                self.no_listing = Some(Instant::now() + self.forgo);
            }
            Err(_) => {}
        }
        self.sweeps.landed(&budget, began);
    }

    /// Whether the identity was told so, not long ago.
    pub(super) fn may_not_list(&self, now: Instant) -> bool {
        self.no_listing.is_some_and(|until| now < until)
    }
}

fn failed(fault: SecretsFault) -> SecretsError {
    SecretsError {
        operation: Operation::ListSecrets,
        key: None,
        fault,
    }
}

/// Nobody is left to ask.
fn unanswered() -> SecretsError {
    failed(CallFault::Unavailable.into())
}
