//! SealedSecrets of a file or stdin, as kubeseal's flags take them: every document is one.

use std::path::Path;

use seal_manifest::Document;
use sealing::{SealedDocument, read_sealed};
use zeroize::Zeroizing;

use crate::error::CliError;
use crate::input;
use crate::sealed_file::{conflict, lists_sealed};

/// The text, and what is in it.
pub(crate) struct SealedInput {
    /// How messages call it.
    pub(crate) from: String,
    /// Wiped: somebody may have given a Secret instead.
    bytes: Zeroizing<Vec<u8>>,
    /// In the order of the text; there is one at least.
    pub(crate) documents: Vec<(Document, SealedDocument)>,
}

impl SealedInput {
    /// Reads all of it; `None` is stdin.
    ///
    /// # Errors
    /// [`CliError::NothingSealed`] if there is none: whatever should have made them did not.
    pub(crate) fn read(file: Option<&Path>) -> Result<Self, CliError> {
        let from = input::name(file);
        let bytes = input::bytes(file).map_err(|reason| CliError::Input {
            from: from.clone(),
            reason,
        })?;
        let documents = seal_manifest::read(&bytes).map_err(|reason| match conflict(&bytes) {
            Some(line) => CliError::Conflict {
                from: from.clone(),
                line,
            },
            None => CliError::Manifest {
                from: from.clone(),
                reason,
            },
        })?;
        if documents.is_empty() {
            return Err(CliError::NothingSealed(from));
        }
        let documents = documents.into_iter().map(|document| {
            if lists_sealed(document.root()) {
                return Err(CliError::SealedList(from.clone()));
            }
            let sealed = read_sealed(&document).map_err(|reason| CliError::Sealed {
                from: from.clone(),
                reason,
            })?;
            Ok((document, sealed))
        });
        Ok(Self {
            documents: documents.collect::<Result<_, _>>()?,
            from,
            bytes,
        })
    }

    /// The text, byte for byte.
    ///
    /// # Errors
    /// [`CliError::NotText`], never after it was read.
    pub(crate) fn text(&self) -> Result<&str, CliError> {
        str::from_utf8(&self.bytes).map_err(|_| CliError::NotText(self.from.clone()))
    }
}
