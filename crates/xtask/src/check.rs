//! `cargo xtask check`: the rules that the compiler does not know.

mod fence;
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
    let root = repository::root()?;
    breaches.extend(fence::breaches(&root)?);
    breaches.extend(sources::breaches(&root)?);
    if breaches.is_empty() {
        return Ok(());
    }
    bail!(
        "{} rule(s) broken:\n  {}",
        breaches.len(),
        breaches.join("\n  ")
    )
}
