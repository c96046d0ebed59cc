//! Secrets that nobody names.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::join_all;
use futures::{StreamExt as _, stream};
use tokio::time::Instant;

use super::listing::{Listing, without_suffix};
use super::pages::following;
use super::sweep::Budget;
use super::{Answered, BATCH, SharedValues};
use crate::error::{Operation, SecretsError, SecretsFault};
use crate::find::{Find, Search};
use crate::value::{Batch, SecretValue};
use crate::version::Version;

/// Batches of one search at the same time.
const BATCHES: usize = 4;

/// Bytes of values that one search may hold: a Secret has 1 MiB, and templates may make little of much.
const BYTES: usize = 8 << 20;

/// What was found so far.
#[derive(Default)]
struct Held(usize);

impl Held {
    fn add(&mut self, value: &SecretValue) -> Result<(), SecretsError> {
        self.0 += value.name.len() + value.bytes().map_or(0, <[u8]>::len);
        if self.0 <= BYTES {
            return Ok(());
        }
        Err(SecretsError {
            operation: Operation::BatchGetSecretValue,
            key: None,
            fault: SecretsFault::TooMuch,
        })
    }
}

impl SharedValues {
    /// The current values of all secrets that match, as there were at `since` or later, in order of names. A
    /// secret that went meanwhile is left out; one that cannot be read is the error.
    ///
    /// From a listing, which all searches share. Where that is not allowed, AWS's filters find by path and
    /// tags, and `DescribeSecret` says which tags they are; a name alone cannot be found then.
    pub async fn find(
        &self,
        query: &Find,
        since: Instant,
    ) -> Result<Vec<Arc<SecretValue>>, SecretsError> {
        let search = query.search()?;
        match self.0.listing(since, Budget::Whole).await {
            Ok(Some(listing)) => self.of_listing(&search, &listing, since).await,
            // A whole one is never given up.
            Ok(None) => Ok(Vec::new()),
            Err(error) if error.is_access_denied() && !search.filters().is_empty() => {
                self.of_filters(&search, since, error).await
            }
            Err(error) => Err(error),
        }
    }

    async fn of_listing(
        &self,
        search: &Search<'_>,
        listing: &Listing,
        since: Instant,
    ) -> Result<Vec<Arc<SecretValue>>, SecretsError> {
        let entries = listing.entries().iter();
        let matches: Vec<_> = entries
            .filter(|entry| search.is_name(&entry.name) && search.are_tags(entry.tags()))
            .map(|entry| {
                // What was missing and is listed since may be there again.
                let listed = (!entry.current.is_empty()).then_some(listing.asked);
                (String::from(&*entry.name), listed)
            })
            .collect();
        let (mut found, mut held) = (Vec::new(), Held::default());
        let batches = matches.chunks(BATCH).map(<[_]>::to_vec);
        let batches = batches.map(|batch| self.clone().found(batch, since));
        let batches: Vec<_> = batches.collect();
        let mut batches = stream::iter(batches).buffered(BATCHES);
        while let Some(batch) = batches.next().await {
            for answer in batch {
                match answer {
                    Ok(value) => {
                        held.add(&value)?;
                        found.push(value);
                    }
                    Err(error) if error.fault.is_missing() => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(found)
    }

    async fn found(self, batch: Vec<(String, Option<Instant>)>, since: Instant) -> Vec<Answered> {
        let batch = batch.iter();
        join_all(batch.map(|(name, listed)| self.found_one(name, since, *listed))).await
    }

    async fn found_one(&self, name: &str, since: Instant, listed: Option<Instant>) -> Answered {
        let version = Version::default();
        let answer = self.answer(name, &version, since).await;
        match (&answer, listed) {
            (Err(error), Some(listed)) if error.fault.is_missing() => {
                self.answer(name, &version, since.max(listed)).await
            }
            _ => answer,
        }
    }

    /// Whatever goes wrong with rights to filters is `denied`: they need the right to list, too.
    async fn of_filters(
        &self,
        search: &Search<'_>,
        since: Instant,
        denied: SecretsError,
    ) -> Result<Vec<Arc<SecretValue>>, SecretsError> {
        let filters = search.filters();
        let (mut found, mut held) = (BTreeMap::new(), Held::default());
        let mut token = None;
        loop {
            let began = Instant::now();
            let page = self.0.manager.filtered(&filters, token.clone());
            let page = self.0.paced(Operation::BatchGetSecretValue, page).await;
            let (batch, next) = match page {
                Err(error) if error.is_access_denied() => return Err(denied),
                page => page?,
            };
            for value in self.matching(search, batch, began, since).await? {
                held.add(&value)?;
                found.insert(value.name.clone(), value);
            }
            let Some(next) = next else {
                return Ok(found.into_values().collect());
            };
            let next = following(token.as_deref(), next).map_err(|fault| SecretsError {
                operation: Operation::BatchGetSecretValue,
                key: None,
                fault: fault.into(),
            })?;
            token = Some(next);
        }
    }

    /// Those of a page that match in earnest. They are kept for whoever asks for them by name.
    async fn matching(
        &self,
        search: &Search<'_>,
        batch: Batch,
        began: Instant,
        since: Instant,
    ) -> Result<Vec<Arc<SecretValue>>, SecretsError> {
        for (key, fault) in batch.errors {
            let is_match = search.is_name(without_suffix(&key)) && !fault.is_missing();
            if is_match && self.has_tags(search, &key, since).await? {
                return Err(SecretsError {
                    operation: Operation::GetSecretValue,
                    key: Some(key),
                    fault,
                });
            }
        }
        let mut values = batch.values;
        values.retain(|value| search.is_name(&value.name));
        let tags = values
            .iter()
            .map(|value| self.has_tags(search, &value.name, since));
        let tags = join_all(tags).await;
        let mut found = Vec::new();
        for (value, has_tags) in values.into_iter().zip(tags) {
            if has_tags? {
                let value = Arc::new(value);
                let question = (value.name.clone(), Version::default());
                self.0.state().landed(&question, began, &Ok(value.clone()));
                found.push(value);
            }
        }
        Ok(found)
    }

    async fn has_tags(
        &self,
        search: &Search<'_>,
        key: &str,
        since: Instant,
    ) -> Result<bool, SecretsError> {
        if !search.needs_tags() {
            return Ok(true);
        }
        match self.tags(key, since).await {
            Ok(tags) => Ok(search.are_tags(tags.iter().map(|(key, value)| (&**key, &**value)))),
            Err(error) if error.fault.is_missing() => Ok(false),
            Err(error) => Err(error),
        }
    }
}
