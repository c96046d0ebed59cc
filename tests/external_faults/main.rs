//! External Secrets with AWS, the API server, manifests or the process itself in trouble: nothing is lost,
//! nothing half-written, nothing told, and others go on.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod api_server;
mod away;
mod bed;
mod breaker;
mod canary;
mod denied;
mod hostile;
mod idle;
mod stopped;
mod stores;
mod throttled;
