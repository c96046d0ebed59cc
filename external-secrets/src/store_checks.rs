//! Whether stores can be used, and telling so in their statuses (contract §8.2).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kube::api::ApiResource;
use kube::runtime::controller::Action as Requeue;
use operator_kit::EventKind;
use operator_kit::status::{self as statuses, Present, Subject, WrittenStatuses};
use seal_api::external_secrets::{
    ClusterSecretStore, ReadyCondition, ReadyStatus, RefreshSeconds, SecretStore,
    SecretStoreStatus, StoreKind,
};
use tokio::sync::mpsc;

use crate::jitter::late;
use crate::passes::News;
use crate::reconcile::Context;
use crate::source::WhoError;
use crate::store_access::may_use;
use crate::stores::{AnyStore, GuardedClusterStore, GuardedStore, Service};

/// Longest wait of a store that cannot be used.
const RETRY: Duration = Duration::from_secs(30);

/// What checks need.
#[derive(Clone)]
pub(crate) struct StoreChecks {
    pub(crate) context: Arc<Context>,
    /// How often.
    pub(crate) interval: SignedDuration,
    /// ExternalSecrets that may succeed now.
    pub(crate) changed: mpsc::UnboundedSender<News>,
    pub(crate) statuses: Arc<WrittenStatuses<StorePlace, SecretStoreStatus>>,
    /// Generation of each store, as it was checked last.
    pub(crate) generations: Arc<Mutex<HashMap<StorePlace, i64>>>,
}

/// Kind, namespace and name.
type StorePlace = (StoreKind, Option<String>, String);

impl StoreChecks {
    /// Whether the store has another specification than at its last check.
    fn is_another(&self, store: &AnyStore) -> bool {
        let generation = store.meta().generation.unwrap_or_default();
        let mut generations = self
            .generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let before = generations.insert(place(store), generation);
        before.is_some_and(|before| before != generation)
    }

    /// What the store's users have is looked at anew.
    fn wake(&self, store: &AnyStore) {
        let namespace = store.namespace().unwrap_or_default();
        for news in self.context.store_changed(&store.name(), namespace) {
            // At the end of the process nobody listens.
            let _ = self.changed.send(news);
        }
    }

    /// The store is gone.
    pub(crate) fn forget(&self, store: &AnyStore) {
        let place = place(store);
        self.statuses.forget(&place);
        let mut generations = self
            .generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        generations.remove(&place);
        drop(generations);
        self.wake(store);
    }
}

fn place(store: &AnyStore) -> StorePlace {
    let name = store.name();
    let namespace = store.namespace().map(str::to_owned);
    (name.kind, namespace, name.name)
}

/// The status could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the status of a store: {0}")]
pub(crate) struct CheckError(operator_kit::ApiFault);

/// Checks a SecretStore.
pub(crate) async fn check(
    store: Arc<GuardedStore>,
    checks: Arc<StoreChecks>,
) -> Result<Requeue, CheckError> {
    of_any(AnyStore::Local(store), &checks).await
}

/// Checks a ClusterSecretStore.
pub(crate) async fn check_cluster(
    store: Arc<GuardedClusterStore>,
    checks: Arc<StoreChecks>,
) -> Result<Requeue, CheckError> {
    of_any(AnyStore::Cluster(store), &checks).await
}

/// When the next try is due.
pub(crate) fn retry_check(_: &CheckError, _: &StoreChecks) -> Requeue {
    Requeue::requeue(Duration::from_secs(5).mul_f64(1.0 + fastrand::f64()))
}

async fn of_any(store: AnyStore, checks: &StoreChecks) -> Result<Requeue, CheckError> {
    let context = &checks.context;
    if context.stores.service(&store) == Service::Foreign
        || store.meta().deletion_timestamp.is_some()
    {
        return Ok(Requeue::await_change());
    }
    let verdict = verdict(&store, context).await;
    let metrics = &context.metrics;
    metrics.store(&store.name(), store.namespace(), verdict.is_ok());
    let another = checks.is_another(&store);
    let changed = tell(&store, &verdict, checks).await.map_err(CheckError)?;
    if changed || another {
        checks.wake(&store);
    }
    let interval = interval(&store).unwrap_or(checks.interval);
    Ok(Requeue::requeue(match verdict {
        Ok(()) => late(interval),
        Err(_) => late(interval).min(RETRY),
    }))
}

/// A store's own interval.
fn interval(store: &AnyStore) -> Option<SignedDuration> {
    let interval = match store.spec()?.refresh_interval.as_ref()? {
        RefreshSeconds::Seconds(seconds) => SignedDuration::from_secs(*seconds),
        RefreshSeconds::Duration(text) => text.parse().ok()?,
    };
    interval.is_positive().then_some(interval)
}

