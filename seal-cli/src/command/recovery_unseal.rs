//! `--recovery-unseal`, which is not there yet.

use crate::context::Context;
use crate::error::CliError;

pub(crate) fn run(_: &Context, _: &[String]) -> Result<(), CliError> {
    Err(CliError::NotThereYet("--recovery-unseal"))
}
