//! Writing the status of an object: only when it differs, and again when someone else was faster.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use k8s_openapi::api::core::v1::ObjectReference;
use kube::api::{ApiResource, DynamicObject, PostParams};
use kube::core::ObjectMeta;
use kube::{Api, Client};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::api_fault::ApiFault;

const TRIES: usize = 4;

/// The object as the last watch event had it, reduced to what a status needs.
pub struct Subject<S> {
    /// Its metadata.
    pub metadata: ObjectMeta,
    /// Its status.
    pub status: Present<S>,
}

/// The status that the object has.
pub enum Present<S> {
    /// As the watch told.
    Known(Option<S>),
    /// The object is malformed: its status must be read by itself.
    Unknown,
}

/// Brings the status to what `next` makes of the present one; true if something was written.
///
/// # Errors
/// What the API server says, after a few tries where others were faster.
pub async fn bring_to<K, S>(
    client: &Client,
    resource: &ApiResource,
    (key, subject): (&K, &Subject<S>),
    next: impl Fn(Option<&S>) -> Option<S> + Send,
    written: &WrittenStatuses<K, S>,
) -> Result<bool, ApiFault>
where
    K: Clone + Eq + Hash,
    S: Clone + Serialize + DeserializeOwned,
{
    let name = subject.metadata.name.clone().unwrap_or_default();
    let namespace = subject.metadata.namespace.as_deref();
    let api = api(client, resource, namespace);
    let mut latest = match &subject.status {
        Present::Known(status) => Some(written.or_newer(
            key,
            Latest {
                status: status.clone(),
                version: subject.metadata.resource_version.clone(),
            },
        )),
        Present::Unknown => read(&api, &subject.metadata).await?,
    };
    for _ in 0..TRIES {
        let Some(Latest { status, version }) = latest else {
            return Ok(false);
        };
        let Some(next) = next(status.as_ref()) else {
            return Ok(false);
        };
        let mut object = DynamicObject::new(&name, resource);
        object.metadata.namespace = namespace.map(str::to_owned);
        object.metadata.resource_version = version;
        object.data = serde_json::json!({ "status": next });
        let answer = api
            .replace_status(&name, &PostParams::default(), &object)
            .await;
        match answer.map_err(ApiFault::from) {
            Ok(object) => {
                let version = object.metadata.resource_version;
                let status = Some(next);
                written.remember(key, Latest { status, version });
                return Ok(true);
            }
            Err(ApiFault::Conflict) => latest = read(&api, &subject.metadata).await?,
            Err(ApiFault::NotFound) => return Ok(false),
            Err(fault) => return Err(fault),
        }
    }
    Err(ApiFault::Conflict)
}

fn api(client: &Client, resource: &ApiResource, namespace: Option<&str>) -> Api<DynamicObject> {
    match namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, resource),
        None => Api::all_with(client.clone(), resource),
    }
}

/// A status and the version of the object that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Latest<S> {
    status: Option<S>,
    version: Option<String>,
}

impl<S> Latest<S> {
    fn order(&self) -> u128 {
        order(self.version.as_deref())
    }
}

/// Resource versions are numbers that grow (KEP-5504); another form counts as oldest.
fn order(version: Option<&str>) -> u128 {
    version.unwrap_or_default().parse().unwrap_or_default()
}

/// What we wrote and the watch has not told yet. Judged by the watch alone, a status could stay
/// wrong: written False, then right again before the False came back, nothing would be written.
pub struct WrittenStatuses<K, S>(Mutex<HashMap<K, Latest<S>>>);

impl<K, S> Default for WrittenStatuses<K, S> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Clone + Eq + Hash, S: Clone> WrittenStatuses<K, S> {
    fn or_newer(&self, key: &K, seen: Latest<S>) -> Latest<S> {
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match written.get(key) {
            Some(ours) if ours.order() > seen.order() => ours.clone(),
            _ => {
                written.remove(key);
                seen
            }
        }
    }

