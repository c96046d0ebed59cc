//! External Secrets beside the real operator 0.20.4.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod admission;
mod bed;
mod case;
mod cluster_external_secret;
mod comparison;
mod differences;
mod follow;
mod manifests;
mod marks;
mod record;
mod rights;
mod sync_windows;
mod takeover;
