//! The comparison with Go, whose answers are the contract: what `sigs.k8s.io/yaml` and
//! `encoding/json` make of tens of thousands of texts and objects is what we make of them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "the fence is around the crate, not around its oracle"
)]
#![allow(clippy::print_stderr, reason = "says how much was compared")]

mod exceptions;
mod generate;
mod oracle;
mod reading;
mod writing;
