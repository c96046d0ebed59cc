//! What the tests across packages share: a cluster with our manifests in it, our controller as a
//! process under the service account that the manifests ship, and Secrets to seal.
//!
//! Everything here is synchronous and waits for conditions ([`testkit::eventually`]); a failure
//! fails the calling test.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a failure here is a failed test"
)]

mod cluster;
mod controller;
mod external_secrets;
mod external_secrets_controller;
mod namespace;
mod plain;
mod pod_identity_agent;
mod program;
mod reader;
mod se1_vector;

use std::time::Duration;

pub use cluster::Cluster;
pub use controller::{Answer, Controller, Page, fetch, post};
pub use external_secrets::{
    Component, CrdSet, EXTERNAL_SECRETS_ACCOUNT, EXTERNAL_SECRETS_NAMESPACE,
};
pub use external_secrets_controller::ExternalSecretsController;
pub use namespace::{Namespace, condition, data, text};
pub use plain::Plain;
pub use pod_identity_agent::PodIdentityAgent;
pub use reader::{AgePair, KmsReader, Reader};
pub use se1_vector::{Se1Vector, fault_in, vectors};

/// How long anything may take on two cores that compile at the same time.
pub const PATIENCE: Duration = Duration::from_mins(1);
