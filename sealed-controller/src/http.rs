//! The HTTP endpoints (contract §5.2): health, readiness, certificate, what people post; metrics on their own port.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, post};
use seal_keys::Certificate;
use tokio_util::sync::CancellationToken;

use crate::cloud_key::CloudKey;
use crate::keys::KeyStore;
use crate::metrics::Metrics;
use crate::posted::{PostedWork, ROTATE, Task, VERIFY};

/// What the endpoints speak of.
#[derive(Clone)]
pub(crate) struct Endpoints {
    pub(crate) keys: Arc<KeyStore>,
    /// The sealing key in KMS, if values are sealed for one.
    pub(crate) cloud: Option<Arc<CloudKey>>,
    pub(crate) metrics: Arc<Metrics>,
    /// What people post.
    pub(crate) posted: Arc<PostedWork>,
    /// Cancelled, as it were, when the first full list of SealedSecrets is in.
    pub(crate) ready: CancellationToken,
}

impl Endpoints {
    /// What to seal for: never a key at hand where one in KMS is to be used.
    fn certificate(&self) -> Option<Certificate> {
        match &self.cloud {
            Some(cloud) => cloud.certificate().map(|known| Certificate::clone(&known)),
            None => Some(self.keys.ring().newest()?.certificate().clone()),
        }
    }
}

/// `/healthz`, `/readyz`, `/v1/cert.pem`, `/v1/verify`, `/v1/rotate`. Methods are not looked at, as upstream, except
/// where something is posted: the API server calls a GET with a body `get`, whoever may only see the certificate may
/// send it, and `create` would mean nothing.
pub(crate) fn public(endpoints: &Endpoints) -> Router {
    Router::new()
        .route("/healthz", any(|| async { "ok\n" }))
        .route("/readyz", any(readiness))
        .route("/v1/cert.pem", any(certificate))
        .route(VERIFY, post(verify))
        .route(ROTATE, post(rotate))
        .layer(from_fn_with_state(endpoints.metrics.clone(), measure))
        .with_state(endpoints.clone())
}

/// `/metrics`.
pub(crate) fn metrics(endpoints: &Endpoints) -> Router {
    let Endpoints { keys, metrics, .. } = endpoints.clone();
    let page = move || async move {
        metrics.locked_sealing_keys(keys.locked().names().count());
        operator_kit::metrics::page(metrics.registry())
    };
    Router::new().route("/metrics", any(page))
}

async fn readiness(State(endpoints): State<Endpoints>) -> Response {
    let locked = endpoints.keys.locked();
    let locked = locked.names();
    let locked = locked.map(|name| format!("sealing key {name} cannot be unwrapped yet\n"));
    let cloud = endpoints.cloud.iter().filter_map(|cloud| cloud.note());
    let cloud = cloud.map(|note| format!("{note}\n"));
    let notes: String = locked.chain(cloud).collect();
    // Without one key of several the others work on; its objects and its Secret say so.
    if endpoints.ready.is_cancelled() && endpoints.certificate().is_some() {
        format!("ok\n{notes}").into_response()
    } else {
        let text = format!("not ready\n{notes}");
        (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
    }
}

async fn certificate(State(endpoints): State<Endpoints>) -> Response {
    match endpoints.certificate() {
        Some(certificate) => (
            [(header::CONTENT_TYPE, "application/x-pem-file")],
            certificate.to_pem(),
        )
            .into_response(),
        None => (
            StatusCode::SERVICE_UNAVAILABLE,
            "no sealing key yet; try again in a moment\n",
        )
            .into_response(),
    }
}

async fn verify(State(endpoints): State<Endpoints>, request: Request) -> Response {
    endpoints.posted.answer(Task::Verify, request).await
}

async fn rotate(State(endpoints): State<Endpoints>, request: Request) -> Response {
    let task = Task::rotate(request.uri().query());
    endpoints.posted.answer(task, request).await
}

async fn measure(State(metrics): State<Arc<Metrics>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let path = known_path(request.uri().path());
    let method = known_method(request.method().as_str());
    let response = next.run(request).await;
    let seconds = started.elapsed().as_secs_f64();
    metrics.http(path, method, response.status().as_u16(), seconds);
    response
}

/// Labels have a fixed set of values, whatever a client sends.
fn known_path(path: &str) -> &'static str {
    ["/healthz", "/readyz", "/v1/cert.pem", VERIFY, ROTATE]
        .into_iter()
        .find(|known| *known == path)
        .unwrap_or("other")
}

fn known_method(method: &str) -> &'static str {
    ["GET", "HEAD", "POST"]
        .into_iter()
        .find(|known| *known == method)
        .unwrap_or("other")
}
