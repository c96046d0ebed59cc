//! Values of AWS Secrets Manager as Secrets, by the API of External Secrets (contract
//! external-secrets.md).
//!
//! Decisions are pure:
//!
//! - [`refresh`] says whether values are to be fetched, and when to look again.
//! - [`sync_window`] says whether values may be fetched again now.
//! - [`cluster_external_secret`] says which ExternalSecrets a ClusterExternalSecret stands for.
//! - [`store_access`] says which namespaces may use a store.
//! - [`plan`] says what is to be written, from what the Secret should be and what it is; [`status`] what
//!   is told of it.
//!
//! The rest carries them out: `watches` wake `reconcile`, which asks a `source`, writes, and reports.

pub mod cluster_external_secret;
pub mod managed_fields;
pub mod plan;
pub mod refresh;
pub mod status;
pub mod store_access;
pub mod sync_window;

mod args;
mod deletion;
mod desired;
mod fetch;
mod http;
mod jitter;
mod lanes;
mod metrics;
mod objects;
mod passes;
mod reconcile;
mod report;
mod run;
mod source;
mod store_checks;
mod stores;
mod sync_error;
mod targets;
mod watches;
mod workshop;

use std::process::ExitCode;

use clap::Parser as _;

/// Ours and the crates whose log lines are ours.
const OURS: [&str; 2] = ["external_secrets", "operator_kit"];

/// The program.
pub fn main() -> ExitCode {
    let args = args::Args::parse();
    operator_kit::logging::start(args.loglevel, args.log_format, &OURS);
    if !operator_kit::memory::keep_private() {
        tracing::warn!("this system lets core dumps and other processes read values in memory");
    }
    operator_kit::process::run(run::run(args))
}
