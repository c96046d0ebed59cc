//! Writing the status: only when it differs, and again when someone else was faster.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use kube::api::{ApiResource, DynamicObject, PostParams};
use kube::core::ObjectMeta;
use kube::{Api, Client, Resource as _};
use operator_kit::ApiFault;
use seal_api::{SealedSecret, SealedSecretStatus};

use crate::conditions::{Verdict, next_status};
use crate::live::Key;

const TRIES: usize = 4;

/// The object as the last watch event had it, reduced to what a status needs.
pub(crate) struct Subject {
    pub(crate) metadata: ObjectMeta,
    pub(crate) status: Present,
}

/// The status that the object has.
pub(crate) enum Present {
    Known(Option<SealedSecretStatus>),
    /// The object is malformed: its status must be read by itself.
    Unknown,
}

/// Brings the status to `verdict`; true if something was written.
pub(crate) async fn bring_to(
    client: &Client,
    subject: &Subject,
    verdict: &Verdict,
    written: &WrittenStatuses,
) -> Result<bool, ApiFault> {
    let key = Key::new(subject.metadata.name.as_deref().unwrap_or_default())
        .within(subject.metadata.namespace.as_deref().unwrap_or_default());
    let generation = subject.metadata.generation;
    let name = subject.metadata.name.clone().unwrap_or_default();
    let namespace = subject.metadata.namespace.clone().unwrap_or_default();
    let resource = ApiResource::erase::<SealedSecret>(&());
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), &namespace, &resource);
    let mut latest = match &subject.status {
        Present::Known(status) => Some(written.or_newer(
            &key,
            Latest {
                status: status.clone(),
                version: subject.metadata.resource_version.clone(),
            },
        )),
        Present::Unknown => read(&api, subject).await?,
    };
    for _ in 0..TRIES {
        let Some(Latest { status, version }) = latest else {
            return Ok(false);
        };
        let Some(next) = next_status(status.as_ref(), generation, verdict, Timestamp::now()) else {
            return Ok(false);
        };
        let mut object = DynamicObject::new(&name, &resource).within(&namespace);
        object.metadata.resource_version = version;
        object.data = serde_json::json!({ "status": next });
        let answer = api
            .replace_status(&name, &PostParams::default(), &object)
            .await;
        match answer.map_err(ApiFault::from) {
            Ok(object) => {
                let version = object.metadata.resource_version;
                let status = Some(next);
                written.remember(&key, Latest { status, version });
                return Ok(true);
            }
            Err(ApiFault::Conflict) => latest = read(&api, subject).await?,
            Err(ApiFault::NotFound) => return Ok(false),
            Err(fault) => return Err(fault),
        }
    }
    Err(ApiFault::Conflict)
}

/// A status and the version of the object that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Latest {
    status: Option<SealedSecretStatus>,
    version: Option<String>,
}

impl Latest {
    /// Resource versions are numbers that grow (KEP-5504); another form counts as oldest.
    fn order(&self) -> u128 {
        let version = self.version.as_deref().unwrap_or_default();
        version.parse().unwrap_or_default()
    }
}

/// What we wrote and the watch has not told yet. Judged by the watch alone, a status could stay
/// wrong: written False, then right again before the False came back, nothing would be written.
#[derive(Default)]
pub(crate) struct WrittenStatuses(Mutex<HashMap<Key, Latest>>);

impl WrittenStatuses {
    fn or_newer(&self, key: &Key, seen: Latest) -> Latest {
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match written.get(key) {
            Some(ours) if ours.order() > seen.order() => ours.clone(),
            _ => {
                written.remove(key);
                seen
            }
        }
    }

    fn remember(&self, key: &Key, latest: Latest) {
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        written.insert(key.clone(), latest);
    }

    /// The object is gone.
    pub(crate) fn forget(&self, key: &Key) {
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        written.remove(key);
    }
}

/// Verdicts on objects that are too large to hold a status, as they were told instead.
#[derive(Default)]
pub(crate) struct UnheldStatuses(Mutex<HashMap<Key, (Option<i64>, String)>>);

impl UnheldStatuses {
    /// Whether this verdict on this generation was not told yet.
    pub(crate) fn is_news(&self, key: &Key, generation: Option<i64>, verdict: &Verdict) -> bool {
        let told = (generation, verdict.message.clone());
        let mut unheld = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        unheld.insert(key.clone(), told.clone()) != Some(told)
    }

    /// The object is gone, or has a status.
    pub(crate) fn forget(&self, key: &Key) {
        let mut unheld = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        unheld.remove(key);
    }
}

/// `None` when the object is gone or another: a newer spec has a pass of its own coming.
async fn read(api: &Api<DynamicObject>, subject: &Subject) -> Result<Option<Latest>, ApiFault> {
    let name = subject.metadata.name.as_deref().unwrap_or_default();
    let object = api.get_opt(name).await?.filter(|object| {
        object.metadata.generation == subject.metadata.generation
            && object.metadata.uid == subject.metadata.uid
    });
    Ok(object.map(|object| Latest {
        status: serde_json::from_value(object.data["status"].clone()).ok(),
        version: object.metadata.resource_version,
    }))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_status_holds_is_told_once() {
        let unheld = UnheldStatuses::default();
        let key = Key::new("db").within("prod");
        let verdict = |message: &str| Verdict {
            synced: false,
            reason: "UnsealFailed",
            message: message.into(),
        };
        for (generation, message, news) in [
            (1, "a", true),
            (1, "a", false),
            (1, "b", true),
            (2, "b", true),
            (2, "b", false),
        ] {
            assert_eq!(
                unheld.is_news(&key, Some(generation), &verdict(message)),
                news
            );
        }
        unheld.forget(&key);
        assert!(unheld.is_news(&key, Some(2), &verdict("b")));
    }

    #[test]
    fn what_we_wrote_counts_until_the_watch_has_caught_up() {
        let written = WrittenStatuses::default();
        let key = Key::new("db").within("prod");
        let at = |version: &str, generation| Latest {
            status: Some(SealedSecretStatus {
                observed_generation: Some(generation),
                conditions: vec![],
            }),
            version: Some(version.into()),
        };
        assert_eq!(written.or_newer(&key, at("9", 1)), at("9", 1));
        written.remember(&key, at("10", 2));
        assert_eq!(written.or_newer(&key, at("9", 1)), at("10", 2));
        assert_eq!(written.or_newer(&key, at("10", 2)), at("10", 2));
        assert_eq!(written.or_newer(&key, at("9", 1)), at("9", 1), "caught up");
    }
}
