//! Calls to emulators over HTTP, counted by the proxy: they are what AWS bills.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test of a running service"
)]

mod aws;
mod calls;
mod check;
mod find;
mod values;
