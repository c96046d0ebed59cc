//! Putting the parts together: client, keys, watches, endpoints, and an orderly end.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use futures::future::ready as ready_now;
use futures::{FutureExt as _, Stream, StreamExt as _, TryStreamExt as _};
use kube::runtime::controller::{self, Controller};
use kube::runtime::reflector;
use kube::runtime::watcher::{self, Event, watcher};
use kube::runtime::{Predicate as _, PredicateConfig, WatchStreamExt as _, predicates};
use kube::{Api, Client, ResourceExt as _};
use operator_kit::connect::{self, Clients};
use operator_kit::listen;
use operator_kit::live::Live;
use operator_kit::process::{self, RunError};
use operator_kit::secret_watch::Concerned;
use operator_kit::serve::{Limits, serve};
use operator_kit::{EventSink, secret_watch, shutdown, watch_fault};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::age_keys::{self, AgeStore};
use crate::args::Args;
use crate::cloud_key::{CertificatePolicy, CloudKey, Follower};
use crate::http::{self, Endpoints};
use crate::identities::Identities;
use crate::keys::{self, KeyPolicy, KeyStore, Mint, Wrapping};
use crate::kms_keys::KmsKeys;
use crate::metrics::Metrics;
use crate::posted::{PostedWork, Rate};
use crate::reconcile::{Context, reconcile, retry};
use crate::sealed_object::{Guarded, Key};
use crate::turn::UNDER_WAY;

/// The event source that people filter by.
const COMPONENT: &str = "sealed-secrets";
const NAMESPACE_FILE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/// Runs until SIGTERM or SIGINT.
pub(crate) async fn run(args: Args) -> Result<(), RunError> {
    let clients = connect::clients(args.kubeconfig.as_deref()).await?;
    let stop = shutdown::on_signal().map_err(RunError::Signals)?;
    let public = listen::bind(&args.listen_addr).await?;
    let private = listen::bind(&args.listen_metrics_addr).await?;
    let metrics = Arc::new(Metrics::new(env!("CARGO_PKG_VERSION")));
    let identities = identities(&args, &metrics);
    let rate = Rate {
        per_second: args.rate_limit,
        burst: args.rate_limit_burst,
    };
    let endpoints = Endpoints {
        keys: identities.sealing.clone(),
        cloud: identities.cloud.clone(),
        metrics: metrics.clone(),
        posted: Arc::new(PostedWork::new(identities.clone(), metrics, rate)),
        ready: CancellationToken::new(),
    };
    let events = EventSink::start(clients.calls.clone(), COMPONENT);
    let mut keys = start_keys(&clients, &args, &identities, &events);
    let limits = Limits::default();
    let served = async {
        tokio::join!(
            serve(public, http::public(&endpoints), limits, stop.clone()),
            serve(private, http::metrics(&endpoints), limits, stop.clone()),
        )
    };
    let reconciled = reconcile_all(clients, &endpoints, identities, events, stop.clone());
    let followed = async {
        keys.join_next().await;
        "following the keys"
    };
    process::until(&stop, served, reconciled, followed).await
}

fn identities(args: &Args, metrics: &Arc<Metrics>) -> Arc<Identities> {
    let sealing_key = args.sealing_key.0.as_ref();
    Arc::new(Identities {
        sealing: Arc::new(KeyStore::new()),
        age: Arc::new(AgeStore::new()),
        kms: Arc::new(KmsKeys::new(&args.kms, sealing_key, metrics.clone())),
        cloud: sealing_key.cloned().map(CloudKey::new).map(Arc::new),
    })
}

fn start_keys(
    clients: &Clients,
    args: &Args,
    identities: &Identities,
    events: &EventSink,
) -> JoinSet<()> {
    let store = &identities.sealing;
    let namespace = own_namespace();
    let mut tasks = JoinSet::new();
    tasks.spawn(keys::watch_for_ever(
        Api::namespaced(clients.watches.clone(), &namespace),
        args.key_prefix.clone(),
        store.clone(),
        events.clone(),
    ));
    tasks.spawn(age_keys::watch_for_ever(
        Api::namespaced(clients.watches.clone(), &namespace),
        identities.age.clone(),
        events.clone(),
    ));
    tasks.spawn(identities.kms.clone().learn_for_ever());
    let wrapping = Arc::new(Wrapping::new(
        args.wrap_keys_with.clone(),
        &args.kms,
        identities.age.clone(),
    ));
    tasks.spawn(keys::unlock_for_ever(
        store.clone(),
        wrapping.clone(),
        events.clone(),
    ));
    let secrets = Api::namespaced(clients.calls.clone(), &namespace);
    if let Some(cloud) = &identities.cloud {
        let follower = Follower {
            key: cloud.clone(),
            kms: identities.kms.clone(),
            secrets,
            watched: Api::namespaced(clients.watches.clone(), &namespace),
            policy: CertificatePolicy {
                ttl: args.key_ttl,
                common_name: args.my_cn.clone(),
            },
            events: events.clone(),
        };
        tasks.spawn(follower.run());
        // No private key is to be in the cluster: none is made.
        return tasks;
    }
    let mint = Mint {
        secrets,
        namespace,
        wrapping,
        policy: KeyPolicy {
            prefix: args.key_prefix.clone(),
            bits: args.key_size,
            ttl: args.key_ttl,
            common_name: args.my_cn.clone(),
        },
        store: store.clone(),
    };
    tasks.spawn(keys::renew_for_ever(mint, args.key_renew_period));
    tasks
}

