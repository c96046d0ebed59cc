//! `--version`.

use crate::error::CliError;
use crate::output::Destination;

/// Prints the version.
pub(crate) fn run() -> Result<(), CliError> {
    let text = format!("seal version: v{}\n", env!("CARGO_PKG_VERSION"));
    Destination::Stdout.write(&[text])
}
