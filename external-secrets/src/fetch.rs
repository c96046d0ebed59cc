//! Asking the stores for what an ExternalSecret wants, all of it at once.

use std::sync::{Arc, Mutex, PoisonError};

use external_data::{Answer, Entry, SecretData, Want, What, entries, want_of, wants};
use futures::future::join_all;
use seal_api::external_secrets::{ExternalSecretSpec, Find};
use secrets_manager::{SecretValue, SecretsError, Version};
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::reconcile::Context;
use crate::source::{Asker, Source};
use crate::store_access::may_use;
use crate::stores::{AnyStore, Service};
use crate::sync_error::{FetchError, FetchReason, SyncError};

/// The answers to everything that was wanted.
pub(crate) struct Fetched {
    answers: Vec<(Want, Answer)>,
    /// What the answers stand on, if all of it can be checked without asking again.
    pub(crate) seen: Option<Vec<Seen>>,
}

/// A version of a value that was used.
pub(crate) struct Seen {
    pub(crate) source: Arc<Source>,
    pub(crate) key: String,
    pub(crate) version: String,
}

impl Fetched {
    /// What the store said to a want.
    pub(crate) fn answer(&self, want: &Want) -> Option<&Answer> {
        let mut answers = self.answers.iter();
        answers
            .find(|(known, _)| known == want)
            .map(|(_, answer)| answer)
    }
}

/// Whom was asked, and for which current values.
#[derive(Default)]
struct Asked(Mutex<Vec<(Arc<Source>, Option<String>)>>);

impl Asked {
    fn note(&self, source: &Arc<Source>, key: Option<&str>) {
        let mut questions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        questions.push((source.clone(), key.map(ToOwned::to_owned)));
    }

    fn into_inner(self) -> Vec<(Arc<Source>, Option<String>)> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    /// Whether it was seen to be the current one at `since` or later.
    pub(crate) fn holds(&self, since: Instant) -> bool {
        self.source
            .values()
            .verified(&self.key, &self.version, since)
    }
}

/// Asks for everything. An answer may be as old as `since`.
pub(crate) async fn fetch(
    context: &Context,
    asker: &Asker<'_>,
    spec: &ExternalSecretSpec,
    since: Instant,
) -> Result<Fetched, SyncError> {
    let wants = wants(spec)?;
    let questions = Asked::default();
    let answers = wants
        .iter()
        .map(|want| one(context, asker, want, (since, &questions)));
    let answers = join_all(answers).await;
    // Also where it failed: a sweep tells when it may succeed.
    context.sources.placed(asker, questions.into_inner());
    let mut fetched = Fetched {
        answers: Vec::with_capacity(wants.len()),
        seen: Some(Vec::new()),
    };
    let mut errors = Vec::new();
    for (want, answer) in wants.into_iter().zip(answers) {
        match answer {
            Ok((answer, seen)) => {
                fetched.seen = fetched.seen.zip(seen).map(|(mut all, seen)| {
                    all.push(seen);
                    all
                });
                fetched.answers.push((want, answer));
            }
            Err(reason) => errors.push(FetchError {
                entry: entry_of(spec, &want),
                store: want.store,
                reason,
            }),
        }
    }
    if errors.is_empty() {
        Ok(fetched)
    } else {
        Err(SyncError::Fetch(errors))
    }
}

/// The first entry that wants it.
fn entry_of(spec: &ExternalSecretSpec, want: &Want) -> Entry {
    let mut all = entries(spec);
    let found = all.find(|entry| want_of(spec, entry).as_ref() == Ok(want));
    found.unwrap_or(Entry::Data(0))
}

async fn one(
    context: &Context,
    asker: &Asker<'_>,
    want: &Want,
    (since, questions): (Instant, &Asked),
) -> Result<(Answer, Option<Seen>), FetchReason> {
    let store = open(context, asker, want)?;
    let source = context.sources.of(context, &store, asker).await?;
    let aws = store.aws();
    let prefix = aws.and_then(|aws| aws.prefix.as_deref());
    match &want.what {
        What::Value { key, version } => {
            let key = with_prefix(prefix, key);
            let version = Version::read(version.as_deref());
            questions.note(&source, version.is_current().then_some(&key));
            let answer = source.values().value(&key, &version, since).await;
            value(answer, &source, &key, &version)
        }
        What::Tags { key } => {
            let key = with_prefix(prefix, key);
            questions.note(&source, None);
            let tags = source.values().tags(&key, since).await?;
            Ok((Answer::Tags(tags.iter().cloned().collect()), None))
        }
        What::Find(find) => {
            questions.note(&source, None);
            let found = found(&source, find, since).await?;
            Ok((Answer::Found(found), None))
        }
    }
}

/// The store, if it may be used.
fn open(context: &Context, asker: &Asker<'_>, want: &Want) -> Result<AnyStore, FetchReason> {
    let store = context.stores.get(&want.store, asker.namespace);
    let store = store.ok_or(FetchReason::NoStore)?;
    if context.stores.service(&store) == Service::Malformed {
        return Err(FetchReason::MalformedStore);
    }
    let labels = context.labels_of(asker.namespace);
    if may_use(store.conditions(), asker.namespace, &labels)? {
        Ok(store)
    } else {
        Err(FetchReason::Denied(asker.namespace.to_owned()))
    }
}

/// Upstream puts it before everything, and breaks ARNs.
fn with_prefix(prefix: Option<&str>, key: &str) -> String {
    match prefix {
        Some(prefix) if !key.starts_with("arn:") => format!("{prefix}{key}"),
        _ => key.to_owned(),
    }
}

fn value(
    answer: Result<Arc<SecretValue>, SecretsError>,
    source: &Arc<Source>,
    key: &str,
    version: &Version,
) -> Result<(Answer, Option<Seen>), FetchReason> {
    match answer {
        Ok(value) => {
            let seen = version.is_current().then(|| Seen {
                source: source.clone(),
                key: key.to_owned(),
                version: value.version_id.clone(),
            });
            let text = value.text.as_ref();
            let text = text.map(|text| Zeroizing::new(text.as_bytes().to_vec()));
            let binary = value.binary.clone();
            Ok((Answer::Value { text, binary }, seen))
        }
        Err(error) if error.fault.is_missing() => Ok((Answer::Missing, None)),
        Err(error) => {
            source.heard(&error);
            Err(error.into())
        }
    }
}

/// The values of all secrets that are found, by name.
async fn found(source: &Source, find: &Find, since: Instant) -> Result<SecretData, FetchReason> {
    // A name without an expression is any name.
    let name = find.name.as_ref();
    let name = name.map(|name| name.regexp.clone().unwrap_or_default());
    let query = secrets_manager::Find {
        name,
        path: find.path.clone().filter(|path| !path.is_empty()),
        tags: find.tags.clone(),
    };
    let values = source.values().find(&query, since).await?;
    let values = values.iter().map(|value| {
        let bytes = value.bytes().unwrap_or_default().to_vec();
        (value.name.clone(), Zeroizing::new(bytes))
    });
    Ok(values.collect())
}
