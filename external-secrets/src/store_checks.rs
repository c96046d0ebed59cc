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
    ClusterSecretStore, RefreshSeconds, SecretStore, SecretStoreStatus, StoreKind,
};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::jitter::late;
use crate::passes::News;
use crate::reconcile::Context;
use crate::source::WhoError;
use crate::status::ready_condition;
use crate::stores::{AnyStore, Service};

/// Longest wait of a store that cannot be used.
const RETRY: Duration = Duration::from_secs(30);

/// What checks need.
#[derive(Clone)]
pub(crate) struct StoreChecks {
    context: Arc<Context>,
    /// How often.
    interval: SignedDuration,
    /// ExternalSecrets that may succeed now.
    changed: mpsc::UnboundedSender<News>,
    statuses: Arc<WrittenStatuses<StorePlace, SecretStoreStatus>>,
    /// Each store when it was last looked at.
    versions: Arc<Mutex<HashMap<StorePlace, StoreVersion>>>,
}

/// Uid and generation.
type StoreVersion = (Option<String>, Option<i64>);

/// Kind, namespace and name.
type StorePlace = (StoreKind, Option<String>, String);

/// The status could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the status of a store: {0}")]
pub(crate) struct CheckError(operator_kit::ApiFault);

/// Checks a store and tells the result in its status.
pub(crate) async fn check(
    store: AnyStore,
    checks: Arc<StoreChecks>,
) -> Result<Requeue, CheckError> {
    let checks = &*checks;
    let context = &checks.context;
    if checks.is_edited(&store) {
        checks.wake_users(&store, Some(Instant::now()));
    }
    if context.stores.service(&store) == Service::Foreign
        || store.meta().deletion_timestamp.is_some()
    {
        return Ok(Requeue::await_change());
    }
    let verdict = verdict(&store, context).await;
    let metrics = &context.metrics;
    metrics.store(&store.name(), store.namespace(), verdict.is_ok());
    if tell(&store, &verdict, checks).await.map_err(CheckError)? {
        checks.wake_users(&store, None);
    }
    let interval = interval(&store).unwrap_or(checks.interval);
    Ok(Requeue::requeue(match verdict {
        Ok(()) => late(interval),
        Err(_) => late(interval).min(RETRY),
    }))
}

/// When the next try is due.
pub(crate) fn retry_check(_: &CheckError, _: &StoreChecks) -> Requeue {
    Requeue::requeue(Duration::from_secs(5).mul_f64(1.0 + fastrand::f64()))
}

impl StoreChecks {
    /// Nothing is known yet.
    pub(crate) fn new(
        context: Arc<Context>,
        interval: SignedDuration,
        changed: mpsc::UnboundedSender<News>,
    ) -> Self {
        Self {
            context,
            interval,
            changed,
            statuses: Arc::default(),
            versions: Arc::default(),
        }
    }

    /// Whether the store is another one than when it was last looked at: also one whose status says the same may
    /// let ExternalSecrets succeed now that failed.
    fn is_edited(&self, store: &AnyStore) -> bool {
        let metadata = store.meta();
        let version = (metadata.uid.clone(), metadata.generation);
        let mut versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        let before = versions.insert(place_of(store), version.clone());
        before.is_some_and(|before| before != version)
    }

    /// Those that failed in the namespace because of a store's conditions, perhaps, are tried again.
    pub(crate) fn wake_conditional(&self, namespace: &str) {
        let stores = self.context.stores.cluster.state();
        for store in stores.into_iter().map(AnyStore::Cluster) {
            if store.conditions().is_empty() {
                continue;
            }
            for key in self.context.users_of(&store.name(), namespace) {
                let _ = self.changed.send(News { key, seen: None });
            }
        }
    }

    /// Those that failed are tried again; all of them, if the store is another one since then.
    fn wake_users(&self, store: &AnyStore, seen: Option<Instant>) {
        let place = store.namespace().unwrap_or_default();
        for key in self.context.users_of(&store.name(), place) {
            // At the end of the process nobody listens.
            let _ = self.changed.send(News { key, seen });
        }
    }

    /// The store is gone.
    pub(crate) fn forget(&self, store: &AnyStore) {
        let place = place_of(store);
        self.context
            .metrics
            .forget_store(&store.name(), store.namespace());
        self.statuses.forget(&place);
        self.context.stores.forget(store);
        let mut versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        versions.remove(&place);
        drop(versions);
        self.wake_users(store, Some(Instant::now()));
    }
}

fn place_of(store: &AnyStore) -> StorePlace {
    let name = store.name();
    (name.kind, store.meta().namespace.clone(), name.name)
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
    let nobody = std::collections::BTreeMap::new();
    if let Err(bad) = context.stores.access(store).may_use("", Some(&nobody)) {
        return invalid(bad.to_string());
    }
    // Credentials of a ClusterSecretStore may lie in the namespace that asks.
    if store.namespace().is_none() && store.refers_to_asker() {
        return Ok(());
    }
    let place = store.namespace().unwrap_or_default();
    let identity = context.sources.who(context, store, place).await;
    let mut identity = identity.map_err(|error: WhoError| {
        (
            "InvalidProviderConfig",
            format!("unable to create client: {error}"),
        )
    })?;
    if store.namespace().is_none() && store.tells_asker() {
        // Nobody asks: a role that is for some namespaces only would be refused.
        identity.role = None;
    }
    if let Some(namespace) = store.namespace() {
        let admitted = context.sources.admit(namespace, &identity, &aws.region);
        admitted.map_err(|error| ("ValidationFailed", error.to_string()))?;
    }
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
    let place = place_of(store);
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
    let why = match verdict {
        Ok(()) => ("Valid", "store validated"),
        Err((reason, message)) => (*reason, message.as_str()),
    };
    let conditions = present.map_or(&[][..], |present| &present.conditions);
    let next = SecretStoreStatus {
        conditions: vec![ready_condition(conditions, verdict.is_ok(), why, now)],
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