/// Where key Secrets live (contract §4).
fn own_namespace() -> String {
    std::env::var("POD_NAMESPACE")
        .ok()
        .or_else(|| std::fs::read_to_string(NAMESPACE_FILE).ok())
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "default".to_owned())
}

async fn reconcile_all(
    clients: Clients,
    endpoints: &Endpoints,
    identities: Arc<Identities>,
    events: EventSink,
    stop: CancellationToken,
) {
    // Without keys every object would only fail: wait for them, or for the end.
    tokio::select! {
        () = identities.loaded() => {}
        () = stop.cancelled() => return,
    }
    let (reader, writer) = reflector::store();
    let live = Arc::new(Live::default());
    let Clients { watches, calls, .. } = clients;
    let context = Arc::new(Context::new(
        calls,
        identities.clone(),
        live.clone(),
        events,
        endpoints.metrics.clone(),
        reader.clone(),
    ));
    let ready = endpoints.ready.clone();
    let listed = ready.clone().cancelled_owned();
    let sealed = sealed_secrets(watches.clone(), writer, context.clone(), ready).predicate_filter(
        predicates::generation
            .combine(predicates::annotations)
            .combine(predicates::labels)
            .combine(status_hash),
        PredicateConfig::default(),
    );
    // The watch waits by itself. For each error that it passes on, the controller would wait once more, up to a
    // minute, and would not look at anything meanwhile.
    let sealed = sealed.filter(|object| ready_now(object.is_ok()));
    // A Secret is only noted if its SealedSecret is known. Listed the other way round, after a restart
    // all would count as missing, and each would be created in vain before it is looked at.
    let sealed_known = reader.clone();
    let secrets = secret_watch::changes(
        secret_watch::api(watches, None),
        live.clone(),
        move |(namespace, name), _| {
            let key = Key::new(name).within(namespace);
            let known = sealed_known.get(&key).map(|_| key);
            Concerned::owners(known.into_iter().collect())
        },
    );
    let secrets = listed.map(|()| secrets).flatten_stream();
    Controller::for_stream(sealed, reader)
        .with_config(controller::Config::default().concurrency(UNDER_WAY))
        .reconcile_on(secrets)
        .reconcile_all_on(key_changes(identities, live))
        .graceful_shutdown_on(stop.cancelled_owned())
        .run(
            reconcile,
            |object, error, context| retry(&object, error, &context),
            context,
        )
        .for_each(|_| async {})
        .await;
}

/// A status that someone else wrote, or that went back with a restored backup, is put right.
fn status_hash(object: &Guarded) -> Option<u64> {
    let status = object.0.as_ref().ok()?.status.as_ref()?;
    let mut hasher = DefaultHasher::new();
    serde_json::to_vec(status).ok()?.hash(&mut hasher);
    Some(hasher.finish())
}

/// SealedSecrets, kept without what we never read.
fn sealed_secrets(
    client: Client,
    writer: reflector::store::Writer<Guarded>,
    context: Arc<Context>,
    ready: CancellationToken,
) -> impl Stream<Item = Result<Guarded, watcher::Error>> + Send {
    watcher(
        Api::<Guarded>::all(client),
        watcher::Config::default().any_semantic(),
    )
    .backoff(watch_fault::backoff())
    .modify(|object| object.managed_fields_mut().clear())
    .reflect(writer)
    .inspect_err(|error| watch_fault::log("SealedSecrets", error))
    .inspect_ok(move |event| match event {
        Event::Delete(object) => context.forget(&Key::from_obj(object)),
        // Not `Store::wait_until_ready`: of two tasks that wait for it only one is woken, and the
        // controller is the other.
        Event::InitDone => {
            context.forget_the_gone();
            ready.cancel();
        }
        Event::Init | Event::InitApply(_) | Event::Apply(_) => {}
    })
    .touched_objects()
}

/// A new identity may open what none opened before; without one that went, less may open.
fn key_changes(
    identities: Arc<Identities>,
    live: Arc<Live<Key>>,
) -> impl Stream<Item = ()> + Send + 'static {
    // In this order: what changes in between is told.
    let changes = identities.changes();
    let names = identities.names();
    let state = (changes, identities, live, names);
    futures::stream::unfold(
        state,
        |(mut changes, identities, live, before)| async move {
            changes.next().await?;
            // Several changes in a row are one.
            tokio::time::sleep(Duration::from_millis(100)).await;
            changes.settle();
            let now = identities.names();
            if !before.is_subset(&now) {
                live.doubt_all();
            }
            Some(((), (changes, identities, live, now)))
        },
    )
}
