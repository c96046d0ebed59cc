//! Files whose SealedSecrets are posted to the controller: `seal verify` and `seal rotate`.

use std::path::PathBuf;

use crate::batch::{self, Done, Results};
use crate::cluster::Endpoints;
use crate::context::Context;
use crate::error::CliError;

/// Does the same for each file, with one look for the controller: login helpers run once.
///
/// # Errors
/// Those of the way to the controller and of finding files; what becomes of one is in its result.
pub(crate) fn each(
    files: &[PathBuf],
    mut context: Context,
    mut work: impl FnMut(&Context, &Endpoints) -> Result<Done, CliError>,
) -> Result<Results<Done>, CliError> {
    let controller = Endpoints::of_keys(&context.cluster)?;
    batch::one_by_one(files, |file| {
        context.secret_file = file;
        work(&context, &controller)
    })
}
