//! `--validate`, which is not there yet.

use crate::context::Context;
use crate::error::CliError;

pub(crate) fn run(_: &Context) -> Result<(), CliError> {
    Err(CliError::NotThereYet("--validate"))
}
