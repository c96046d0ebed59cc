//! Everything that is watched, and what each change wakes.

use std::sync::Arc;

use futures::future::ready as ready_now;
use futures::{FutureExt as _, Stream, StreamExt as _, TryStreamExt as _};
use k8s_openapi::api::core::v1::Namespace;
use kube::core::{DeserializeGuard, NamespaceResourceScope, PartialObjectMeta};
use kube::runtime::controller::{self, Controller};
use kube::runtime::reflector::store::Writer;
use kube::runtime::watcher::{self, Event, watcher};
use kube::runtime::{Predicate as _, PredicateConfig, WatchStreamExt as _, predicates};
use kube::{Api, Client, Resource, ResourceExt as _};
use operator_kit::secret_watch::{self, Concerned, SecretName, Told};
use operator_kit::watch_fault;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tokio_util::sync::CancellationToken;

use crate::objects::{Guarded, Id, Key, key_of};
use crate::passes::News;
use crate::reconcile::{Context, reconcile, retry};
use crate::store_checks::{StoreChecks, check, retry_check};
use crate::stores::{AnyStore, GuardedClusterStore, GuardedStore};

/// The cluster that is watched, or the one namespace.
pub(crate) struct Watches {
    pub(crate) client: Client,
    pub(crate) namespace: Option<String>,
    pub(crate) stop: CancellationToken,
}

/// Stores that are checked at once.
const CHECKS: u16 = 16;

impl Watches {
    fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        match &self.namespace {
            Some(namespace) => Api::namespaced(self.client.clone(), namespace),
            None => Api::all(self.client.clone()),
        }
    }

    /// Keeps SecretStores and their statuses current.
    pub(crate) async fn stores(
        &self,
        writer: Writer<GuardedStore>,
        checks: &StoreChecks,
        listed: CancellationToken,
    ) {
        self.checked(
            "SecretStores",
            self.api(),
            writer,
            checks,
            listed,
            AnyStore::Local,
        )
        .await;
    }

    /// Keeps ClusterSecretStores and their statuses current.
    pub(crate) async fn cluster_stores(
        &self,
        writer: Writer<GuardedClusterStore>,
        checks: &StoreChecks,
        listed: CancellationToken,
    ) {
        let api = Api::all(self.client.clone());
        self.checked(
            "ClusterSecretStores",
            api,
            writer,
            checks,
            listed,
            AnyStore::Cluster,
        )
        .await;
    }

    async fn checked<K>(
        &self,
        what: &'static str,
        api: Api<DeserializeGuard<K>>,
        writer: Writer<DeserializeGuard<K>>,
        checks: &StoreChecks,
        listed: CancellationToken,
        any: fn(Arc<DeserializeGuard<K>>) -> AnyStore,
    ) where
        DeserializeGuard<K>: Resource
            + Clone
            + std::fmt::Debug
            + serde::de::DeserializeOwned
            + Send
            + Sync
            + 'static,
        <DeserializeGuard<K> as Resource>::DynamicType:
            Default + Eq + std::hash::Hash + Clone + std::fmt::Debug + Unpin + Send + Sync,
    {
        let reader = writer.as_reader();
        let gone = checks.clone();
        let stores = objects(what, api, writer, move |event| match event {
            Event::InitDone => listed.cancel(),
            Event::Delete(store) => gone.forget(&any(Arc::new(store.clone()))),
            _ => {}
        });
        let stores = stores.predicate_filter(predicates::generation, PredicateConfig::default());
        let stores = stores.filter(|store| ready_now(store.is_ok()));
        Controller::for_stream(stores, reader)
            .with_config(controller::Config::default().concurrency(CHECKS))
            .graceful_shutdown_on(self.stop.clone().cancelled_owned())
            .run(
                move |store, checks| check(any(store), checks),
                |_, error, checks| retry_check(error, &checks),
                Arc::new(checks.clone()),
            )
            .for_each(|_| async {})
            .await;
    }

    /// Keeps the labels of namespaces current. Where they change, ClusterSecretStores may be allowed now.
    pub(crate) async fn namespaces(
        &self,
        writer: Writer<PartialObjectMeta<Namespace>>,
        checks: &StoreChecks,
        listed: CancellationToken,
    ) {
        let api: Api<PartialObjectMeta<Namespace>> = Api::all(self.client.clone());
        watcher(api, watcher::Config::default().any_semantic())
            .backoff(watch_fault::backoff())
            .modify(|namespace| {
                namespace.metadata.managed_fields = None;
                namespace.metadata.annotations = None;
            })
            .reflect(writer)
            .inspect_err(|error| watch_fault::log("Namespaces", error))
            .inspect_ok(move |event| {
                if let Event::InitDone = event {
                    listed.cancel();
                }
            })
            .applied_objects()
            .predicate_filter(predicates::labels, PredicateConfig::default())
            .for_each(|namespace| async {
                if let Ok(namespace) = namespace {
                    checks.wake_conditional(&namespace.name_any());
                }
            })
            .await;
    }

    /// Reconciles until the end.
    pub(crate) async fn external_secrets(
        &self,
        writer: Writer<Guarded>,
        context: Arc<Context>,
        changes: mpsc::UnboundedReceiver<News>,
        ready: CancellationToken,
    ) {
        let reader = writer.as_reader();
        let listed = ready.clone().cancelled_owned();
        let noted = context.clone();
        let external = objects("ExternalSecrets", self.api(), writer, move |event| {
            note(event, &noted, &ready);
        });
        let external = external.predicate_filter(
            predicates::generation
                .combine(predicates::annotations)
                .combine(predicates::labels)
                .combine(predicates::finalizers),
            PredicateConfig::default(),
        );
        // The watch waits by itself. For each error that it passes on, the controller would wait once more, up
        // to a minute, and would not look at anything meanwhile.
        let external = external.filter(|object| ready_now(object.is_ok()));
        // A Secret is only noted if its ExternalSecret is known: the other way round all would count as missing.
        let owners = context.clone();
        let secrets = secret_watch::changes(
            secret_watch::api(self.client.clone(), self.namespace.as_deref()),
            context.live.clone(),
            move |name, told| woken_by(name, told, &owners),
        );
        let secrets = secrets.map(|id| Key::clone(&id));
        let secrets = listed.map(|()| secrets).flatten_stream();
        let passes = context.passes.clone();
        let changes = UnboundedReceiverStream::new(changes);
        let changes = changes.map(move |news: News| {
            let key = news.key.clone();
            passes.heard(news);
            key
        });
        Controller::for_stream(external, reader)
            // Lanes say how many work at once; who only waits for a place costs little.
            .with_config(controller::Config::default().concurrency(0))
            .reconcile_on(secrets)
            .reconcile_on(changes)
            .graceful_shutdown_on(self.stop.clone().cancelled_owned())
            .run(
                reconcile,
                |object, error, context| retry(&object, error, &context),
                context,
            )
            .for_each(|_| async {})
            .await;
    }
}

