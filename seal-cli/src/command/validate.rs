//! `--validate`: asks the controller whether it can open SealedSecrets (contract §3.8).

use std::fmt;
use std::path::PathBuf;

use http::StatusCode;

use crate::args::{self, ClusterArgs};
use crate::asked_files;
use crate::batch::{self, Done};
use crate::cluster::Endpoints;
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
    let context = args::Args::from(args.cluster).for_verb()?;
    let results = asked_files::each(&args.files, context, |context, controller| {
        let input = SealedInput::read(context.secret_file.as_deref())?;
        let shut = shut(&input, controller)?;
        if shut.is_empty() {
            return Ok(Done::default());
        }
        let from = input.from;
        Err(CliError::Shut { from, shut })
    });
    batch::report_read("verify", "open", results?)
}

/// The flag: says nothing if all of them open.
///
/// # Errors
/// [`CliError::Undecryptable`] with the names of those that do not, [`CliError::Validate`] if the
/// controller does not tell.
pub(crate) fn flag(context: &Context) -> Result<(), CliError> {
    let input = SealedInput::read(context.secret_file.as_deref())?;
    let shut = shut(&input, &Endpoints::of_keys(&context.cluster)?)?;
    if shut.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = shut.into_iter().map(|shut| shut.name).collect();
    Err(CliError::Undecryptable(names.join(", ")))
}

/// A SealedSecret that does not open.
#[derive(Debug)]
pub(crate) struct Shut {
    name: String,
    /// Its number, if there are several.
    document: Option<usize>,
}

impl fmt::Display for Shut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, document } = self;
        match document {
            Some(document) => write!(f, "{name} (document {document})"),
            None => f.write_str(name),
        }
    }
}

fn shut(input: &SealedInput, controller: &Endpoints) -> Result<Vec<Shut>, CliError> {
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
            shut.push(Shut {
                name: sealed.name.clone(),
                document: (input.documents.len() > 1).then_some(sealed.index),
            });
        } else if !answer.is_done() {
            return Err(failed(answer.refusal()));
        }
    }
    Ok(shut)
}
