//! ClusterExternalSecrets: the same ExternalSecret in many namespaces (contract §2.3, §8.3).
//!
//! [`plan`] says what is to be done, [`status`] what is told of it; both are pure. `controller` watches,
//! `reconcile` decides and reports, `writes` carries out.

mod changes;
mod child_spec;
mod controller;
mod metrics;
pub mod plan;
mod reconcile;
pub mod status;
mod writes;

pub(crate) use controller::ClusterController;
pub(crate) use metrics::ClusterMetrics;
