//! Values of AWS Secrets Manager as Secrets, by the API of External Secrets (contract
//! external-secrets.md). So far the decisions, which are pure:
//!
//! - [`refresh`] says whether values are to be fetched, and when to look again.
//! - [`sync_window`] says when they may be fetched only because time has passed.
//! - [`store_access`] says which namespaces may use a store.
//! - [`cluster_external_secret`] says in which namespaces an ExternalSecret is made.
//! - [`plan`] says what is to be written, from what the Secret should be and what it is; [`status`] what
//!   is told of it.

pub mod cluster_external_secret;
pub mod managed_fields;
pub mod plan;
pub mod refresh;
pub mod status;
pub mod store_access;
pub mod sync_window;
