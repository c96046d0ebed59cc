//! What is watched for ClusterExternalSecrets, and what each change wakes.

use std::sync::Arc;
use std::time::Duration;

use futures::future::ready as ready_now;
use futures::{Stream, StreamExt as _, TryStreamExt as _};
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{ApiResource, DynamicObject, ListParams};
use kube::core::PartialObjectMeta;
use kube::runtime::controller::{Config, Controller};
use kube::runtime::reflector::store::Writer;
use kube::runtime::reflector::{ObjectRef, Store};
use kube::runtime::watcher::{self, Event, watcher};
use kube::runtime::{Predicate as _, PredicateConfig, WatchStreamExt as _, predicates};
use kube::{Api, Client, ResourceExt as _};
use operator_kit::{ApiFault, EventSink, watch_fault};
use seal_api::external_secrets::{ClusterExternalSecret, ExternalSecret};
use tokio_util::sync::CancellationToken;

use super::changes::{Name, changes};
use super::metrics::ClusterMetrics;
use super::plan;
use super::reconcile::{Context, place, reconcile, retry};

/// Passes at once. Each writes many objects at a time.
const PASSES: u16 = 4;
/// How often is asked whether the kind is there, and whether this controller may see it.
const LOOK_FOR_KIND: Duration = Duration::from_secs(10);

/// What it runs on.
pub(crate) struct ClusterController {
    /// For watches.
    pub(crate) watches: Client,
    /// For everything else.
    pub(crate) calls: Client,
    /// Where events go.
    pub(crate) events: EventSink,
    /// Where numbers go.
    pub(crate) metrics: ClusterMetrics,
    /// The end.
    pub(crate) stop: CancellationToken,
}

impl ClusterController {
    /// Serves ClusterExternalSecrets until the end. Where there are none of them, as their resource
    /// definition or the rights are not installed, it waits for both; nothing else is held up.
    pub(crate) async fn run(self) {
        let stop = self.stop.clone();
        tokio::select! {
            () = self.kind_is_served() => {}
            () = stop.cancelled() => return,
        }
        let resource = ApiResource::erase::<ClusterExternalSecret>(&());
        let writer = Writer::<DynamicObject>::new(resource.clone());
        let parents = writer.as_reader();
        let namespaces = Writer::<PartialObjectMeta<Namespace>>::default();
        let context = Arc::new(Context::new(
            self.calls.clone(),
            parents.clone(),
            namespaces.as_reader(),
            self.events.clone(),
            self.metrics.clone(),
        ));
        let woken = futures::stream::select(
            self.by_namespaces(namespaces, parents.clone(), context.listed.clone()),
            self.by_children(parents.clone()),
        );
        let triggers = self.by_themselves(&resource, writer, context.clone());
        Controller::for_stream_with(triggers, parents, resource)
            .with_config(Config::default().concurrency(PASSES))
            .reconcile_on(woken)
            .graceful_shutdown_on(self.stop.cancelled_owned())
            .run(
                reconcile,
                |object, error, context| retry(&object, error, &context),
                context,
            )
            .for_each(|_| async {})
            .await;
    }

    /// Waits until the API server serves the kind, and serves it to us.
    async fn kind_is_served(&self) {
        let api: Api<PartialObjectMeta<ClusterExternalSecret>> = Api::all(self.calls.clone());
        let mut told = false;
        loop {
            let listed = api.list_metadata(&ListParams::default().limit(1)).await;
            let missing = match listed.map_err(ApiFault::from) {
                Ok(_) => return,
                Err(ApiFault::NotFound) => "their resource definition is not installed",
                Err(ApiFault::Forbidden) => "this service account has no right to see them",
                // The API server is away, which others tell.
                Err(_) => "",
            };
            if !missing.is_empty() && !told {
                told = true;
                tracing::info!("ClusterExternalSecrets are not served: {missing}");
            }
            tokio::time::sleep(LOOK_FOR_KIND).await;
        }
    }

    fn by_themselves(
        &self,
        resource: &ApiResource,
        writer: Writer<DynamicObject>,
        context: Arc<Context>,
    ) -> impl Stream<Item = Result<DynamicObject, watcher::Error>> + Send + 'static {
        let api: Api<DynamicObject> = Api::all_with(self.watches.clone(), resource);
        watcher(api, watcher::Config::default().any_semantic())
            .backoff(watch_fault::backoff())
            .modify(|object| object.managed_fields_mut().clear())
            .reflect(writer)
            .inspect_err(|error| watch_fault::log("ClusterExternalSecrets", error))
            .inspect_ok(move |event| {
                if let Event::Delete(object) = event {
                    context.forget(&object.name_any());
                }
            })
            .touched_objects()
            .predicate_filter(
                predicates::generation
                    .combine(predicates::annotations)
                    .combine(predicates::finalizers),
                PredicateConfig::default(),
            )
            // The watch waits by itself. For each error that it passes on, the controller would wait once
            // more, and would not look at anything meanwhile.
            .filter(|object| ready_now(object.is_ok()))
    }

    fn by_namespaces(
        &self,
        writer: Writer<PartialObjectMeta<Namespace>>,
        parents: Store<DynamicObject>,
        listed: CancellationToken,
    ) -> impl Stream<Item = ObjectRef<DynamicObject>> + Send + 'static {
        let reader = writer.as_reader();
        let api: Api<PartialObjectMeta<Namespace>> = Api::all(self.watches.clone());
        let events = watcher(api, watcher::Config::default().any_semantic())
            .backoff(watch_fault::backoff())
            .modify(|namespace| {
                namespace.metadata.managed_fields = None;
                namespace.metadata.annotations = None;
            })
            .reflect(writer)
            .inspect_ok(move |event| {
                if let Event::InitDone = event {
                    listed.cancel();
                }
            });
        changes("Namespaces", events).flat_map(move |(_, name)| {
            let namespace = reader.get(&ObjectRef::new(&name));
            let place = namespace.map(|it| place(&it.metadata));
            let woken = parents_of(&parents, |parent| {
                plan::concerns(parent, &name, place.as_ref())
            });
            futures::stream::iter(woken)
        })
    }

    fn by_children(
        &self,
        parents: Store<DynamicObject>,
    ) -> impl Stream<Item = ObjectRef<DynamicObject>> + Send + 'static {
        let api: Api<PartialObjectMeta<ExternalSecret>> = Api::all(self.watches.clone());
        let events =
            watcher(api, watcher::Config::default().any_semantic()).backoff(watch_fault::backoff());
        changes("ExternalSecrets", events).flat_map(move |(_, name): Name| {
            let woken = parents_of(&parents, |parent| plan::names(parent).contains(&*name));
            futures::stream::iter(woken)
        })
    }
}

/// Those that are to have another look.
fn parents_of(
    parents: &Store<DynamicObject>,
    concerns: impl Fn(&ClusterExternalSecret) -> bool,
) -> Vec<ObjectRef<DynamicObject>> {
    let resource = ApiResource::erase::<ClusterExternalSecret>(&());
    let parents = parents.state();
    let woken = parents.iter().filter(|object| {
        let parent = (***object).clone().try_parse::<ClusterExternalSecret>();
        parent.is_ok_and(|parent| concerns(&parent))
    });
    woken
        .map(|object| ObjectRef::from_obj_with(&**object, resource.clone()))
        .collect()
}
