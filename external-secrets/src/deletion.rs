//! What ends: Secrets whose values are gone from the store, whose ExternalSecret is deleted, or has another
//! target now; and the finalizer that makes the second possible (contract §3 step 2, §3.4, §13.10).

use k8s_openapi::api::core::v1::Secret;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, Preconditions};
use kube::core::{ObjectMeta, PartialObjectMeta};
use kube::{Api, Resource as _, ResourceExt as _};
use operator_kit::ApiFault;
use seal_api::external_secrets::{
    CREATED_BY, CreationPolicy, DeletionPolicy, ExternalSecret, FINALIZER,
};

use crate::desired::owner_reference;
use crate::objects::Guarded;
use crate::reconcile::Context;
use crate::report::Outcome;
use crate::status::Verdict;
use crate::sync_error::SyncError;

/// Holds the ExternalSecret until its Secret is deleted, if that is asked for. No other one is held up: a
/// namespace with thousands would take its time to go.
pub(crate) async fn guard(external: &ExternalSecret, context: &Context) -> Result<(), SyncError> {
    if policy(external) != DeletionPolicy::Delete || holds(&external.metadata) {
        return Ok(());
    }
    let mut finalizers = external.metadata.finalizers.clone().unwrap_or_default();
    finalizers.push(FINALIZER.to_owned());
    set_finalizers(&external.metadata, &finalizers, context).await
}

/// The ExternalSecret is being deleted.
pub(crate) async fn finish(object: &Guarded, context: &Context) -> Result<(), SyncError> {
    let metadata = object.meta();
    if !holds(metadata) {
        return Ok(());
    }
    if let Ok(external) = &object.0
        && policy(external) == DeletionPolicy::Delete
    {
        delete(external, external.target_name(), context).await?;
    }
    let finalizers = metadata.finalizers.iter().flatten();
    let others: Vec<_> = finalizers
        .filter(|name| *name != FINALIZER)
        .cloned()
        .collect();
    set_finalizers(metadata, &others, context).await
}

/// The store has no values for the ExternalSecret.
pub(crate) async fn without_values(
    external: &ExternalSecret,
    context: &Context,
) -> Result<Outcome, SyncError> {
    let target = external.spec.target.as_ref();
    let creation = target.and_then(|target| target.creation_policy);
    if policy(external) == DeletionPolicy::Delete {
        if creation.unwrap_or_default() != CreationPolicy::Owner {
            return Err(SyncError::NotOwner);
        }
        let deleted = delete(external, external.target_name(), context).await?;
        return Ok(Outcome {
            deleted: deleted.then_some("secret deleted due to DeletionPolicy=Delete"),
            ..Outcome::of(Verdict::deleted())
        });
    }
    let exists = metadata_of(external, external.target_name(), context).await?;
    Ok(Outcome::of(Verdict::retained(exists.is_some())))
}

/// Secrets that the ExternalSecret made under another name. Not every Secret with its mark, as upstream has
/// it: a copy that someone made is not ours to delete (contract §0.1.12).
pub(crate) async fn of_former_target(
    external: &ExternalSecret,
    context: &Context,
) -> Result<(), SyncError> {
    let target = external.target_name();
    let status = external.status.as_ref();
    let bound = status.and_then(|status| status.binding.as_ref());
    if bound.is_none_or(|bound| bound.name.is_empty() || bound.name == target) {
        return Ok(());
    }
    let namespace = external.metadata.namespace.as_deref().unwrap_or_default();
    let name = external.metadata.name.as_deref().unwrap_or_default();
    let hash = external_data::owner_hash(namespace, name);
    let selector = ListParams::default().labels(&format!("{CREATED_BY}={hash}"));
    let marked = secrets(external, context).list_metadata(&selector).await;
    let marked = marked.map_err(|error| SyncError::Api {
        verb: "list",
        fault: error.into(),
    })?;
    for secret in marked.items {
        let former = secret.name_any();
        if former != target {
            delete(external, &former, context).await?;
        }
    }
    Ok(())
}

/// Deletes the Secret of that name if the ExternalSecret controls it; true if there was one.
async fn delete(
    external: &ExternalSecret,
    name: &str,
    context: &Context,
) -> Result<bool, SyncError> {
    let Some(secret) = metadata_of(external, name, context).await? else {
        return Ok(false);
    };
    let ours = owner_reference(external);
    let mut owners = secret.metadata.owner_references.iter().flatten();
    let controlled = owners.any(|owner| {
        owner.controller == Some(true) && owner.kind == ours.kind && owner.uid == ours.uid
    });
    if !controlled {
        return Ok(false);
    }
    // This one, as it was looked at, and no other.
    let params = DeleteParams {
        preconditions: Some(Preconditions {
            uid: secret.uid(),
            resource_version: secret.resource_version(),
        }),
        ..DeleteParams::default()
    };
    match secrets(external, context).delete(name, &params).await {
        Ok(_) => Ok(true),
        Err(error) => match ApiFault::from(error) {
            ApiFault::NotFound => Ok(false),
            fault => Err(SyncError::Api {
                verb: "delete",
                fault,
            }),
        },
    }
}

async fn metadata_of(
    external: &ExternalSecret,
    name: &str,
    context: &Context,
) -> Result<Option<PartialObjectMeta<Secret>>, SyncError> {
    let found = secrets(external, context).get_metadata_opt(name).await;
    found.map_err(|error| SyncError::Api {
        verb: "get",
        fault: error.into(),
    })
}

fn secrets(external: &ExternalSecret, context: &Context) -> Api<Secret> {
    let namespace = external.metadata.namespace.as_deref().unwrap_or_default();
    Api::namespaced(context.client.clone(), namespace)
}

fn policy(external: &ExternalSecret) -> DeletionPolicy {
    let target = external.spec.target.as_ref();
    let policy = target.and_then(|target| target.deletion_policy);
    policy.unwrap_or_default()
}

fn holds(metadata: &ObjectMeta) -> bool {
    let mut finalizers = metadata.finalizers.iter().flatten();
    finalizers.any(|name| name == FINALIZER)
}

async fn set_finalizers(
    metadata: &ObjectMeta,
    finalizers: &[String],
    context: &Context,
) -> Result<(), SyncError> {
    let namespace = metadata.namespace.as_deref().unwrap_or_default();
    let api: Api<ExternalSecret> = Api::namespaced(context.client.clone(), namespace);
    // With the version: others may have finalizers of their own.
    let patch = serde_json::json!({"metadata": {
        "finalizers": finalizers,
        "resourceVersion": metadata.resource_version,
        "uid": metadata.uid,
    }});
    let name = metadata.name.as_deref().unwrap_or_default();
    let patched = api
        .patch_metadata(name, &PatchParams::default(), &Patch::Merge(&patch))
        .await;
    match patched.map_err(ApiFault::from) {
        Ok(_) | Err(ApiFault::NotFound) => Ok(()),
        Err(fault) => Err(SyncError::Own {
            verb: "set the finalizer of",
            fault,
        }),
    }
}
