//! Whom to seal for, and who said so: flags, else the environment, else the rule for the file.

use std::path::Path;

use seal_format::Scope;

use super::args::RecipientArgs;
use super::asked::Asked;
use super::legacy::OneCertificate;
use super::reader::Readers;
use super::recipients::Recipients;
use crate::config::known::{self, KnownArgs};
use crate::config::{self, ConfigArgs, ConfigError, Format, Matched};
use crate::context::Cluster;
use crate::error::CliError;

/// Flags about rules.
#[derive(clap::Args, Debug, Default)]
pub(crate) struct RuleArgs {
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    known: KnownArgs,
}

/// Recipients that somebody named.
pub(crate) struct Choice {
    pub(crate) recipients: Recipients,
    /// The rule that named them.
    rule: Option<Matched>,
}

impl Choice {
    /// `None` if nobody is named anywhere. `file` is what will be written, if that is a file. Where a
    /// rule names more than before, this is where it stops.
    ///
    /// # Errors
    /// Those of configurations and of recipients.
    pub(crate) fn of(
        asked: &Asked,
        args: &RecipientArgs,
        file: Option<&Path>,
        rules: &RuleArgs,
        cluster: &Cluster,
    ) -> Result<Option<Self>, CliError> {
        if !asked.is_empty() {
            let recipients = asked.resolve(cluster, args.kms())?;
            let rule = None;
            return Ok(Some(Self { recipients, rule }));
        }
        let matched = file.map(|file| config::rules_for(file, rules.config.named()));
        let Some(rule) = matched.transpose()?.flatten() else {
            return Ok(None);
        };
        let recipients = Asked::of_rule(&rule)?.resolve(cluster, args.kms())?;
        confirm(&rule, &recipients.named(), rules)?;
        let rule = Some(rule);
        Ok(Some(Self { recipients, rule }))
    }

    /// The cluster's certificate, where nobody said anything else.
    ///
    /// # Errors
    /// Those of clusters and certificates.
    pub(crate) fn of_cluster(cluster: &Cluster) -> Result<Self, CliError> {
        Ok(Self {
            recipients: Recipients::of_cluster(cluster)?,
            rule: None,
        })
    }

    /// The format for one certificate where nobody says anything: the legacy one, as kubeseal does. KMS
    /// opens few values of that.
    pub(crate) fn usual_format(&self) -> Format {
        let certificate = self.recipients.only_certificate();
        if certificate.is_some_and(OneCertificate::is_in_kms) {
            Format::Se1
        } else {
            Format::Legacy
        }
    }

    /// The certificate to seal for in the legacy format; `None` is SE1. By what was `asked` for, else
    /// by the rule; else one certificate gets the `usual` format, and all others SE1.
    ///
    /// # Errors
    /// [`CliError::LegacyReaders`].
    pub(crate) fn legacy_certificate(
        &self,
        asked: Option<Format>,
        usual: Format,
    ) -> Result<Option<OneCertificate<'_>>, CliError> {
        let certificate = self.recipients.only_certificate();
        match asked.or(self.format()) {
            Some(Format::Legacy) if certificate.is_none() => {
                Err(CliError::LegacyReaders(self.recipients.called()))
            }
            said => Ok(certificate.filter(|_| said.unwrap_or(usual) == Format::Legacy)),
        }
    }

    /// The same once the wraps are there, which tell the keys behind aliases.
    ///
    /// # Errors
    /// [`known::KnownError`].
    pub(crate) fn confirm(&self, readers: &Readers, rules: &RuleArgs) -> Result<(), CliError> {
        let named = self.recipients.named();
        match &self.rule {
            Some(rule) if named.contains(&None) => {
                confirm(rule, &self.recipients.named_in(readers), rules)
            }
            _ => Ok(()),
        }
    }

    /// What the rule says.
    pub(crate) fn scope(&self) -> Option<Scope> {
        self.rule.as_ref()?.scope
    }

    fn format(&self) -> Option<Format> {
        self.rule.as_ref()?.format
    }

    /// Whether a rule, and not the command line, named them.
    pub(crate) fn is_by_rule(&self) -> bool {
        self.rule.is_some()
    }
}

fn confirm(rule: &Matched, to: &[Option<String>], rules: &RuleArgs) -> Result<(), CliError> {
    known::confirm(rule, to, &rules.known).map_err(|error| ConfigError::from(error).into())
}
