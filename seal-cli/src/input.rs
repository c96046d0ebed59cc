//! Reading Secrets from a file or stdin.

use std::fmt;
use std::io::{IsTerminal as _, Read as _};
use std::path::Path;

use rayon::prelude::*;
use seal_manifest::{Document, Part, ReadError};
use sealing::{PlainSecret, read_secrets};
use zeroize::Zeroizing;

use crate::error::CliError;
use crate::ui;

/// Parts of the input from which on more than one thread reads it.
const PARALLEL: usize = 16;

/// One Secret of the input.
pub(crate) struct InputSecret {
    pub(crate) place: Place,
    pub(crate) secret: PlainSecret,
}

/// Where in the input a Secret stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// Number of its document, from 1.
    document: usize,
    /// Number in the List that the document is, from 1.
    item: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "document {}", self.document)?;
        match self.item {
            Some(item) => write!(f, ", item {item}"),
            None => Ok(()),
        }
    }
}

/// How messages call the input.
pub(crate) fn name(file: Option<&Path>) -> String {
    file.map_or_else(|| "stdin".to_owned(), |path| path.display().to_string())
}

/// Reads every Secret; tells of scalars that YAML coerced.
pub(crate) fn secrets(file: Option<&Path>) -> Result<Vec<InputSecret>, CliError> {
    let from = name(file);
    let bytes = bytes(file).map_err(|reason| CliError::Input {
        from: from.clone(),
        reason,
    })?;
    let documents = documents(&bytes).map_err(|reason| CliError::Manifest {
        from: from.clone(),
        reason,
    })?;
    let mut secrets = Vec::with_capacity(documents.len());
    for document in &documents {
        let list = read_secrets(document).map_err(|reason| CliError::Secret {
            from: from.clone(),
            reason,
        })?;
        for scalar in list.coerced {
            let (line, path) = (scalar.line, scalar.path);
            ui::warn(&format!(
                "{from}: line {line}: {path} is not a string in YAML and is sealed as kubectl reads it; put it in quotes"
            ));
        }
        let of_list = list.is_list;
        secrets.extend((1..).zip(list.secrets).map(|(item, secret)| InputSecret {
            place: Place {
                document: document.index(),
                item: of_list.then_some(item),
            },
            secret,
        }));
    }
    if secrets.is_empty() {
        return Err(CliError::NoSecrets(from));
    }
    Ok(secrets)
}

fn documents(bytes: &[u8]) -> Result<Vec<Document>, ReadError> {
    let parts = seal_manifest::parts(bytes)?;
    // A few documents are not worth a pool of threads.
    if parts.len() < PARALLEL {
        return seal_manifest::join(parts.iter().map(Part::read));
    }
    let read: Vec<_> = parts.par_iter().map(Part::read).collect();
    seal_manifest::join(read)
}

fn bytes(file: Option<&Path>) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    if let Some(path) = file {
        let mut file = std::fs::File::open(path)?;
        // One allocation: a buffer that grows leaves copies of the plaintext behind.
        let length = file.metadata().map_or(0, |metadata| metadata.len());
        bytes.reserve_exact(
            usize::try_from(length)
                .unwrap_or_default()
                .saturating_add(1),
        );
        file.read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    let mut stdin = std::io::stdin();
    if stdin.is_terminal() {
        ui::hint("(tty detected: expecting json/yaml k8s resource in stdin)");
    }
    bytes.reserve_exact(64 * 1024);
    stdin.read_to_end(&mut bytes)?;
    Ok(bytes)
}
