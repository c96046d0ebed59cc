//! Controllers that are restarted, killed, cut off or kept from their rights, each on a control
//! plane of its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod canary;
mod cloud_keys;
mod cloud_keys_cli;
mod idle;
mod keys;
mod kill;
mod large;
mod locked_keys;
mod outage;
mod pod_identity;
mod rights;
mod rotate;
mod rotate_kms;
mod se1_keys;
mod se1_kms;
mod se1_storm;
mod se1_vectors;
mod sealing_key;
mod shutdown;
mod slow_posts;
