//! Writing the status: only when it differs, and again when someone else was faster.

use jiff::Timestamp;
use kube::api::{ApiResource, DynamicObject, PostParams};
use kube::core::ObjectMeta;
use kube::{Api, Client, Resource as _, ResourceExt as _};
use operator_kit::ApiFault;
use seal_api::{SealedSecret, SealedSecretStatus};

use crate::conditions::{Verdict, next_status};

const TRIES: usize = 4;

/// The object as the last watch event had it, reduced to what a status needs.
pub(crate) struct Subject {
    pub(crate) metadata: ObjectMeta,
    /// `None` also when it cannot be read.
    pub(crate) status: Option<SealedSecretStatus>,
}

/// Brings the status to `verdict`; true if something was written.
pub(crate) async fn bring_to(
    client: &Client,
    subject: &Subject,
    verdict: &Verdict,
) -> Result<bool, ApiFault> {
    let generation = subject.metadata.generation;
    let name = subject.metadata.name.clone().unwrap_or_default();
    let namespace = subject.metadata.namespace.clone().unwrap_or_default();
    let resource = ApiResource::erase::<SealedSecret>(&());
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), &namespace, &resource);
    let mut present = subject.status.clone();
    let mut version = subject.metadata.resource_version.clone();
    for _ in 0..TRIES {
        let now = Timestamp::now();
        let Some(next) = next_status(present.as_ref(), generation, verdict, now) else {
            return Ok(false);
        };
        let mut object = DynamicObject::new(&name, &resource).within(&namespace);
        object.metadata.resource_version = version;
        object.data = serde_json::json!({ "status": next });
        match api
            .replace_status(&name, &PostParams::default(), &object)
            .await
        {
            Ok(_) => return Ok(true),
            Err(error) => match ApiFault::from(error) {
                ApiFault::Conflict => {}
                ApiFault::NotFound => return Ok(false),
                fault => return Err(fault),
            },
        }
        let Some(latest) = api.get_opt(&name).await? else {
            return Ok(false);
        };
        // A newer spec has a pass of its own coming.
        if latest.metadata.generation != generation || latest.uid() != subject.metadata.uid {
            return Ok(false);
        }
        present = serde_json::from_value(latest.data["status"].clone()).ok();
        version = latest.metadata.resource_version;
    }
    Err(ApiFault::Conflict)
}

/// How events refer to the object.
pub(crate) fn reference(metadata: &ObjectMeta) -> k8s_openapi::api::core::v1::ObjectReference {
    k8s_openapi::api::core::v1::ObjectReference {
        api_version: Some(SealedSecret::api_version(&()).into_owned()),
        kind: Some(SealedSecret::kind(&()).into_owned()),
        name: metadata.name.clone(),
        namespace: metadata.namespace.clone(),
        uid: metadata.uid.clone(),
        resource_version: metadata.resource_version.clone(),
        field_path: None,
    }
}
