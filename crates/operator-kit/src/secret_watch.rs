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

/// Objects that are to look at a Secret.
#[derive(Clone, Debug)]
pub struct Concerned<K> {
    /// Those whose Secret it is.
    pub owners: Vec<K>,
    /// Those that need it for something else.
    pub others: Vec<K>,
}

impl<K> Concerned<K> {
    /// Owners alone.
    pub fn owners(owners: Vec<K>) -> Self {
        Self {
            owners,
            others: Vec::new(),
        }
    }

    fn all(self) -> Vec<K> {
        self.owners.into_iter().chain(self.others).collect()
    }
}

/// Objects whose Secret changed, over and over. `objects` says whom one concerns; of all others not even the
/// version is kept.
pub fn changes<K: Clone + Eq + Hash + Send>(
    secrets: Api<PartialObjectMeta<Secret>>,
    live: Arc<Live<K>>,
    objects: impl Fn(&SecretName, Told) -> Concerned<K> + Send,
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
    objects: impl Fn(&SecretName, Told) -> Concerned<K>,
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
            let concerned = objects(&secret);
            for key in &concerned.owners {
                live.saw(key, secret.resource_version().unwrap_or_default());
            }
            concerned.all()
        }
        Event::Delete(secret) => {
            let concerned = objects(&secret);
            for key in &concerned.owners {
                live.lost(key);
            }
            concerned.all()
        }
        Event::InitDone => live.listed(),
    }
}
