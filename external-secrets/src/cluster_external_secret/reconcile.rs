//! One pass over one ClusterExternalSecret: list, decide, write, report.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::Namespace;
use kube::api::{ApiResource, DynamicObject, ListParams};
use kube::core::{ObjectMeta, PartialObjectMeta};
use kube::runtime::controller::Action as Requeue;
use kube::runtime::reflector::{ObjectRef, Store};
use kube::{Api, Client, ResourceExt as _};
use operator_kit::message::one_line;
use operator_kit::status::{self as statuses, Present, Subject, WrittenStatuses};
use operator_kit::{ApiFault, Backoff, EventKind, EventSink};
use seal_api::external_secrets::{
    ClusterExternalSecret, ClusterExternalSecretStatus, ExternalSecret,
};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::metrics::ClusterMetrics;
use super::plan::{self, FINALIZER, Observed, Place, Plan, child_name, names, namespace_finalizer};
use super::status::{Outcome, UNKNOWN_NAMESPACE, next_status};
use super::writes::{self, Written};
use crate::sync_window::duration;

/// First wait after a failure that may pass by itself.
const FIRST_RETRY: Duration = Duration::from_secs(1);
/// Longest wait between tries; they never end.
const LONGEST_RETRY: Duration = Duration::from_mins(5);
/// Longest wait while others are faster, or the API server is away.
const LONGEST_TRANSIENT_RETRY: Duration = Duration::from_secs(15);
/// Another look, unless `spec.refreshTime` says otherwise.
const LOOK_AGAIN: Duration = Duration::from_hours(1);
/// Objects in one answer of the API server.
const PAGE: u32 = 500;
/// Failed namespaces that an event names; the status names all.
const NAMED: usize = 5;

/// All that reconciling needs.
pub(super) struct Context {
    pub(super) client: Client,
    /// The ClusterExternalSecrets of this moment.
    parents: Store<DynamicObject>,
    /// The namespaces of this moment.
    pub(super) namespaces: Store<PartialObjectMeta<Namespace>>,
    /// Cancelled, as it were, when they are all known.
    pub(super) listed: CancellationToken,
    pub(super) events: EventSink,
    pub(super) metrics: ClusterMetrics,
    statuses: WrittenStatuses<String, ClusterExternalSecretStatus>,
    /// Namespaces of which it was told that they are held.
    told: Mutex<HashMap<String, BTreeSet<String>>>,
    lasting: Backoff<String>,
    transient: Backoff<String>,
}

/// Not everything is as it should be. What, the status tells.
#[derive(Debug, thiserror::Error)]
#[error("{verb} failed: {fault}")]
pub(super) struct Unfinished {
    verb: &'static str,
    fault: ApiFault,
}

impl Context {
    pub(super) fn new(
        client: Client,
        parents: Store<DynamicObject>,
        namespaces: Store<PartialObjectMeta<Namespace>>,
        events: EventSink,
        metrics: ClusterMetrics,
    ) -> Self {
        Self {
            client,
            parents,
            namespaces,
            listed: CancellationToken::new(),
            events,
            metrics,
            statuses: WrittenStatuses::default(),
            told: Mutex::default(),
            lasting: Backoff::new(FIRST_RETRY, LONGEST_RETRY),
            transient: Backoff::new(FIRST_RETRY, LONGEST_TRANSIENT_RETRY),
        }
    }

    /// The ClusterExternalSecret is gone: nothing of it stays here.
    pub(super) fn forget(&self, name: &str) {
        self.metrics.forget(name);
        self.statuses.forget(&name.to_owned());
        self.held(name, &BTreeSet::new());
        self.succeeded(name);
    }

    /// Of the namespaces that are held now, those that were not before.
    fn held(&self, name: &str, now: &BTreeSet<String>) -> BTreeSet<String> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let before = if now.is_empty() {
            told.remove(name)
        } else {
            told.insert(name.to_owned(), now.clone())
        };
        now - &before.unwrap_or_default()
    }

    fn succeeded(&self, name: &str) {
        self.lasting.reset(&name.to_owned());
        self.transient.reset(&name.to_owned());
    }
}

/// One pass.
pub(super) async fn reconcile(
    object: Arc<DynamicObject>,
    context: Arc<Context>,
) -> Result<Requeue, Unfinished> {
    context.listed.cancelled().await;
    let (name, began) = (object.name_any(), Instant::now());
    let result = pass(&object, &context).await;
    context.metrics.took(&name, began.elapsed());
    // Deleted during the pass: what the pass has noted would stay for ever.
    if context
        .parents
        .get(&ObjectRef::from_obj_with(&*object, parent_resource()))
        .is_none()
    {
        context.forget(&name);
        return Ok(Requeue::await_change());
    }
    let again = result?;
    context.succeeded(&name);
    Ok(again.map_or_else(Requeue::await_change, Requeue::requeue))
}

