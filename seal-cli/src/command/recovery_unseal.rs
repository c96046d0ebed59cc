//! `--recovery-unseal`: opens SealedSecrets with private keys from a backup; no cluster is asked
//! (contract §3.10).

mod file_list;
mod private_keys;
mod secret;

use std::path::PathBuf;

use rayon::prelude::*;
use sealing::{Opening, SealedDocument};
use template::{GoTemplate, Limits};
use zeroize::Zeroizing;

use crate::args;
use crate::context::Context;
use crate::error::CliError;
use crate::sealed_input::SealedInput;
use private_keys::PrivateKeys;

/// Open SealedSecrets with private keys from a backup: seal recover --private-key keys.yaml FILE
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  \
    seal recover --private-key sealing-keys.yaml db.sealed.yaml | kubectl apply -f -")]
pub(crate) struct Args {
    /// File with SealedSecrets [default: stdin]
    #[arg(value_name = "FILE")]
    file: Option<String>,

    /// PEM, or key Secrets as kubectl prints them; may be repeated
    #[arg(long, value_name = "FILE", required = true)]
    private_key: Vec<PathBuf>,

    /// File to write, readable for its owner alone [default: stdout]
    #[arg(short = 'w', long = "output-file", value_name = "FILE")]
    output: Option<String>,

    /// yaml or json [default: that of the file's name, else $SEALED_SECRETS_FORMAT, else yaml]
    #[arg(short = 'o', long, value_name = "FORMAT")]
    format: Option<String>,
}

/// The verb.
pub(crate) fn verb(args: Args) -> Result<(), CliError> {
    let mut flags = args::Args::default();
    flags.secret_file = Some(args.file.filter(|file| file != "-").unwrap_or_default());
    flags.sealed_secret_file = Some(args.output.unwrap_or_default());
    flags.format = args.format;
    let context = flags.for_verb()?;
    // Plaintext in the place of a file that is in Git.
    if let Some(file) = &context.secret_file
        && context.destination.replaces(file)
    {
        return Err(CliError::Itself(file.clone()));
    }
    recover(&context, &PrivateKeys::read(&args.private_key)?)
}

/// `keys` is what was said for `--recovery-private-key`.
pub(crate) fn run(context: &Context, keys: &[String]) -> Result<(), CliError> {
    recover(context, &PrivateKeys::read(&file_list::paths(keys))?)
}

/// Reads, opens, writes: all of it or nothing.
fn recover(context: &Context, keys: &PrivateKeys) -> Result<(), CliError> {
    let input = SealedInput::read(context.secret_file.as_deref())?;
    let open = |sealed: &SealedDocument| -> Result<Zeroizing<Vec<u8>>, CliError> {
        let namespace = sealed.namespace.as_deref().unwrap_or_default();
        let opening = Opening::prepare(&sealed.spec, sealed.scope, namespace, &sealed.name);
        let opened = opening.and_then(|opening| {
            let answers = keys.answers(&opening);
            opening.finish(&answers, &GoTemplate::new(Limits::default()))
        });
        let opened = opened.map_err(|reason| CliError::Recover {
            from: input.from.clone(),
            document: sealed.index,
            by_verb: context.by_verb,
            reason,
        })?;
        secret::manifest(sealed, &opened, context.format)
            .map_err(|_| CliError::EncodeSecret(sealed.index))
    };
    let pieces = match input.documents.as_slice() {
        // One is not worth a pool of threads.
        [(_, only)] => vec![open(only)?],
        several => several
            .par_iter()
            .map(|(_, sealed)| open(sealed))
            // All answers first: rayon would give any of the errors, people want the first.
            .collect::<Vec<_>>()
            .into_iter()
            .collect::<Result<_, _>>()?,
    };
    context.destination.reveal(&pieces)
}
