//! Asking the stores for what an ExternalSecret wants, all of it at once.

use std::sync::{Arc, Weak};

use external_data::{Answer, Entry, SecretData, Want, What, first_wants};
use futures::future::join_all;
use seal_api::external_secrets::{ExternalSecretSpec, Find};
use secrets_manager::{SecretValue, SecretsError, Version};
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::reconcile::Context;
use crate::source::{Asker, Source};
use crate::stores::{AnyStore, Service};
use crate::sync_error::{FetchError, FetchReason, SyncError};

/// The answers to everything that was wanted.
pub(crate) struct Fetched {
    answers: Vec<(Want, Answer)>,
    /// When the newest of the values was made, in seconds since 1970.
    pub(crate) newest: Option<i64>,
    /// What the answers stand on, if all of it can be checked without asking again.
    pub(crate) seen: Option<Vec<Seen>>,
}

/// A version of a value that was used.
pub(crate) struct Seen {
    /// Not held: what nobody else needs is let go.
    source: Weak<Source>,
    key: Box<str>,
    version: Box<str>,
    created: Option<i64>,
}

/// Everything that is wanted, and whom to ask for it.
pub(crate) struct Questions(Vec<Question>);

struct Question {
    /// The first that wants it.
    entry: Entry,
    want: Want,
    source: Result<Arc<Source>, FetchReason>,
    /// Put before every key.
    prefix: Option<String>,
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

impl Questions {
    /// Whether all of it was seen to be current at `since` or later, by those who would be asked now: a store may
    /// stand for something else meanwhile.
    pub(crate) fn hold(&self, seen: &[Seen], since: Instant) -> bool {
        let as_seen = |(question, seen): (&Question, &Seen)| {
            let source = question.source.as_ref().ok();
            source.is_some_and(|source| {
                std::ptr::eq(Arc::as_ptr(source), seen.source.as_ptr())
                    && source.values().verified(&seen.key, &seen.version, since)
            })
        };
        self.0.len() == seen.len() && self.0.iter().zip(seen).all(as_seen)
    }
}

/// Finds out whom to ask.
pub(crate) async fn questions(
    context: &Context,
    asker: &Asker<'_>,
    spec: &ExternalSecretSpec,
) -> Result<Questions, SyncError> {
    let mut questions = Vec::new();
    for (entry, want) in first_wants(spec)? {
        let (source, prefix) = match open(context, asker, &want) {
            Ok(store) => {
                let aws = store.aws();
                let prefix = aws.and_then(|aws| aws.prefix.clone());
                (context.sources.of(context, &store, asker).await, prefix)
            }
            Err(reason) => (Err(reason), None),
        };
        questions.push(Question {
            entry,
            want,
            source,
            prefix,
        });
    }
    let keys = questions.iter().filter_map(Question::current_key);
    // Also where it will fail: a sweep tells when it may succeed.
    context.sources.placed(asker, keys.collect());
    Ok(Questions(questions))
}

/// Asks for everything. An answer may be as old as `since`.
pub(crate) async fn fetch(questions: Questions, since: Instant) -> Result<Fetched, SyncError> {
    let answers = questions.0.iter().map(|question| question.ask(since));
    let answers = join_all(answers).await;
    let mut fetched = Fetched {
        answers: Vec::new(),
        newest: None,
        seen: Some(Vec::new()),
    };
    let mut errors = Vec::new();
    for (question, answer) in questions.0.into_iter().zip(answers) {
        let Question {
            entry,
            want,
            source,
            ..
        } = question;
        match source.and(answer) {
            Ok((answer, seen)) => {
                let created = seen.as_ref().and_then(|seen| seen.created);
                fetched.newest = fetched.newest.max(created);
                fetched.seen = fetched.seen.zip(seen).map(|(mut all, seen)| {
                    all.push(seen);
                    all
                });
                fetched.answers.push((want, answer));
            }
            Err(reason) => errors.push(FetchError {
                entry,
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

type Answered = Result<(Answer, Option<Seen>), FetchReason>;

impl Question {
    /// What is to be looked after, and where.
    fn current_key(&self) -> Option<(Arc<Source>, String)> {
        let source = self.source.as_ref().ok()?.clone();
        match &self.want.what {
            What::Value { key, version } if Version::read(version.as_deref()).is_current() => {
                Some((source, self.with_prefix(key)))
            }
            _ => None,
        }
    }

    /// Upstream puts the prefix before everything, and breaks ARNs.
    fn with_prefix(&self, key: &str) -> String {
        match &self.prefix {
            Some(prefix) if !key.starts_with("arn:") => format!("{prefix}{key}"),
            _ => key.to_owned(),
        }
    }

    /// Nothing is asked where nobody can be: then that is the answer.
    async fn ask(&self, since: Instant) -> Answered {
        let Ok(source) = &self.source else {
            return Err(FetchReason::NoStore);
        };
        let answer = self.ask_of(source, since).await;
        if let Err(FetchReason::Aws(error)) = &answer {
            source.heard(error);
        }
        answer
    }

    async fn ask_of(&self, source: &Arc<Source>, since: Instant) -> Answered {
        match &self.want.what {
            What::Value { key, version } => {
                let key = self.with_prefix(key);
                let version = Version::read(version.as_deref());
                let answer = source.values().value(&key, &version, since).await;
                value(answer, source, &key, &version)
            }
            What::Tags { key } => {
                let key = self.with_prefix(key);
                let tags = Box::pin(source.values().tags(&key, since)).await?;
                Ok((Answer::Tags(tags.iter().cloned().collect()), None))
            }
            What::Find(find) => {
                // Rare, and ten times as large as the others, of which thousands may wait.
                let found = Box::pin(found(source, find, since)).await?;
                Ok((Answer::Found(found), None))
            }
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
    let access = context.stores.access(&store);
    if access.may_use(asker.namespace, labels.as_ref())? {
        Ok(store)
    } else {
        Err(FetchReason::Denied(asker.namespace.to_owned()))
    }
}

fn value(
    answer: Result<Arc<SecretValue>, SecretsError>,
    source: &Arc<Source>,
    key: &str,
    version: &Version,
) -> Answered {
    match answer {
        Ok(value) => {
            let seen = version.is_current().then(|| Seen {
                source: Arc::downgrade(source),
                key: key.into(),
                version: value.version_id.as_str().into(),
                created: value.created,
            });
            let text = value.text.as_ref();
            let text = text.map(|text| Zeroizing::new(text.as_bytes().to_vec()));
            let binary = value.binary.clone();
            Ok((Answer::Value { text, binary }, seen))
        }
        Err(error) if error.fault.is_missing() => Ok((Answer::Missing, None)),
        Err(error) => Err(error.into()),
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
