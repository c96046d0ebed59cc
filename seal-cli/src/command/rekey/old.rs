//! Which of the certificates in a file are old.

use std::fs;
use std::path::PathBuf;

use seal_format::se1::{DataKeyBlock, RecipientKind, RecipientName};
use seal_keys::Certificate;

use crate::error::CliError;
use crate::identity::Identities;
use crate::readers_error::ReadersError;
use crate::recipient::shown;
use crate::rules::RuleReaders;

/// Those that were named.
pub(super) struct OldCertificates(Vec<RecipientName>);

impl OldCertificates {
    /// Expired ones, too: they are most of all.
    pub(super) fn read(paths: &[PathBuf]) -> Result<Self, CliError> {
        let read = |path: &PathBuf| {
            let from = path.display().to_string();
            let pem = fs::read(path).map_err(|reason| CliError::Input {
                from: from.clone(),
                reason,
            })?;
            let certificate = Certificate::from_pem(&pem);
            let certificate = certificate.map_err(|reason| CliError::Certificate {
                from: from.clone(),
                reason,
            })?;
            let name = format!("rsa:{}", certificate.fingerprint());
            RecipientName::from_text(&name).map_err(|_| CliError::NoReader(from))
        };
        paths.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// The readers of a data key that `new` replaces.
    ///
    /// # Errors
    /// [`ReadersError::WhichOld`] if nobody said which.
    pub(super) fn of(
        &self,
        block: &DataKeyBlock,
        new: &RecipientName,
        identities: &Identities,
        rule: Option<&RuleReaders>,
    ) -> Result<Vec<RecipientName>, ReadersError> {
        let wraps = block.wraps().iter().map(|wrap| &wrap.to);
        let certificates = wraps.filter(|to| to.kind() == RecipientKind::Rsa && *to != new);
        let certificates: Vec<_> = certificates.cloned().collect();
        let chosen = |is_old: &dyn Fn(&RecipientName) -> bool| {
            let old = certificates.iter().filter(|to| is_old(to));
            Ok(old.cloned().collect())
        };
        if !self.0.is_empty() {
            return chosen(&|to| self.0.contains(to));
        }
        if identities.has_private_keys() {
            return chosen(&|to| identities.has_private_key(to));
        }
        let has_new = block.wraps().iter().any(|wrap| wrap.to == *new);
        match certificates.as_slice() {
            [] => Ok(Vec::new()),
            [_] if !has_new && rule.is_some_and(|rule| rule.certificates() == 1) => {
                Ok(certificates)
            }
            _ => Err(ReadersError::WhichOld(
                certificates
                    .iter()
                    .map(shown)
                    .collect::<Vec<_>>()
                    .join(", "),
            )),
        }
    }
}
