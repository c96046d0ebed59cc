//! Everything that is wrong with a configuration, also what reading it would not find: rules that
//! are never reached, names that no rule uses, recipients that cannot be sealed for.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use seal_format::Scope;

use super::fault::{Fault, Faults};
use super::lookup::{self, Territory};
use super::offline::Offline;
use super::rule::{Configuration, Format, NamedRecipient};
use super::trust::User;
use super::{ConfigError, parse};

/// A configuration without faults.
pub(crate) struct Checked {
    pub(crate) path: PathBuf,
    pub(crate) rules: usize,
    /// Different ones, in all rules.
    pub(crate) recipients: usize,
    /// Nothing is wrong with these, but somebody should know; each with its line.
    pub(crate) warnings: Vec<(usize, String)>,
}

/// Checks the named configuration, or the one for files of the current folder.
pub(crate) fn check(named: Option<&Path>) -> Result<Checked, ConfigError> {
    let configuration = if let Some(path) = named {
        parse(&lookup::target(path)?, &lookup::read_named(path)?)?
    } else {
        let path = of_this_folder()?;
        parse(&path, &lookup::read_found(&path, User::current())?)?
    };
    let faults = faults(&configuration, Timestamp::now());
    if !faults.is_empty() {
        return Err(ConfigError::Faults {
            path: configuration.path,
            faults,
        });
    }
    Ok(Checked {
        rules: configuration.rules.len(),
        recipients: recipients(&configuration).len(),
        warnings: warnings(&configuration),
        path: configuration.path,
    })
}

/// Whether a configuration that was named can be read and understood.
pub(crate) fn readable(named: &Path) -> Result<(), ConfigError> {
    parse(&lookup::target(named)?, &lookup::read_named(named)?).map(drop)
}

fn of_this_folder() -> Result<PathBuf, ConfigError> {
    let here = lookup::target(Path::new("."))?;
    let territory = Territory::of(&here, lookup::home().as_deref(), User::current());
    [lookup::SEAL_YAML, lookup::SOPS_YAML]
        .iter()
        .find_map(|name| territory.nearest(name))
        .ok_or(ConfigError::None)
}

fn faults(configuration: &Configuration, now: Timestamp) -> Faults {
    let mut faults = Faults::default();
    for name in &configuration.names {
        if let Err(reason) = Offline::of(&name.source, now) {
            let declared = name.source.declared(configuration.folder());
            let text = format!("recipient {:?} ({declared}): {reason}", name.name);
            faults.add(Fault::new(name.line, text));
        }
    }
    let rules = &configuration.rules;
    for (number, rule) in rules.iter().enumerate() {
        let mut before = rules.iter().take(number);
        if let Some(first) = before.find(|before| before.pattern.covers(&rule.pattern)) {
            let text = format!(
                "the rule for {} is never reached: line {} comes first and matches the same files",
                rule.pattern, first.line
            );
            faults.add(Fault::new(rule.line, text));
        }
        if let Some(reason) = &rule.refused {
            let text = format!("the rule cannot be followed: {reason}");
            faults.add(Fault::new(rule.line, text));
        }
        let narrow = rule.scope.filter(|scope| *scope != Scope::ClusterWide);
        if let (Some(Format::Legacy), Some(scope)) = (rule.format, narrow)
            && rule.recipients.iter().any(|it| is_in_kms(it, now))
        {
            let text = format!(
                "KMS opens values of format legacy only if they are cluster-wide, and the scope is {scope}; use se1"
            );
            faults.add(Fault::new(rule.line, text));
        }
    }
    faults
}

fn is_in_kms(recipient: &NamedRecipient, now: Timestamp) -> bool {
    Offline::of(&recipient.source, now).is_ok_and(|known| known.certificate_in_kms)
}

fn warnings(configuration: &Configuration) -> Vec<(usize, String)> {
    let used = recipients(configuration);
    let names = configuration.names.iter();
    let unused = names
        .filter(|name| {
            !used
                .iter()
                .any(|used| used.name.as_ref() == Some(&name.name))
        })
        .map(|name| {
            let text = format!("no rule uses recipient {:?}", name.name);
            (name.line, text)
        });
    let rules = configuration.rules.iter();
    let passed_over = rules.flat_map(|rule| {
        let texts = rule.passed_over.iter();
        texts.map(|text| (rule.line, text.clone()))
    });
    let mut warnings: Vec<_> = unused.chain(passed_over).collect();
    warnings.sort();
    warnings
}

fn recipients(configuration: &Configuration) -> Vec<&NamedRecipient> {
    let mut found = Vec::new();
    for recipient in configuration.rules.iter().flat_map(|rule| &rule.recipients) {
        if !found.contains(&recipient) {
            found.push(recipient);
        }
    }
    found
}
