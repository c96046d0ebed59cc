//! Whom to seal for, and in which format: as flags, environment or rule say, else for the cluster.

use seal_format::Scope;

use crate::config::Matched;
use crate::context::Context;
use crate::error::CliError;
use crate::output::Destination;
use crate::recipient::{Choice, OneCertificate, Readers, Recipients};
use crate::title::Title;

/// What the user asked for, here or in a rule.
pub(super) struct Plan<'a> {
    context: &'a Context,
    choice: Choice,
}

impl<'a> Plan<'a> {
    pub(super) fn of(context: &'a Context) -> Result<Self, CliError> {
        let file = match &context.destination {
            Destination::File(path) => Some(path.as_path()),
            Destination::Stdout => None,
        };
        let (args, rules) = (&context.recipients, &context.rules);
        let rule = rules.rule_for(&context.asked, file)?;
        let choice = match Choice::of(&context.asked, args, rule, rules, &context.cluster)? {
            Some(choice) => choice,
            None => Choice::of_cluster(&context.cluster)?,
        };
        Ok(Self { context, choice })
    }

    pub(super) fn recipients(&self) -> &Recipients {
        &self.choice.recipients
    }

    /// Stops if the wraps tell of readers who are new.
    pub(super) fn confirm(&self, readers: &Readers) -> Result<(), CliError> {
        self.choice.confirm(readers, &self.context.rules)
    }

    /// The certificate to seal for in the legacy format; `None` is SE1.
    pub(super) fn legacy_certificate(&self) -> Result<Option<OneCertificate<'_>>, CliError> {
        let asked = self.context.format_version;
        let usual = self.choice.usual_format();
        self.choice.legacy_certificate(asked, usual)
    }

    /// The rule that names the recipients.
    pub(super) fn rule(&self) -> Option<&Matched> {
        self.choice.rule()
    }

    /// Remembers where the file's objects are.
    pub(super) fn remember(&self, titles: &[Title]) -> Result<(), CliError> {
        self.choice.remember_places(titles, &self.context.rules)
    }

    /// By a flag or the rule.
    pub(super) fn scope(&self) -> Option<Scope> {
        self.context.scope.or(self.choice.scope())
    }

    /// Rule W2 (docs/format.md): values are not sealed wider because a file says so. Without a rule,
    /// the legacy format leaves it to the Secret, as kubeseal does.
    pub(super) fn trusted_scope(&self) -> Option<Scope> {
        let legacy = matches!(self.legacy_certificate(), Ok(Some(_)));
        if legacy && self.choice.scope().is_none() {
            return None;
        }
        Some(self.scope().unwrap_or_default())
    }
}
