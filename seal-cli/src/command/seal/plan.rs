//! Whom to seal for, and in which format: as flags, environment or rule say, else for the cluster.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use seal_format::Scope;

use crate::config::Matched;
use crate::context::Context;
use crate::error::CliError;
use crate::recipient::{Asked, Choice, OneCertificate, Readers, Recipients, remember_files};
use crate::title::Title;

/// What the user asked for, here or in a rule.
pub(super) struct Plan<'a> {
    context: &'a Context,
    choice: Choice,
}

/// Plans of many files. What they share is fetched once, and fails once.
pub(super) struct Planner<'a> {
    context: &'a Context,
    /// Whom flags and environment name.
    said: Option<Choice>,
    /// By configuration and the rule's index in it.
    of_rules: HashMap<(PathBuf, usize), Result<Arc<Recipients>, Arc<CliError>>>,
    of_cluster: Option<Result<Choice, Arc<CliError>>>,
}

impl<'a> Planner<'a> {
    pub(super) fn new(context: &'a Context) -> Result<Self, CliError> {
        let (args, rules) = (&context.recipients, &context.rules);
        Ok(Self {
            context,
            said: Choice::of(&context.asked, args, None, rules, &context.cluster)?,
            of_rules: HashMap::new(),
            of_cluster: None,
        })
    }

    /// For a file that will be written; `None` is stdout.
    pub(super) fn plan(&mut self, file: Option<&Path>) -> Result<Plan<'a>, CliError> {
        let context = self.context;
        let choice = match &self.said {
            Some(said) => said.clone(),
            None => match context.rules.rule_for(&context.asked, file)? {
                Some(rule) => self.ruled(rule)?,
                None => self.clusters()?,
            },
        };
        Ok(Plan { context, choice })
    }

    fn ruled(&mut self, rule: Matched) -> Result<Choice, CliError> {
        let context = self.context;
        let known = &mut self.of_rules;
        Choice::of_rule(rule, &context.rules, |rule| {
            let place = (rule.config.clone(), rule.index);
            let resolved = known.entry(place).or_insert_with(|| {
                let kms = context.recipients.kms();
                let asked = Asked::of_rule(rule).map_err(CliError::from);
                let resolved = asked.and_then(|asked| asked.resolve(&context.cluster, kms));
                resolved.map(Arc::new).map_err(Arc::new)
            });
            resolved.clone().map_err(CliError::Shared)
        })
    }

    fn clusters(&mut self) -> Result<Choice, CliError> {
        let cluster = &self.context.cluster;
        let resolved = self
            .of_cluster
            .get_or_insert_with(|| Choice::of_cluster(cluster).map_err(Arc::new));
        resolved.clone().map_err(CliError::Shared)
    }
}

impl Plan<'_> {
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

/// Remembers where the objects of files are. Before they are written, as `seal set` and `seal merge` do:
/// where that is impossible, nothing is sealed. A file that cannot be written then is remembered all the
/// same, by what the user's own Secret says: that is where the next run seals it.
pub(super) fn remember(context: &Context, files: &[(&Plan<'_>, &[Title])]) -> Result<(), CliError> {
    let files = files.iter();
    let files: Vec<_> = files
        .map(|(plan, titles)| (&plan.choice, *titles))
        .collect();
    remember_files(&files, &context.rules)
}