/// When the next try is due.
pub(super) fn retry(object: &DynamicObject, error: &Unfinished, context: &Context) -> Requeue {
    let name = object.name_any();
    tracing::debug!(object = name, %error, "a ClusterExternalSecret is tried again");
    let backoff = if error.fault.is_transient() {
        &context.transient
    } else {
        &context.lasting
    };
    Requeue::requeue(backoff.next(name))
}

async fn pass(object: &DynamicObject, context: &Context) -> Result<Option<Duration>, Unfinished> {
    let Ok(parent) = object.clone().try_parse::<ClusterExternalSecret>() else {
        let outcome = blamed_on_nobody(
            object.name_any(),
            "its fields are not those of a ClusterExternalSecret; compare it with the resource definition",
        );
        report(object, &outcome, &Written::default(), context).await?;
        return Ok(None);
    };
    let children = children(&parent, context).await?;
    let spec = object.data.pointer("/spec/externalSecretSpec");
    let namespaces = context.namespaces.state();
    let places: Vec<_> = namespaces.iter().map(|it| place(&it.metadata)).collect();
    let plan = plan::decide(&Observed {
        parent: &parent,
        child_spec: spec.unwrap_or(&Value::Null),
        places: &places,
        children: &children,
    });
    let plan = match plan {
        Ok(plan) => plan,
        Err(bad) => {
            let outcome = blamed_on_nobody(child_name(&parent).to_owned(), &bad.to_string());
            report(object, &outcome, &Written::default(), context).await?;
            return Ok(None);
        }
    };
    let refused = plan.refused.clone();
    let written = carry_out(&parent, plan, context).await;
    if parent.metadata.deletion_timestamp.is_some() {
        return finish(&parent, &written, context).await;
    }
    if written.is_contested() {
        return Err(Unfinished {
            verb: "writing ExternalSecrets",
            fault: ApiFault::Conflict,
        });
    }
    let outcome = outcome(&parent, refused, &written);
    report(object, &outcome, &written, context).await?;
    if let Some(failure) = written.failed.values().next() {
        let fault = failure.fault.clone();
        return Err(Unfinished {
            verb: "writing ExternalSecrets",
            fault,
        });
    }
    Ok(look_again(&parent))
}

async fn carry_out(parent: &ClusterExternalSecret, plan: Plan, context: &Context) -> Written {
    let finalizer = namespace_finalizer(&parent.name_any());
    let written = writes::carry_out(plan, &finalizer, &context.client).await;
    let held = written.held.iter();
    let held = held.filter(|(_, fault)| **fault != ApiFault::Conflict);
    let held = held.map(|(namespace, _)| namespace.clone()).collect();
    for namespace in context.held(&parent.name_any(), &held) {
        let Some(fault) = written.held.get(&namespace) else {
            continue;
        };
        let message = format!(
            "namespace {namespace} has the finalizer {finalizer} of External Secrets Operator, and it \
             cannot be taken off: {fault}; without that the namespace is never deleted"
        );
        tell(
            &parent.metadata,
            context,
            EventKind::Warning,
            "NamespaceHeld",
            message,
        );
    }
    written
}

/// Namespaces are let go before the object is: after it nobody would know of them.
async fn finish(
    parent: &ClusterExternalSecret,
    written: &Written,
    context: &Context,
) -> Result<Option<Duration>, Unfinished> {
    let unfinished = |fault| Unfinished {
        verb: "letting go of namespaces",
        fault,
    };
    if let Some(fault) = written.held.values().next() {
        return Err(unfinished(fault.clone()));
    }
    if parent
        .finalizers()
        .iter()
        .any(|finalizer| finalizer == FINALIZER)
    {
        let released = writes::release(&parent.metadata, FINALIZER, &context.client).await;
        released.map_err(unfinished)?;
    }
    Ok(None)
}

/// ExternalSecrets of the names that matter, in every namespace, with all of their fields.
async fn children(
    parent: &ClusterExternalSecret,
    context: &Context,
) -> Result<Vec<DynamicObject>, Unfinished> {
    let resource = ApiResource::erase::<ExternalSecret>(&());
    let api: Api<DynamicObject> = Api::all_with(context.client.clone(), &resource);
    let mut children = Vec::new();
    for name in names(parent) {
        let field = format!("metadata.name={name}");
        let mut params = ListParams::default().fields(&field).limit(PAGE);
        loop {
            let page = api.list(&params).await.map_err(|error| Unfinished {
                verb: "listing ExternalSecrets",
                fault: error.into(),
            })?;
            children.extend(page.items);
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => params.continue_token = Some(token),
                None => break,
            }
        }
    }
    Ok(children)
}

fn parent_resource() -> ApiResource {
    ApiResource::erase::<ClusterExternalSecret>(&())
}

