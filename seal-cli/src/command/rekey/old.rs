//! Which of the certificates in a file are old.

use std::fs;
use std::path::PathBuf;

use seal_format::se1::{DataKeyBlock, RecipientKind, RecipientName};
use seal_keys::Certificate;

use crate::config::known;
use crate::error::CliError;
use crate::identity::Identities;
use crate::readers_error::ReadersError;
use crate::recipient::shown;
use crate::rules::RuleReaders;

/// Those that were named.
pub(super) struct OldCertificates(Vec<RecipientName>);

impl OldCertificates {
    /// Files, and what lists of readers say. Expired ones, too: they are most of all.
    pub(super) fn read(paths: &[PathBuf]) -> Result<Self, CliError> {
        let read = |path: &PathBuf| {
            let from = path.display().to_string();
            if let Some(name) = RecipientName::from_text(&from).ok().filter(is_certificate) {
                return Ok(name);
            }
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

    /// The readers of a data key that `new` replaces. Where nobody said which, it is the certificate
    /// that the file's rule had when it was last confirmed here, if the rule has the new one now: the
    /// file may have been put under the rule by somebody, with values for another cluster (rule W3).
    ///
    /// # Errors
    /// [`ReadersError::WhichOld`] if it is none of these; those of the memory.
    pub(super) fn of(
        &self,
        block: &DataKeyBlock,
        new: &RecipientName,
        identities: &Identities,
        rule: Option<&RuleReaders>,
    ) -> Result<Vec<RecipientName>, ReadersError> {
        let wraps = block.wraps().iter().map(|wrap| &wrap.to);
        let certificates = wraps.filter(|to| is_certificate(to) && *to != new);
        let certificates: Vec<RecipientName> = certificates.cloned().collect();
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
        let certificates = without_others_of_rule(certificates, new, rule)?;
        let has_new = block.wraps().iter().any(|wrap| wrap.to == *new);
        match certificates.as_slice() {
            [] => Ok(Vec::new()),
            [only] if !has_new && was_of_rule(only, new, rule)? => Ok(certificates),
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

/// Without the RSA keys that the rule had when it was last confirmed here and has still, such as one in
/// KMS for recovery: they stay.
fn without_others_of_rule(
    certificates: Vec<RecipientName>,
    new: &RecipientName,
    rule: Option<&RuleReaders>,
) -> Result<Vec<RecipientName>, ReadersError> {
    // A rule that has another certificate, or several, may have the old one still.
    let has_new =
        |rule: &&RuleReaders| rule.certificates() == 1 && rule.names(new.as_str()) == Some(true);
    let Some(rule) = rule.filter(has_new) else {
        return Ok(certificates);
    };
    let mut left = Vec::new();
    for to in certificates {
        let stays = rule.names(to.as_str()) == Some(true);
        if !stays || !known::remembers(&rule.matched, to.as_str())? {
            left.push(to);
        }
    }
    Ok(left)
}

/// Whether a rule with one certificate changed from one to the other.
fn was_of_rule(
    old: &RecipientName,
    new: &RecipientName,
    rule: Option<&RuleReaders>,
) -> Result<bool, ReadersError> {
    let Some(rule) = rule.filter(|rule| rule.certificates() == 1) else {
        return Ok(false);
    };
    Ok(rule.names(new.as_str()) != Some(false) && known::remembers(&rule.matched, old.as_str())?)
}

fn is_certificate(name: &RecipientName) -> bool {
    name.kind() == RecipientKind::Rsa
}
