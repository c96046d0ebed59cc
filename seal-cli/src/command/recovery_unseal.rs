//! `--recovery-unseal`: opens SealedSecrets with private keys from a backup; no cluster is asked
//! (contract §3.10).

mod file_list;
mod private_keys;
mod secret;

use rayon::prelude::*;
use sealing::{Opening, SealedDocument};
use template::{GoTemplate, Limits};
use zeroize::Zeroizing;

use crate::context::Context;
use crate::error::CliError;
use crate::sealed_input::SealedInput;
use private_keys::PrivateKeys;

/// Reads, opens, writes: all of it or nothing. `keys` is what was said for `--recovery-private-key`.
pub(crate) fn run(context: &Context, keys: &[String]) -> Result<(), CliError> {
    let keys = PrivateKeys::read(&file_list::paths(keys))?;
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