/// Objects of one kind, kept without what is never read.
fn objects<K>(
    what: &'static str,
    api: Api<DeserializeGuard<K>>,
    writer: Writer<DeserializeGuard<K>>,
    note: impl Fn(&Event<DeserializeGuard<K>>) + Send,
) -> impl Stream<Item = Result<DeserializeGuard<K>, watcher::Error>> + Send
where
    DeserializeGuard<K>:
        Resource + Clone + std::fmt::Debug + serde::de::DeserializeOwned + Send + Sync + 'static,
    <DeserializeGuard<K> as Resource>::DynamicType:
        Default + Eq + std::hash::Hash + Clone + Send + Sync,
{
    watcher(api, watcher::Config::default().any_semantic())
        .backoff(watch_fault::backoff())
        .modify(|object| object.managed_fields_mut().clear())
        .reflect(writer)
        .inspect_err(move |error| watch_fault::log(what, error))
        .inspect_ok(note)
        .touched_objects()
}

fn note(event: &Event<Guarded>, context: &Context, ready: &CancellationToken) {
    let id = |object: &Guarded| context.targets.id(key_of(object));
    let place = |object: &Guarded| {
        let id = id(object);
        if let Ok(external) = &object.0 {
            let namespace = external.namespace().unwrap_or_default();
            let target = (namespace, external.target_name().to_owned());
            context.targets.put(&id, target);
        }
        context.statuses.told(&id, object.meta());
        id
    };
    match event {
        Event::InitApply(object) => context.passes.found(place(object)),
        Event::Apply(object) => {
            place(object);
        }
        Event::Delete(object) => context.forget(&id(object)),
        Event::InitDone => {
            context.forget_the_gone();
            ready.cancel();
        }
        Event::Init => {}
    }
}

/// ExternalSecrets that are to look at a Secret: those whose target it is, and those whose store has its
/// credentials there.
fn woken_by(name: &SecretName, told: Told, context: &Context) -> Concerned<Id> {
    let owners = context.targets.of(name);
    let mut others = Vec::new();
    if told == Told::Changed {
        for key in &owners {
            context.passes.secret_changed(key.clone());
        }
        let seen = Some(Instant::now());
        for (store, place) in context.sources.known.secret_changed(name) {
            for key in context.users_of(&store, &place) {
                let news = News {
                    key: key.clone(),
                    seen,
                };
                context.passes.heard(news);
                others.push(context.targets.id(key));
            }
        }
    }
    Concerned { owners, others }
}
