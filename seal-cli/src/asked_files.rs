//! Files whose SealedSecrets are posted to the controller: `seal verify` and `seal rotate`.

use std::path::PathBuf;

use crate::batch::{self, Done, Results};
use crate::cluster::Endpoints;
use crate::context::Context;
use crate::error::CliError;

/// Does the same for each file, with one look for the controller: login helpers run once.
///
/// # Errors
/// Those of the way to the controller and of finding files, [`CliError::NoneFound`] if folders hold nothing to ask
/// for; what becomes of one is in its result.
pub(crate) fn each(
    files: &[PathBuf],
    mut context: Context,
    mut work: impl FnMut(&Context, &Endpoints) -> Result<Done, CliError>,
) -> Result<Results<Done>, CliError> {
    let controller = Endpoints::of_keys(&context.cluster)?;
    let results = batch::one_by_one(files, |file| {
        context.secret_file = file;
        work(&context, &controller)
    })?;
    if results.is_empty() {
        let typed = files.iter().map(|path| path.display().to_string());
        let typed: Vec<_> = typed.collect();
        return Err(CliError::NoneFound(typed.join(", ")));
    }
    Ok(results)
}
