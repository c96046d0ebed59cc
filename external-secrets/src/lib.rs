//! Values of AWS Secrets Manager as Secrets, by the API of External Secrets (contract
//! external-secrets.md). So far the decisions, which are pure:
//!
//! - [`refresh`] says whether values are to be fetched, and when to look again.
//! - [`plan`] says what is to be written, from what the Secret should be and what it is.

pub mod managed_fields;
pub mod plan;
pub mod refresh;
