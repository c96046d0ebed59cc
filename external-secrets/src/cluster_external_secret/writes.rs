//! Carrying a plan out: many writes at a time, but not all.

use std::collections::BTreeMap;
use std::future::Future;

use futures::{StreamExt as _, stream};
use k8s_openapi::api::core::v1::Namespace;
use kube::api::Preconditions;
use kube::api::{ApiResource, DeleteParams, DynamicObject, Patch, PatchParams, PostParams};
use kube::core::ObjectMeta;
use kube::{Api, Client};
use operator_kit::ApiFault;
use seal_api::external_secrets::{ClusterExternalSecret, ExternalSecret};
use serde_json::json;

use super::plan::{Place, Plan};

/// Writes of one ClusterExternalSecret at a time.
const AT_ONCE: usize = 16;

/// How it went.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// Namespaces that have their ExternalSecret.
    pub(super) provisioned: Vec<String>,
    /// Namespaces where it failed, and what.
    pub(super) failed: BTreeMap<String, Failure>,
    /// Namespaces that an earlier pass of upstream's holds, and that could not be let go.
    pub(super) held: BTreeMap<String, ApiFault>,
    /// Numbers for the events.
    pub(super) created: usize,
    pub(super) updated: usize,
    pub(super) deleted: usize,
}

/// What was tried, and what came of it.
#[derive(Debug)]
pub(super) struct Failure {
    what: &'static str,
    pub(super) fault: ApiFault,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.what, self.fault)
    }
}

impl Written {
    fn note(&mut self, child: &DynamicObject, result: Result<(), ApiFault>) {
        match result {
            Ok(()) => self.provisioned.push(place(child)),
            // It went meanwhile; there is nothing to be in.
            Err(ApiFault::NamespaceTerminating) => {}
            Err(fault) => {
                let what = "could not create or update ExternalSecret";
                self.failed.insert(place(child), Failure { what, fault });
            }
        }
    }

    /// Whether someone else was faster somewhere: another look is due before anything is told.
    pub(super) fn is_contested(&self) -> bool {
        let mut failed = self.failed.values();
        failed.any(|it| matches!(it.fault, ApiFault::Conflict | ApiFault::AlreadyExists))
    }
}

/// Carries it out. `finalizer` is what is taken off the namespaces that are let go.
pub(super) async fn carry_out(plan: Plan, finalizer: &str, client: &Client) -> Written {
    let mut written = Written {
        provisioned: plan.up_to_date,
        ..Written::default()
    };
    // First, as the new one may be about the same Secret.
    let deleted = all(plan.delete, |child| async move {
        (delete(&child, client).await, child)
    });
    for (result, child) in deleted.await {
        match result {
            Ok(()) => written.deleted += 1,
            Err(fault) => {
                let what = "external secret in non matching namespace could not be deleted";
                written
                    .failed
                    .insert(place(&child), Failure { what, fault });
            }
        }
    }
    let created = all(plan.create, |child| async move {
        (create(&child, client).await, child)
    });
    for (result, child) in created.await {
        written.created += usize::from(result.is_ok());
        written.note(&child, result);
    }
    let updated = all(plan.update, |child| async move {
        (update(&child, client).await, child)
    });
    for (result, child) in updated.await {
        written.updated += usize::from(result.is_ok());
        written.note(&child, result);
    }
    let released = all(plan.release, |held| async move {
        (let_go(&held, finalizer, client).await, held)
    });
    for (result, held) in released.await {
        if let Err(fault) = result {
            written.held.insert(held.name, fault);
        }
    }
    written
}

async fn all<T, R, F: Future<Output = R>>(items: Vec<T>, each: impl Fn(T) -> F) -> Vec<R> {
    stream::iter(items)
        .map(each)
        .buffer_unordered(AT_ONCE)
        .collect()
        .await
}

fn place(child: &DynamicObject) -> String {
    child.metadata.namespace.clone().unwrap_or_default()
}

fn api(client: &Client, child: &DynamicObject) -> Api<DynamicObject> {
    let resource = ApiResource::erase::<ExternalSecret>(&());
    Api::namespaced_with(client.clone(), &place(child), &resource)
}

fn name(metadata: &ObjectMeta) -> &str {
    metadata.name.as_deref().unwrap_or_default()
}

async fn create(child: &DynamicObject, client: &Client) -> Result<(), ApiFault> {
    let created = api(client, child)
        .create(&PostParams::default(), child)
        .await;
    Ok(created.map(drop)?)
}

async fn update(child: &DynamicObject, client: &Client) -> Result<(), ApiFault> {
    let children = api(client, child);
    let name = name(&child.metadata);
    match children
        .replace(name, &PostParams::default(), child)
        .await
        .map_err(ApiFault::from)
    {
        // Gone meanwhile: the next look makes it anew.
        Err(ApiFault::NotFound) => Err(ApiFault::Conflict),
        other => other.map(drop),
    }
}

async fn delete(child: &DynamicObject, client: &Client) -> Result<(), ApiFault> {
    let params = DeleteParams {
        preconditions: Some(Preconditions {
            uid: child.metadata.uid.clone(),
            resource_version: None,
        }),
        ..DeleteParams::default()
    };
    let deleted = api(client, child)
        .delete(name(&child.metadata), &params)
        .await;
    match deleted.map_err(ApiFault::from) {
        Err(ApiFault::NotFound) => Ok(()),
        other => other.map(drop),
    }
}

async fn let_go(namespace: &Place, finalizer: &str, client: &Client) -> Result<(), ApiFault> {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let patch = without(
        &namespace.finalizers,
        finalizer,
        namespace.version.as_deref(),
    );
    let params = PatchParams::default();
    let patched = namespaces
        .patch_metadata(&namespace.name, &params, &patch)
        .await;
    gone_is_fine(patched.map(drop))
}

/// Takes a finalizer off a ClusterExternalSecret.
pub(super) async fn release(
    parent: &ObjectMeta,
    finalizer: &str,
    client: &Client,
) -> Result<(), ApiFault> {
    let parents: Api<ClusterExternalSecret> = Api::all(client.clone());
    let finalizers = parent.finalizers.as_deref().unwrap_or_default();
    let patch = without(finalizers, finalizer, parent.resource_version.as_deref());
    let params = PatchParams::default();
    let patched = parents.patch_metadata(name(parent), &params, &patch).await;
    gone_is_fine(patched.map(drop))
}

/// For the object in this version, and none other.
fn without(
    finalizers: &[String],
    finalizer: &str,
    version: Option<&str>,
) -> Patch<serde_json::Value> {
    let others: Vec<_> = finalizers
        .iter()
        .filter(|other| *other != finalizer)
        .collect();
    Patch::Merge(json!({"metadata": {"finalizers": others, "resourceVersion": version}}))
}

fn gone_is_fine(result: Result<(), kube::Error>) -> Result<(), ApiFault> {
    match result.map_err(ApiFault::from) {
        Err(ApiFault::NotFound) => Ok(()),
        other => other,
    }
}
