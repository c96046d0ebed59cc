//! Whom to seal for, and who said so: flags, else the environment, else the rule for the file.

use std::path::Path;
use std::sync::Arc;

use seal_format::Scope;

use super::args::RecipientArgs;
use super::asked::Asked;
use super::legacy::OneCertificate;
use super::reader::Readers;
use super::recipients::Recipients;
use crate::config::known::{self, KnownArgs, Said};
use crate::config::{self, ConfigArgs, ConfigError, Format, Matched, Warnings};
use crate::context::Cluster;
use crate::error::CliError;
use crate::rules::Rules;
use crate::title::Title;

/// Flags about rules.
#[derive(clap::Args, Debug, Default)]
pub(crate) struct RuleArgs {
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    known: KnownArgs,
    #[arg(skip)]
    warnings: Warnings,
}

impl RuleArgs {
    /// For files that are there already.
    pub(crate) fn rules(&self) -> Rules {
        let rules = Rules::new(&self.config).pinned(&self.known);
        rules.warning(self.warnings.clone())
    }

    /// The rule for a file that will be written: `None` where somebody is named already, without one,
    /// and for stdout.
    ///
    /// # Errors
    /// Those of configurations.
    pub(crate) fn rule_for(
        &self,
        asked: &Asked,
        file: Option<&Path>,
    ) -> Result<Option<Matched>, CliError> {
        let Some(file) = file.filter(|_| asked.is_empty()) else {
            return Ok(None);
        };
        let rule = config::rules_for(file, self.config.named(), &self.warnings);
        Ok(rule?)
    }
}

/// Recipients that somebody named. Copies share the keys.
#[derive(Clone)]
pub(crate) struct Choice {
    pub(crate) recipients: Arc<Recipients>,
    /// The rule that named them.
    rule: Option<Matched>,
}

impl Choice {
    /// `None` if nobody is named anywhere. `rule` is what [`RuleArgs::rule_for`] gave. Where it names
    /// more than before, this is where it stops: before anybody is asked for a certificate.
    ///
    /// # Errors
    /// Those of configurations and of recipients.
    pub(crate) fn of(
        asked: &Asked,
        args: &RecipientArgs,
        rule: Option<Matched>,
        rules: &RuleArgs,
        cluster: &Cluster,
    ) -> Result<Option<Self>, CliError> {
        if !asked.is_empty() {
            let recipients = Arc::new(asked.resolve(cluster, args.kms())?);
            let rule = None;
            return Ok(Some(Self { recipients, rule }));
        }
        let resolve = |rule: &Matched| {
            let recipients = Asked::of_rule(rule)?.resolve(cluster, args.kms())?;
            Ok(Arc::new(recipients))
        };
        rule.map(|rule| Self::of_rule(rule, rules, resolve))
            .transpose()
    }

    /// What the rule for a file names. `resolve` gets the keys: many files have one rule.
    ///
    /// # Errors
    /// Those of configurations and of `resolve`.
    pub(crate) fn of_rule(
        rule: Matched,
        rules: &RuleArgs,
        resolve: impl FnOnce(&Matched) -> Result<Arc<Recipients>, CliError>,
    ) -> Result<Self, CliError> {
        known::admit(&rule, &rules.known).map_err(ConfigError::from)?;
        let recipients = resolve(&rule)?;
        confirm(&rule, &recipients.named(), rules)?;
        let rule = Some(rule);
        Ok(Self { recipients, rule })
    }

    /// The cluster's certificate, where nobody said anything else.
    ///
    /// # Errors
    /// Those of clusters and certificates.
    pub(crate) fn of_cluster(cluster: &Cluster) -> Result<Self, CliError> {
        Ok(Self {
            recipients: Arc::new(Recipients::of_cluster(cluster)?),
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

    /// The rule that named them; `None` if the command line did.
    pub(crate) fn rule(&self) -> Option<&Matched> {
        self.rule.as_ref()
    }

    /// Rule W2: stops if the file was moved since something was last sealed into it. `said` is what the
    /// command line says of the place; what the rule says counts as well. Who names the readers by
    /// hand looks himself.
    ///
    /// # Errors
    /// [`known::KnownError`].
    pub(crate) fn check_places(
        &self,
        titles: &[(&Title, Said)],
        rules: &RuleArgs,
    ) -> Result<(), CliError> {
        let Some(rule) = &self.rule else {
            return Ok(());
        };
        let by_rule = |said: Said| Said {
            namespace: said.namespace || rule.target.namespace.is_some(),
            name: said.name || rule.target.name.is_some(),
        };
        let titles = titles.iter();
        let titles: Vec<_> = titles
            .map(|(title, said)| (*title, by_rule(*said)))
            .collect();
        let known = known::check_places(rule, &titles, &rules.known);
        Ok(known.map_err(ConfigError::from)?)
    }

    /// Remembers it for the next time; `present` is all that is in the file.
    ///
    /// # Errors
    /// [`known::KnownError`].
    pub(crate) fn remember_places(
        &self,
        titles: &[Title],
        present: &[Title],
        rules: &RuleArgs,
    ) -> Result<(), CliError> {
        let Some(rule) = &self.rule else {
            return Ok(());
        };
        let known = known::remember_places(rule, titles, present, &rules.known);
        Ok(known.map_err(ConfigError::from)?)
    }
}

/// Remembers where the objects of many files are, each written whole.
///
/// # Errors
/// [`known::KnownError`].
pub(crate) fn remember_files(
    files: &[(&Choice, &[Title])],
    rules: &RuleArgs,
) -> Result<(), CliError> {
    let files = files.iter();
    let files: Vec<_> = files
        .filter_map(|(choice, titles)| Some((choice.rule()?, *titles)))
        .collect();
    let known = known::remember_files(&files, &rules.known);
    Ok(known.map_err(ConfigError::from)?)
}

fn confirm(rule: &Matched, to: &[Option<String>], rules: &RuleArgs) -> Result<(), CliError> {
    known::confirm(rule, to, &rules.known).map_err(|error| ConfigError::from(error).into())
}