/// Why it cannot be used: reason and message.
type Trouble = (&'static str, String);

async fn verdict(store: &AnyStore, context: &Context) -> Result<(), Trouble> {
    let invalid = |message: String| Err(("InvalidStoreConfiguration", message));
    let Some(aws) = store.aws() else {
        return invalid("a field of the specification has the wrong type".to_owned());
    };
    if aws.region.is_empty() {
        return invalid("spec.provider.aws.region is missing".to_owned());
    }
    if let Err(bad) = may_use(store.conditions(), "", &std::collections::BTreeMap::new()) {
        return invalid(bad.to_string());
    }
    // Credentials of a ClusterSecretStore may lie in the namespace of whoever asks.
    if store.namespace().is_none() && store.refers_to_askers() {
        return Ok(());
    }
    let place = store.namespace().unwrap_or_default();
    let identity = context.sources.who(context, store, place).await;
    let identity = identity.map_err(|error: WhoError| {
        (
            "InvalidProviderConfig",
            format!("unable to create client: {error}"),
        )
    })?;
    let checked = context
        .sources
        .identities
        .check(&identity, &aws.region)
        .await;
    checked.map_err(|error| {
        (
            "ValidationFailed",
            format!("unable to validate store: {error}"),
        )
    })
}

/// Writes the status; true if whether the store can be used has changed.
async fn tell(
    store: &AnyStore,
    verdict: &Result<(), Trouble>,
    checks: &StoreChecks,
) -> Result<bool, operator_kit::ApiFault> {
    let metadata = store.meta();
    let resource = match store {
        AnyStore::Local(_) => ApiResource::erase::<SecretStore>(&()),
        AnyStore::Cluster(_) => ApiResource::erase::<ClusterSecretStore>(&()),
    };
    let subject = Subject {
        metadata: metadata.clone(),
        status: match store.spec() {
            Some(_) => Present::Known(store.status().cloned()),
            None => Present::Unknown,
        },
    };
    let place = place(store);
    let changed = statuses::bring_to(
        &checks.context.client,
        &resource,
        (&place, &subject),
        |present| next_status(present, verdict, Timestamp::now()),
        &checks.statuses,
    )
    .await?;
    if changed {
        let (kind, reason, message) = match verdict {
            Ok(()) => (EventKind::Normal, "Valid", "store validated".to_owned()),
            Err((reason, message)) => (EventKind::Warning, *reason, message.clone()),
        };
        let reference = statuses::reference(&resource, metadata);
        let events = &checks.context.events;
        events.publish(reference, kind, reason, message);
    }
    Ok(changed)
}

/// The status to write, or `None` if the present one says the same already.
fn next_status(
    present: Option<&SecretStoreStatus>,
    verdict: &Result<(), Trouble>,
    now: Timestamp,
) -> Option<SecretStoreStatus> {
    let (status, reason, message) = match verdict {
        Ok(()) => (ReadyStatus::True, "Valid", "store validated"),
        Err((reason, message)) => (ReadyStatus::False, *reason, message.as_str()),
    };
    let mut conditions = present.into_iter().flat_map(|present| &present.conditions);
    let before = conditions.find(|condition| condition.kind == "Ready");
    let since = before.filter(|before| before.status == status);
    let since = since.and_then(|before| before.last_transition_time);
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let next = SecretStoreStatus {
        conditions: vec![ReadyCondition {
            kind: "Ready".to_owned(),
            status,
            reason: Some(reason.to_owned()),
            message: Some(message.to_owned()),
            last_transition_time: since.or(Some(now)),
        }],
        capabilities: present
            .and_then(|present| present.capabilities.clone())
            .or_else(|| Some("ReadOnly".to_owned())),
    };
    (present != Some(&next)).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_status_is_written_when_it_differs() {
        let bad = Err(("InvalidProviderConfig", "no such Secret".to_owned()));
        let first = next_status(None, &bad, at(1)).unwrap();
        assert_eq!(next_status(Some(&first), &bad, at(2)), None);
        let good = next_status(Some(&first), &Ok(()), at(3)).unwrap();
        assert_eq!(good.conditions[0].last_transition_time, Some(at(3)));
        assert_eq!(next_status(Some(&good), &Ok(()), at(4)), None);
    }

    #[test]
    fn what_upstream_wrote_stays() {
        let theirs: SecretStoreStatus = serde_json::from_str(
            r#"{"capabilities":"ReadWrite","conditions":[{"lastTransitionTime":"2026-01-01T00:00:00Z",
            "message":"store validated","reason":"Valid","status":"True","type":"Ready"}]}"#,
        )
        .unwrap();
        assert_eq!(next_status(Some(&theirs), &Ok(()), at(5)), None);
    }
}
