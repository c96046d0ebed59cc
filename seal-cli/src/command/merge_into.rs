//! `--merge-into`, which is not there yet.

use std::path::Path;

use crate::context::Context;
use crate::error::CliError;

pub(crate) fn run(_: &Context, _: &Path) -> Result<(), CliError> {
    Err(CliError::NotThereYet("--merge-into"))
}
