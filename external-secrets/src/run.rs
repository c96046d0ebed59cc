//! Putting the parts together: client, watches, endpoints, and an orderly end.

use std::sync::Arc;

use aws_identity::{Identities, IdentitiesOptions};
use futures::future::{self, Either};
use kube::runtime::reflector;
use operator_kit::connect::{self, Clients};
use operator_kit::listen;
use operator_kit::process::{self, RunError};
use operator_kit::serve::{Limits, serve};
use operator_kit::{EventSink, shutdown};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::args::{Args, given};
use crate::cluster_external_secret::ClusterController;
use crate::http;
use crate::metrics::Metrics;
use crate::passes::News;
use crate::reconcile::{Context, Parts};
use crate::source::{ServiceAccountTokens, Sources};
use crate::store_checks::StoreChecks;
use crate::stores::Stores;
use crate::watches::Watches;

/// The event source that people filter by.
const COMPONENT: &str = "external-secrets";

/// Runs until SIGTERM or SIGINT.
pub(crate) async fn run(args: Args) -> Result<(), RunError> {
    let clients = connect::clients(args.kubeconfig.as_deref()).await?;
    let stop = shutdown::on_signal().map_err(RunError::Signals)?;
    let live = listen::bind(&args.live_addr).await?;
    let private = listen::bind(&args.metrics_addr).await?;
    let metrics = Arc::new(Metrics::new());
    let ready = CancellationToken::new();
    let limits = Limits::default();
    let served = async {
        tokio::join!(
            serve(live, http::health(ready.clone()), limits, stop.clone()),
            serve(
                private,
                http::metrics(metrics.clone()),
                limits,
                stop.clone()
            ),
        )
    };
    let cluster = cluster_controller(&args, &clients, &metrics, stop.clone());
    let reconciled = reconcile_all(&args, clients, metrics.clone(), ready.clone(), stop.clone());
    let reconciled = Box::pin(both(reconciled, cluster, stop.clone()));
    process::until(&stop, served, reconciled, process::nothing_else()).await
}

/// Both until the end. One that ends before leaves the other of no use.
async fn both(
    one: impl Future<Output = ()>,
    other: impl Future<Output = ()>,
    stop: CancellationToken,
) {
    tokio::pin!(one, other);
    let ended = future::select(one, other).await;
    if stop.is_cancelled() {
        match ended {
            Either::Left(((), other)) => other.await,
            Either::Right(((), one)) => one.await,
        }
    }
}

/// Serves ClusterExternalSecrets until the end, if it is to.
fn cluster_controller(
    args: &Args,
    clients: &Clients,
    metrics: &Metrics,
    stop: CancellationToken,
) -> impl Future<Output = ()> + Send + use<> {
    let served = args.enable_cluster_external_secret_reconciler && args.namespace.is_empty();
    let controller = served.then(|| ClusterController {
        watches: clients.watches.clone(),
        calls: clients.calls.clone(),
        events: EventSink::start(clients.calls.clone(), COMPONENT),
        metrics: metrics.cluster.clone(),
        stop: stop.clone(),
    });
    async move {
        match controller {
            Some(controller) => controller.run().await,
            None => stop.cancelled().await,
        }
    }
}

async fn reconcile_all(
    args: &Args,
    clients: Clients,
    metrics: Arc<Metrics>,
    ready: CancellationToken,
    stop: CancellationToken,
) {
    let (changed, news) = mpsc::unbounded_channel();
    let (local, local_writer) = reflector::store();
    let (cluster, cluster_writer) = reflector::store();
    let (namespaces, namespace_writer) = reflector::store();
    let (objects, object_writer) = reflector::store();
    let stores = Stores {
        local,
        cluster,
        class: args.controller_class.as_str().into(),
        known: Arc::default(),
    };
    let context = Arc::new(Context::new(Parts {
        sources: sources(args, &clients, &metrics, changed.clone()),
        events: EventSink::start(clients.calls.clone(), COMPONENT),
        client: clients.calls,
        whole: clients.whole,
        stores,
        namespaces,
        objects,
        metrics,
        stop: stop.clone(),
        adopts: args.adopt_foreign_secrets,
    }));
    let watches = Watches {
        client: clients.watches,
        namespace: given(&args.namespace),
        stop,
    };
    let checks = StoreChecks::new(context.clone(), args.store_requeue_interval, changed);
    let listed = Listed::default();
    let background = async {
        let stores = watches.stores(local_writer, &checks, listed.stores.clone());
        if watches.namespace.is_some() {
            listed.of_cluster();
            return stores.await;
        }
        tokio::join!(
            stores,
            watches.cluster_stores(cluster_writer, &checks, listed.cluster_stores.clone()),
            watches.namespaces(namespace_writer, &checks, listed.namespaces.clone()),
        );
    };
    let reconciled = async {
        listed.all().await;
        watches
            .external_secrets(object_writer, context, news, ready)
            .await;
    };
    tokio::pin!(background, reconciled);
    // The controllers of stores end when they are told to, at the same time as the other.
    tokio::select! {
        () = &mut background => reconciled.await,
        () = &mut reconciled => {}
    }
}

/// First lists, without which every object would only fail.
#[derive(Default)]
struct Listed {
    stores: CancellationToken,
    cluster_stores: CancellationToken,
    namespaces: CancellationToken,
}

impl Listed {
    /// Without rights in the whole cluster these are never there.
    fn of_cluster(&self) {
        self.cluster_stores.cancel();
        self.namespaces.cancel();
    }

    async fn all(&self) {
        self.stores.cancelled().await;
        self.cluster_stores.cancelled().await;
        self.namespaces.cancelled().await;
    }
}

fn sources(
    args: &Args,
    clients: &Clients,
    metrics: &Metrics,
    changed: mpsc::UnboundedSender<News>,
) -> Arc<Sources> {
    let options = IdentitiesOptions {
        sts_endpoint: given(&args.sts_endpoint),
        ..IdentitiesOptions::default()
    };
    let tokens = Arc::new(ServiceAccountTokens(clients.calls.clone()));
    Sources::new(
        Identities::new(options, tokens),
        given(&args.secretsmanager_endpoint),
        metrics.aws.clone(),
        changed,
    )
    .tidied()
}
