//! `cargo xtask check`: the rules that the compiler does not know.

mod layers;
mod sources;

use anyhow::{Result, bail};

use crate::repository;

/// Checks the repository that we are in.
///
/// # Errors
/// When a rule is broken; every breach is in the message.
pub(crate) fn run() -> Result<()> {
    let mut breaches = layers::breaches(&repository::metadata()?);
    breaches.extend(sources::breaches(&repository::root()?)?);
    if breaches.is_empty() {
        return Ok(());
    }
    bail!(
        "{} rule(s) broken:\n  {}",
        breaches.len(),
        breaches.join("\n  ")
    )
}