/// A namespace as the decision sees it.
pub(super) fn place(metadata: &ObjectMeta) -> Place {
    Place {
        name: metadata.name.clone().unwrap_or_default(),
        labels: metadata.labels.clone().unwrap_or_default(),
        finalizers: metadata.finalizers.clone().unwrap_or_default(),
        version: metadata.resource_version.clone(),
        terminating: metadata.deletion_timestamp.is_some(),
    }
}

fn blamed_on_nobody(name: String, reason: &str) -> Outcome {
    Outcome {
        name,
        provisioned: None,
        failed: BTreeMap::from([(UNKNOWN_NAMESPACE.to_owned(), reason.to_owned())]),
    }
}

fn outcome(
    parent: &ClusterExternalSecret,
    refused: BTreeMap<String, String>,
    written: &Written,
) -> Outcome {
    let failed = written.failed.iter();
    let failed = failed.map(|(namespace, failure)| (namespace.clone(), failure.to_string()));
    Outcome {
        name: child_name(parent).to_owned(),
        provisioned: Some(written.provisioned.clone()),
        failed: failed.chain(refused).collect(),
    }
}

/// Status, events and metrics, all from one result.
async fn report(
    object: &DynamicObject,
    outcome: &Outcome,
    written: &Written,
    context: &Context,
) -> Result<(), Unfinished> {
    let name = object.name_any();
    context.metrics.condition(&name, outcome.failed.is_empty());
    for (count, reason, done) in [
        (written.created, "Created", "created"),
        (written.updated, "Updated", "updated"),
        (written.deleted, "Deleted", "deleted"),
    ] {
        if count > 0 {
            let many = if count == 1 {
                "namespace"
            } else {
                "namespaces"
            };
            let message = format!("external secret {} {done} in {count} {many}", outcome.name);
            tell(
                &object.metadata,
                context,
                EventKind::Normal,
                reason,
                message,
            );
        }
    }
    let present = object.data.get("status");
    let status = present.map(|status| serde_json::from_value(status.clone()));
    let subject = Subject {
        metadata: object.metadata.clone(),
        status: status.map_or(Present::Known(None), |read| match read {
            Ok(status) => Present::Known(Some(status)),
            Err(_) => Present::Unknown,
        }),
    };
    let resource = parent_resource();
    let next = |present: Option<&ClusterExternalSecretStatus>| next_status(present, outcome);
    let Context {
        client, statuses, ..
    } = context;
    let changed = statuses::bring_to(client, &resource, (&name, &subject), next, statuses).await;
    let changed = changed.map_err(|fault| Unfinished {
        verb: "reporting the status",
        fault,
    })?;
    if changed && !outcome.failed.is_empty() {
        let message = failures(&outcome.failed);
        tracing::warn!(object = name, "{}", one_line(&message));
        tell(
            &object.metadata,
            context,
            EventKind::Warning,
            "NamespacesFailed",
            message,
        );
    }
    Ok(())
}

/// The first few.
fn failures(failed: &BTreeMap<String, String>) -> String {
    let named = failed.iter().take(NAMED);
    let named: Vec<_> = named
        .map(|(namespace, reason)| format!("{namespace}: {reason}"))
        .collect();
    let more = match failed.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!("; and {more} more, see status.failedNamespaces"),
    };
    format!("{}{more}", named.join("; "))
}

fn tell(
    metadata: &ObjectMeta,
    context: &Context,
    kind: EventKind,
    reason: &'static str,
    message: String,
) {
    let reference = statuses::reference(&parent_resource(), metadata);
    context.events.publish(reference, kind, reason, message);
}

/// Changes wake by themselves; this is for those that nobody told of.
fn look_again(parent: &ClusterExternalSecret) -> Option<Duration> {
    let Some(text) = parent.spec.refresh_time.as_deref() else {
        return Some(LOOK_AGAIN);
    };
    let wait = duration(text).map_or(Ok(LOOK_AGAIN), Duration::try_from);
    wait.ok().filter(|wait| !wait.is_zero())
}

#[cfg(test)]
mod tests {
    use seal_api::external_secrets::ClusterExternalSecretSpec;

    use super::*;

    #[test]
    fn an_event_names_a_few() {
        let failed = |count: usize| {
            let failed = (0..count).map(|number| (format!("n{number}"), "taken".to_owned()));
            failures(&failed.collect())
        };
        assert_eq!(failed(2), "n0: taken; n1: taken");
        let many = failed(7);
        assert!(
            many.ends_with("n4: taken; and 2 more, see status.failedNamespaces"),
            "{many}"
        );
    }

    #[test]
    fn how_often() {
        let hour = Some(LOOK_AGAIN);
        for (text, expected) in [
            (None, hour),
            (Some("5m"), Some(Duration::from_mins(5))),
            (Some("often"), hour),
            (Some("0s"), None),
            (Some("-1h"), None),
        ] {
            let mut parent = ClusterExternalSecret::new("db", ClusterExternalSecretSpec::default());
            parent.spec.refresh_time = text.map(str::to_owned);
            assert_eq!(look_again(&parent), expected, "{text:?}");
        }
    }
}
