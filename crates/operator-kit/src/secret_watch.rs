//! The watch of Secrets, by metadata alone: no value is ever cached, and memory does not grow with foreign
//! Secrets.

use std::hash::Hash;
use std::sync::Arc;

use futures::{Stream, StreamExt as _, TryStreamExt as _};
use k8s_openapi::api::core::v1::Secret;
use kube::api::Api;
use kube::core::PartialObjectMeta;
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Client, ResourceExt as _};

use crate::live::Live;
use crate::watch_fault;

/// Namespace and name of a Secret.
pub type SecretName = (String, String);

/// Whether a Secret was told of in a list, or because something happened to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// It is there.
    Listed,
    /// It was made, changed or deleted just now.
    Changed,
}

/// Objects whose Secret changed, over and over. `objects` says whose Secret one is; of all others not even the
/// version is kept.
pub fn changes<K: Clone + Eq + Hash + Send>(
    secrets: Api<PartialObjectMeta<Secret>>,
    live: Arc<Live<K>>,
    objects: impl Fn(&SecretName, Told) -> Vec<K> + Send,
) -> impl Stream<Item = K> + Send {
    watcher(secrets, watcher::Config::default().any_semantic())
        .backoff(watch_fault::backoff())
        .inspect_err(|error| watch_fault::log("Secrets", error))
        .flat_map(move |event| {
            let changed = event.map(|event| note(event, &live, &objects));
            futures::stream::iter(changed.unwrap_or_default())
        })
}

/// All Secrets of the cluster, or of a namespace.
pub fn api(client: Client, namespace: Option<&str>) -> Api<PartialObjectMeta<Secret>> {
    match namespace {
        Some(namespace) => Api::namespaced(client, namespace),
        None => Api::all(client),
    }
}

fn note<K: Clone + Eq + Hash>(
    event: Event<PartialObjectMeta<Secret>>,
    live: &Live<K>,
    objects: impl Fn(&SecretName, Told) -> Vec<K>,
) -> Vec<K> {
    let told = match &event {
        Event::Apply(_) | Event::Delete(_) => Told::Changed,
        Event::Init | Event::InitApply(_) | Event::InitDone => Told::Listed,
    };
    let objects = |secret: &PartialObjectMeta<Secret>| {
        let name = (secret.namespace().unwrap_or_default(), secret.name_any());
        objects(&name, told)
    };
    match event {
        Event::Init => {
            live.begin();
            Vec::new()
        }
        Event::InitApply(secret) | Event::Apply(secret) => {
            let keys = objects(&secret);
            for key in &keys {
                live.saw(key, secret.resource_version().unwrap_or_default());
            }
            keys
        }
        Event::Delete(secret) => {
            let keys = objects(&secret);
            for key in &keys {
                live.lost(key);
            }
            keys
        }
        Event::InitDone => live.listed(),
    }
}
