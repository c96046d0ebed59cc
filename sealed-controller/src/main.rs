//! `sealed-controller`: SealedSecrets → Secrets.

mod age_keys;
mod args;
mod cloud_key;
mod conditions;
mod http;
mod identities;
mod keys;
mod kms_keys;
mod metrics;
mod opening;
mod plan;
mod posted;
mod reconcile;
mod rotation;
mod run;
mod sealed_object;
mod sync_error;
mod turn;

use std::process::ExitCode;

/// Ours and the crates whose log lines are ours.
const OURS: [&str; 2] = ["sealed_controller", "operator_kit"];

fn main() -> ExitCode {
    let args = args::Args::read();
    if args.version {
        return version();
    }
    operator_kit::logging::start(args.log_level, args.log_format, &OURS);
    if !operator_kit::memory::keep_private() {
        tracing::warn!(
            "this system lets core dumps and other processes read private keys in memory"
        );
    }
    // What still computes at the end is a key that nobody has seen: making one takes many seconds.
    operator_kit::process::run(run::run(args))
}

#[allow(clippy::print_stdout, reason = "asked for on the command line")]
fn version() -> ExitCode {
    println!("controller version: v{}", env!("CARGO_PKG_VERSION"));
    ExitCode::SUCCESS
}