    fn remember(&self, key: &K, latest: Latest<S>) {
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        written.insert(key.clone(), latest);
    }

    /// The status as we know it: what we wrote, until the watch has told something newer.
    pub fn newest(&self, key: &K, metadata: &ObjectMeta, status: Option<S>) -> Option<S> {
        let version = metadata.resource_version.clone();
        self.or_newer(key, Latest { status, version }).status
    }

    /// The watch told of the object in this version: what we wrote until then needs to be known no longer. Whoever
    /// asks afterwards must ask for the object as the watch told it.
    pub fn told(&self, key: &K, metadata: &ObjectMeta) {
        let told = order(metadata.resource_version.as_deref());
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if written.get(key).is_some_and(|ours| ours.order() <= told) {
            written.remove(key);
        }
    }

    /// The object is gone.
    pub fn forget(&self, key: &K) {
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        written.remove(key);
    }
}

/// Verdicts on objects that are too large to hold a status, as they were told instead.
pub struct UnheldStatuses<K>(Mutex<HashMap<K, (Option<i64>, String)>>);

impl<K> Default for UnheldStatuses<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Clone + Eq + Hash> UnheldStatuses<K> {
    /// Whether this message on this generation was not told yet.
    pub fn is_news(&self, key: &K, generation: Option<i64>, message: &str) -> bool {
        let told = (generation, message.to_owned());
        let mut unheld = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        unheld.insert(key.clone(), told.clone()) != Some(told)
    }

    /// The object is gone, or has a status.
    pub fn forget(&self, key: &K) {
        let mut unheld = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        unheld.remove(key);
    }
}

/// `None` when the object is gone or another: a newer spec has a pass of its own coming.
async fn read<S: DeserializeOwned>(
    api: &Api<DynamicObject>,
    subject: &ObjectMeta,
) -> Result<Option<Latest<S>>, ApiFault> {
    let name = subject.name.as_deref().unwrap_or_default();
    let object = api.get_opt(name).await?.filter(|object| {
        object.metadata.generation == subject.generation && object.metadata.uid == subject.uid
    });
    Ok(object.map(|object| Latest {
        status: serde_json::from_value(object.data["status"].clone()).ok(),
        version: object.metadata.resource_version,
    }))
}

/// How events refer to an object.
pub fn reference(resource: &ApiResource, metadata: &ObjectMeta) -> ObjectReference {
    ObjectReference {
        api_version: Some(resource.api_version.clone()),
        kind: Some(resource.kind.clone()),
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
        let key = "prod/db";
        for (generation, message, news) in [
            (1, "a", true),
            (1, "a", false),
            (1, "b", true),
            (2, "b", true),
            (2, "b", false),
        ] {
            assert_eq!(unheld.is_news(&key, Some(generation), message), news);
        }
        unheld.forget(&key);
        assert!(unheld.is_news(&key, Some(2), "b"));
    }

    #[test]
    fn what_we_wrote_counts_until_the_watch_has_caught_up() {
        let written = WrittenStatuses::default();
        let key = "prod/db";
        let at = |version: &str, status: i32| Latest {
            status: Some(status),
            version: Some(version.into()),
        };
        assert_eq!(written.or_newer(&key, at("9", 1)), at("9", 1));
        written.remember(&key, at("10", 2));
        assert_eq!(written.or_newer(&key, at("9", 1)), at("10", 2));
        assert_eq!(written.or_newer(&key, at("10", 2)), at("10", 2));
        assert_eq!(written.or_newer(&key, at("9", 1)), at("9", 1), "caught up");
        written.remember(&key, at("11", 3));
        for (version, known) in [("10", 1), ("11", 0)] {
            let resource_version = Some(version.to_owned());
            let metadata = ObjectMeta {
                resource_version,
                ..ObjectMeta::default()
            };
            written.told(&key, &metadata);
            assert_eq!(written.0.lock().unwrap().len(), known, "{version}");
        }
    }
}
