//! Edits of committed SealedSecrets: only the touched lines change.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod cases;
mod layouts;
mod refusals;
mod step;
