//! Against moto over HTTP, behind a proxy that counts calls and makes faults.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod bed;
mod clock;
mod process;
mod quiet;
mod sharing;
