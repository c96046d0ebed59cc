//! Against emulators of AWS over HTTP, behind a proxy that counts calls and makes faults.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod bed;
mod cached;
mod chain;
mod faults;
mod quiet;
mod rsa;
mod symmetric;
