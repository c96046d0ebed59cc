//! The HTTP endpoints (contract §11): health and readiness; metrics on their own port.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use tokio_util::sync::CancellationToken;

use crate::metrics::Metrics;

/// `/healthz` and `/readyz`. `ready` is cancelled, as it were, when the first full list is in.
pub(crate) fn health(ready: CancellationToken) -> Router {
    Router::new()
        .route("/healthz", any(|| async { "ok\n" }))
        .route("/readyz", any(move || async move { readiness(&ready) }))
}

fn readiness(ready: &CancellationToken) -> Response {
    if ready.is_cancelled() {
        "ok\n".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready\n").into_response()
    }
}

/// `/metrics`.
pub(crate) fn metrics(metrics: Arc<Metrics>) -> Router {
    let page = move || async move { operator_kit::metrics::page(metrics.registry()) };
    Router::new().route("/metrics", any(page))
}
