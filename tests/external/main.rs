//! External Secrets beside the real operator 0.20.4.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod admission;
mod manifests;
mod marks;
