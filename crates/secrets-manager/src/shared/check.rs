//! Which values changed, at the least cost.

use std::collections::BTreeSet;

use futures::StreamExt as _;
use futures::future::join_all;
use futures::stream;
use tokio::time::Instant;

use super::listing::Listing;
use super::standing::Verdict;
use super::sweep::Budget;
use super::{BATCH, Inner, SharedValues, State};
use crate::error::SecretsError;
use crate::key as keys;
use crate::version::Version;

/// Batches of one check at the same time: others who ask meanwhile must get their turn.
const BATCHES: usize = 4;

/// What a look at many keys came to.
#[derive(Debug)]
pub struct Checked {
    /// When it began. Keys that are named nowhere here are as they were, and were so then or later; or they
    /// still fail, and their next try is not due.
    pub began: Instant,
    /// Those whose current value is another one than the one last given, or is there again, or is not any
    /// more. Whoever uses them asks for them with [`SharedValues::value`] and `began`. In order.
    pub changed: Vec<String>,
    /// Those of which nothing was learnt, and why. In order.
    pub unsure: Vec<(String, SecretsError)>,
}

impl SharedValues {
    /// Tells which of these keys changed since they were last answered, by [`Self::value`] or here. A key is
    /// a name, an ARN, or an ARN without the characters that AWS added; versions are the current ones.
    ///
    /// A key that was never answered has not changed: its first check is where its changes begin. What can be
    /// no key ([`crate::SecretsFault::BadKey`]) never changes, and is named nowhere. Whatever
    /// happens is told by one check, but for a version that a listing shows: that is told until somebody asks
    /// for its value.
    ///
    /// Costs a sweep of `ListSecrets`, and batches for what it does not tell, if that takes fewer calls than
    /// batches for all of them.
    pub async fn check(&self, keys: &[String]) -> Checked {
        let keys = keys.iter().map(String::as_str);
        let keys: BTreeSet<&str> = keys.filter(|key| keys::fault(key).is_none()).collect();
        let mut checked = Checked {
            began: Instant::now(),
            changed: Vec::new(),
            unsure: Vec::new(),
        };
        let sweep = self.0.state().sweep_instead_of(keys.len(), checked.began);
        let listing = match sweep {
            None => None,
            Some(budget) => match self.0.listing(checked.began, budget).await {
                Ok(listing) => listing,
                Err(error) if error.is_access_denied() => None,
                Err(error) => {
                    let unsure = keys.iter().map(|key| ((*key).to_owned(), error.clone()));
                    checked.unsure.extend(unsure);
                    return checked;
                }
            },
        };
        let ask = self.0.judge(&keys, listing.as_deref(), &mut checked);
        self.ask_all(&ask, &mut checked).await;
        self.0.tell(&keys, &mut checked);
        checked
    }

    /// Asks for values, twenty at a time. What they are is known afterwards.
    async fn ask_all(&self, keys: &[&str], checked: &mut Checked) {
        let since = checked.began;
        let batches = keys.chunks(BATCH).map(|batch| {
            let batch: Vec<_> = batch.iter().map(|key| (*key).to_owned()).collect();
            self.clone().ask(batch, since)
        });
        let batches: Vec<_> = batches.collect();
        let mut batches = stream::iter(batches).buffer_unordered(BATCHES);
        while let Some(batch) = batches.next().await {
            for (key, error) in batch {
                if let Some(error) = error.filter(|error| !error.fault.is_of_secret()) {
                    checked.unsure.push((key, error));
                }
            }
        }
    }

    async fn ask(self, keys: Vec<String>, since: Instant) -> Vec<(String, Option<SecretsError>)> {
        let current = Version::default();
        let answers = keys.iter().map(|key| self.answer(key, &current, since));
        let answers = join_all(answers).await;
        let errors = answers.into_iter().map(Result::err);
        keys.clone().into_iter().zip(errors).collect()
    }
}

impl Inner {
    /// What the listing means for each key: those that changed are told and their values forgotten; those
    /// that must be asked for are returned.
    fn judge<'a>(
        &self,
        keys: &BTreeSet<&'a str>,
        listing: Option<&Listing>,
        checked: &mut Checked,
    ) -> Vec<&'a str> {
        let mut ask = Vec::new();
        let mut state = self.state();
        for &key in keys {
            let verdict = state.judge(key, listing, checked.began);
            match verdict {
                Verdict::Same => {}
                Verdict::Ask => ask.push(key),
                Verdict::Changed => {
                    // What failed for a while may be as it was.
                    let shown = listing.and_then(|listing| listing.current(key));
                    if !shown.is_some_and(|id| state.is_verified(key, id, checked.began)) {
                        state.store.forget_stages(key);
                    }
                    checked.changed.push(key.to_owned());
                }
            }
        }
        ask
    }

    /// Tells what answers say, those to questions of others included.
    fn tell(&self, keys: &BTreeSet<&str>, checked: &mut Checked) {
        let mut state = self.state();
        let foretold: BTreeSet<_> = checked.changed.iter().cloned().collect();
        for &key in keys.iter().filter(|key| !foretold.contains(**key)) {
            if state.standing(key).tell() {
                checked.changed.push(key.to_owned());
            }
        }
        drop(state);
        checked.changed.sort_unstable();
        checked
            .unsure
            .sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    }
}

impl State {
    /// A sweep, if it takes fewer calls than asking for each of so many keys.
    fn sweep_instead_of(&self, keys: usize, now: Instant) -> Option<Budget> {
        if self.may_not_list(now) {
            return None;
        }
        let asking = if self.may_batch(now) {
            keys.div_ceil(BATCH)
        } else {
            keys
        };
        // At first nobody knows: the loss, at most, is as much again.
        let cheaper = self.pages.map_or(asking > 1, |pages| pages < asking);
        cheaper.then_some(Budget::Pages(asking))
    }

    fn judge(&mut self, key: &str, listing: Option<&Listing>, now: Instant) -> Verdict {
        let due = self
            .faults
            .is_due(&(key.to_owned(), Version::default()), now);
        let standing = self.standing(key);
        match listing {
            Some(listing) => standing.listed(listing.current(key), listing.asked, due),
            None if due => Verdict::Ask,
            None => Verdict::Same,
        }
    }
}
