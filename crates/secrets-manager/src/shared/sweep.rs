//! Reading everything there is, once for all who want to know.

use std::sync::Arc;

use aws_edge::CallFault;
use futures::FutureExt as _;
use tokio::time::Instant;

use super::flights::Flight;
use super::listing::Listing;
use super::{Inner, State};
use crate::error::{Operation, SecretsError, SecretsFault};
use crate::observer::Saved;

/// What a sweep came to.
pub(super) type Swept = Result<Arc<Listing>, SecretsError>;

impl Inner {
    /// A listing that was asked for at `since` or later.
    pub(super) async fn listing(self: &Arc<Self>, since: Instant) -> Swept {
        let flight = {
            let mut state = self.state();
            let known = state.listing.as_ref();
            if let Some(listing) = known.filter(|listing| listing.asked >= since) {
                return Ok(listing.clone());
            }
            if state.may_not_list(Instant::now()) {
                return Err(failed(CallFault::AccessDenied.into()));
            }
            match state.sweeps.get(&(), since) {
                Some(flight) => {
                    self.saved(Saved::Joined);
                    flight
                }
                None => self.begin_sweep(&mut state),
            }
        };
        flight.await
    }

    /// Sweeps, in a task of its own.
    fn begin_sweep(self: &Arc<Self>, state: &mut State) -> Flight<Swept> {
        let began = Instant::now();
        let inner = self.clone();
        let task = tokio::spawn(async move {
            let swept = inner.sweep(began).await.map(Arc::new);
            let mut state = inner.state();
            match &swept {
                Ok(listing) => {
                    let known = state.listing.as_ref();
                    if known.is_none_or(|known| known.asked <= listing.asked) {
                        state.listing = Some(listing.clone());
                    }
                }
                Err(error) if error.is_access_denied() => {
                    state.no_listing = Some(Instant::now() + inner.limits.forgo);
                }
                Err(_) => {}
            }
            state.sweeps.landed(&(), began);
            drop(state);
            swept
        });
        let answer = async move { task.await.unwrap_or_else(|_| Err(unanswered())) };
        let flight = answer.boxed().shared();
        state.sweeps.put((), began, flight.clone());
        flight
    }

    /// Every page, or an error.
    async fn sweep(&self, asked: Instant) -> Result<Listing, SecretsError> {
        let mut entries = Vec::new();
        let mut pages = 0;
        let mut token = None;
        loop {
            let page = self.manager.page(token.clone());
            let (page, next) = self.paced(Operation::ListSecrets, page).await?;
            pages += 1;
            entries.extend(page.into_iter().map(Into::into));
            if next.is_none() {
                return Ok(Listing::new(asked, pages, entries));
            }
            if next == token {
                // It would never end.
                return Err(failed(CallFault::BadAnswer.into()));
            }
            token = next;
        }
    }
}

impl State {
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
