//! Whom to seal for, and in which format: by flags, else by the environment, else by the rule for the
//! file that is written, else for the cluster.

use seal_format::Scope;
use seal_keys::RsaRecipient;

use crate::config::{self, Format, Matched};
use crate::context::Context;
use crate::error::CliError;
use crate::output::Destination;
use crate::recipient::{Asked, Recipients};

/// What the user asked for, here or in a rule.
pub(super) struct Plan {
    pub(super) recipients: Recipients,
    /// By a flag or the rule.
    pub(super) scope: Option<Scope>,
    scope_of_rule: Option<Scope>,
    format: Option<Format>,
}

impl Plan {
    pub(super) fn of(context: &Context) -> Result<Self, CliError> {
        let rule = rule(context)?;
        let scope_of_rule = rule.as_ref().and_then(|rule| rule.scope);
        let format_of_rule = rule.as_ref().and_then(|rule| rule.format);
        let asked = match &rule {
            Some(rule) => Asked::of_rule(rule)?,
            None => context.recipients.clone(),
        };
        let recipients = if asked.is_empty() {
            Recipients::of_cluster(&context.cluster)?
        } else {
            asked.resolve(&context.cluster, context.kms.clone())?
        };
        Ok(Self {
            recipients,
            scope: context.scope.or(scope_of_rule),
            scope_of_rule,
            format: context.format_version.or(format_of_rule),
        })
    }

    /// The certificate to seal for in the legacy format; `None` is SE1.
    pub(super) fn legacy_certificate(&self) -> Result<Option<&RsaRecipient>, CliError> {
        let certificate = self.recipients.only_certificate();
        match self.format {
            Some(Format::Se1) => Ok(None),
            Some(Format::Legacy) if certificate.is_none() => {
                Err(CliError::LegacyReaders(self.recipients.called()))
            }
            _ => Ok(certificate),
        }
    }

    /// Rule W2 (docs/format.md): values are not sealed wider because a file says so. Without a rule,
    /// the legacy format leaves it to the Secret, as kubeseal does.
    pub(super) fn trusted_scope(&self) -> Option<Scope> {
        let legacy = matches!(self.legacy_certificate(), Ok(Some(_)));
        if legacy && self.scope_of_rule.is_none() {
            return None;
        }
        Some(self.scope.unwrap_or_default())
    }
}

/// The rule for the file that is written, if nobody named a recipient.
fn rule(context: &Context) -> Result<Option<Matched>, CliError> {
    match &context.destination {
        Destination::File(path) if context.recipients.is_empty() => {
            Ok(config::rules_for(path, context.config.as_deref())?)
        }
        _ => Ok(None),
    }
}
