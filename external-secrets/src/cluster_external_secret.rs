//! ClusterExternalSecrets: the same ExternalSecret in many namespaces (contract §2.3, §8.3).
//!
//! [`plan`] says what is to be done, [`status`] what is told of it; both are pure.

mod child_spec;
pub mod plan;
pub mod status;
