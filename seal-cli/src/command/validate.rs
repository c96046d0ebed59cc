//! `--validate`: asks the controller whether it can open SealedSecrets (contract §3.8).

use std::path::PathBuf;

use http::StatusCode;

use crate::args::{self, ClusterArgs};
use crate::batch::{self, Done};
use crate::cluster::{Endpoints, Purpose};
use crate::context::Context;
use crate::error::CliError;
use crate::sealed_input::SealedInput;

/// Ask the controller whether it can open SealedSecrets: seal verify FILE
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Files with SealedSecrets, - for stdin; in folders, all of them
    #[arg(value_name = "FILE|FOLDER", required = true)]
    files: Vec<PathBuf>,

    #[command(flatten)]
    cluster: ClusterArgs,
}

/// The verb.
pub(crate) fn verb(args: Args) -> Result<(), CliError> {
    let mut context = args::Args::from(args.cluster).for_verb()?;
    let work = |file: Option<PathBuf>| {
        context.secret_file = file;
        run(&context).map(|()| Done::default())
    };
    batch::report("verify", batch::one_by_one(&args.files, work)?)
}

/// Says nothing if all of them open.
///
/// # Errors
/// [`CliError::Undecryptable`] with the names of those that do not, [`CliError::Validate`] if the
/// controller does not tell.
pub(crate) fn run(context: &Context) -> Result<(), CliError> {
    let input = SealedInput::read(context.secret_file.as_deref())?;
    let cluster = &context.cluster;
    let controller = Endpoints::find(&cluster.connection, &cluster.controller, Purpose::Keys)?;
    let mut shut = Vec::new();
    for (document, sealed) in &input.documents {
        let failed = |reason| CliError::Validate {
            from: input.from.clone(),
            document: sealed.index,
            reason,
        };
        let json = document.root().to_json().to_string();
        let answer = controller.post("/v1/verify", json.as_bytes());
        let answer = answer.map_err(failed)?;
        if answer.status == StatusCode::CONFLICT {
            shut.push(sealed.name.as_str());
        } else if !answer.is_done() {
            return Err(failed(answer.refusal()));
        }
    }
    if shut.is_empty() {
        Ok(())
    } else {
        Err(CliError::Undecryptable(shut.join(", ")))
    }
}
