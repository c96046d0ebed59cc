//! Edits of committed SealedSecrets: only the touched lines change.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod case;
mod data_keys;
mod flow;
mod flow_properties;
mod forms;
mod hostile;
mod layouts;
mod merging;
mod model;
mod properties;
mod refusals;
mod sealed;
mod step;
mod texts;
mod ugly;
mod values;
