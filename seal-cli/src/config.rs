//! Who shall be able to read which file: `.seal.yaml`, or the creation rules of `.sops.yaml` where
//! there is none (`docs/reference/config.md`).

mod check;
mod fault;
mod fields;
pub(crate) mod known;
mod lookup;
mod offline;
mod pattern;
mod recipient_kind;
pub(crate) mod rule;
mod seal_yaml;
mod sops_yaml;
mod target;
mod trust;
mod warnings;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use seal_format::Scope;

use crate::title::Title;
pub(crate) use check::{check, readable};
use fault::{Fault, Faults};
pub(crate) use known::KnownError;
use lookup::Territory;
pub(crate) use lookup::shown;
pub(crate) use offline::Offline;
use rule::{Configuration, Name, Rule};
pub(crate) use rule::{Format, NamedRecipient, Place, RecipientSource};
pub(crate) use target::Target;
pub(crate) use trust::User;
pub(crate) use warnings::Warnings;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("cannot read {}: {reason}", lookup::shown(.path))]
    Read {
        path: PathBuf,
        reason: std::io::Error,
    },
    #[error("{} is no file", lookup::shown(.0))]
    NoFile(PathBuf),
    #[error("{} is larger than any configuration", lookup::shown(.0))]
    TooLarge(PathBuf),
    #[error("cannot tell which configuration {} has: {reason}", lookup::shown(.path))]
    Target {
        path: PathBuf,
        reason: std::io::Error,
    },
    #[error(
        "{} is not followed: {reason}. Look at it, and name it yourself (--config FILE) if it is to be believed",
        lookup::shown(.path)
    )]
    Untrusted { path: PathBuf, reason: String },
    #[error("there is no .seal.yaml here or above, up to the root of the work tree")]
    None,
    #[error("{}: no rule matches {file}; add one, or name the recipients", lookup::shown(.path))]
    NoRule { path: PathBuf, file: String },
    #[error("no .seal.yaml and no .sops.yaml for {file}, from its folder up to {}", lookup::shown(.top))]
    NoConfiguration { file: String, top: PathBuf },
    #[error("{file}: {title} is not where its rule wants it ({rule}); change the one or the other")]
    Outside {
        file: String,
        title: String,
        rule: String,
    },
    #[error(transparent)]
    Known(#[from] known::KnownError),
    #[error("{}", .faults.of(lookup::shown(.path)))]
    Faults { path: PathBuf, faults: Faults },
    #[error(
        "{}: line {line}: the rule for {file} cannot be followed: {reason}. Write a .seal.yaml, or name the recipients",
        lookup::shown(.path)
    )]
    Refused {
        path: PathBuf,
        line: usize,
        file: String,
        reason: String,
    },
}

impl ConfigError {
    /// Whether it is about a file that is first of all for SOPS.
    pub(crate) fn is_of_sops(&self) -> bool {
        let (Self::Read { path, .. }
        | Self::NoFile(path)
        | Self::TooLarge(path)
        | Self::Untrusted { path, .. }
        | Self::Faults { path, .. }
        | Self::Refused { path, .. }) = self
        else {
            return false;
        };
        path.file_name()
            .is_some_and(|name| name == lookup::SOPS_YAML)
    }
}

/// Flags of the verbs that follow rules.
#[derive(clap::Args, Debug, Default)]
pub(crate) struct ConfigArgs {
    /// Configuration to follow, instead of the nearest .seal.yaml above the file
    #[arg(long, value_name = "FILE", env = "SEAL_CONFIG", hide_env_values = true)]
    config: Option<OsString>,
}

impl ConfigArgs {
    /// The configuration that was named; a variable without content names none.
    pub(crate) fn named(&self) -> Option<&Path> {
        let named = self.config.as_deref().map(Path::new);
        named.filter(|path| !path.as_os_str().is_empty())
    }
}

/// The rule for a file.
#[derive(Clone, Debug)]
pub(crate) struct Matched {
    /// The configuration it stands in.
    pub(crate) config: PathBuf,
    /// Index of the rule in it, which tells it from all others.
    pub(crate) index: usize,
    /// Line of the rule, from one, for messages: others may stand on the same.
    pub(crate) line: usize,
    /// Its path pattern.
    pub(crate) rule: String,
    pub(crate) recipients: Vec<NamedRecipient>,
    pub(crate) scope: Option<Scope>,
    /// Where its files are used.
    pub(crate) target: Target,
    /// What the rule asks for, or its recipients leave no choice about.
    pub(crate) format: Option<Format>,
    /// What `known` compares with.
    origin: Origin,
}

impl Matched {
    /// What would be written, as messages show it.
    pub(crate) fn file(&self) -> String {
        shown(&self.origin.file)
    }

    /// Rule W2: an object is where the rule says, or nothing is sealed for it. `from` is how messages
    /// call the file.
    ///
    /// # Errors
    /// [`ConfigError::Outside`].
    pub(crate) fn hold(&self, title: &Title, from: String) -> Result<(), ConfigError> {
        if self.target.admits(title) {
            return Ok(());
        }
        Err(ConfigError::Outside {
            file: from,
            title: title.to_string(),
            rule: format!(
                "{}, line {}: {}",
                lookup::shown(&self.config),
                self.line,
                self.target
            ),
        })
    }

    /// The people and clusters that the configuration has names for, in this rule or not.
    pub(crate) fn names(&self) -> &[Name] {
        &self.origin.configuration.names
    }
}

/// Where a rule comes from, and for what.
#[derive(Clone, Debug)]
struct Origin {
    file: PathBuf,
    territory: Territory,
    configuration: Configuration,
    /// The user named the configuration.
    named: bool,
}

/// The rule for the file that shall be written, which need not be there yet; `None` when there is
/// no configuration, or no rule in it that matches. `named` is a configuration that the user named,
/// instead of the nearest. `warnings` tells what the rule has and we pass over.
pub(crate) fn rules_for(
    file: &Path,
    named: Option<&Path>,
    warnings: &Warnings,
) -> Result<Option<Matched>, ConfigError> {
    let found = Found::look(file, named)?;
    for text in &found.warnings {
        warnings.tell(text);
    }
    found.matched(warnings)
}

/// Why a file has no rule.
pub(crate) fn nothing_for(file: &Path, named: Option<&Path>) -> Result<ConfigError, ConfigError> {
    let found = Found::look(file, named)?;
    let file = shown(&found.file);
    Ok(match found.configuration {
        Some(configuration) => ConfigError::NoRule {
            path: configuration.path,
            file,
        },
        None => ConfigError::NoConfiguration {
            file,
            top: found.territory.top().to_owned(),
        },
    })
}

/// What there is for a file.
struct Found {
    /// What would be written: absolute, links followed.
    file: PathBuf,
    territory: Territory,
    configuration: Option<Configuration>,
    named: bool,
    warnings: Vec<String>,
}

impl Found {
    /// Finds and reads the configuration of a file.
    fn look(file: &Path, named: Option<&Path>) -> Result<Self, ConfigError> {
        let file = lookup::target(file)?;
        let user = User::current();
        let folder = file.parent().unwrap_or(Path::new("/"));
        let territory = Territory::of(folder, lookup::home().as_deref(), user);
        let mut warnings = Vec::new();
        let configuration = match named {
            Some(path) => {
                let bytes = lookup::read_named(path)?;
                Some(parse(&lookup::target(path)?, &bytes)?)
            }
            None => match nearest(&territory, &mut warnings) {
                Some(path) => Some(parse(&path, &lookup::read_found(&path, user)?)?),
                None => None,
            },
        };
        Ok(Self {
            file,
            territory,
            configuration,
            named: named.is_some(),
            warnings,
        })
    }

    /// The rule that matches.
    fn rule(&self) -> Option<(usize, &Rule)> {
        self.configuration.as_ref()?.rule_for(self.path()?)
    }

    /// The path that patterns are matched with: from the configuration's folder, or from the root
    /// of the work tree if the configuration is elsewhere.
    fn path(&self) -> Option<&Path> {
        let folder = self.configuration.as_ref()?.folder();
        self.territory.path_from(folder, &self.file)
    }

    fn matched(&self, warnings: &Warnings) -> Result<Option<Matched>, ConfigError> {
        let (Some(configuration), Some((index, rule))) = (&self.configuration, self.rule()) else {
            return Ok(None);
        };
        if let Some(reason) = &rule.refused {
            return Err(ConfigError::Refused {
                path: configuration.path.clone(),
                line: rule.line,
                file: self.path().unwrap_or(&self.file).display().to_string(),
                reason: reason.clone(),
            });
        }
        for text in &rule.passed_over {
            let (path, line) = (lookup::shown(&configuration.path), rule.line);
            warnings.tell(&format!("{path}: line {line}: {text}"));
        }
        Ok(Some(Matched {
            config: configuration.path.clone(),
            index,
            line: rule.line,
            rule: rule.pattern.to_string(),
            recipients: rule.recipients.clone(),
            scope: rule.scope,
            target: rule.target.clone(),
            format: rule.format(),
            origin: Origin {
                file: self.file.clone(),
                territory: self.territory.clone(),
                configuration: configuration.clone(),
                named: self.named,
            },
        }))
    }
}

/// Ours wherever it is, then that of SOPS.
fn nearest(territory: &Territory, warnings: &mut Vec<String>) -> Option<PathBuf> {
    if let Some(path) = territory.nearest(lookup::SEAL_YAML) {
        return Some(path);
    }
    for name in [".seal.yml", ".sops.yml"] {
        if let Some(path) = territory.nearest(name) {
            let path = lookup::shown(&path);
            warnings.push(format!("{path} is passed over: the name ends in .yaml"));
        }
    }
    let path = territory.nearest(lookup::SOPS_YAML)?;
    let here = std::env::current_dir()
        .and_then(std::fs::canonicalize)
        .ok()?;
    if let Some(other) = lookup::of_sops(&here).filter(|other| *other != path) {
        warnings.push(format!(
            "{} is followed; sops, which looks from the current folder upwards, would follow {} here",
            lookup::shown(&path),
            lookup::shown(&other)
        ));
    }
    Some(path)
}

/// Reads a configuration; its name says which kind it is.
fn parse(path: &Path, bytes: &[u8]) -> Result<Configuration, ConfigError> {
    let mut faults = Faults::default();
    let read = seal_manifest::read(bytes);
    let documents = read.unwrap_or_else(|reason| {
        faults.add(Fault::unreadable(&reason));
        Vec::new()
    });
    let configuration = documents.first().map(|first| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(".sops.yaml") || name.ends_with(".sops.yml") {
            return sops_yaml::read(path, first.root(), &mut faults);
        }
        if let Some(second) = documents.get(1) {
            faults.add(Fault::new(second.line(), "the file has one document only"));
        }
        seal_yaml::read(path, first.root(), &mut faults)
    });
    if configuration.is_none() && faults.is_empty() {
        faults.add(Fault::of_file("the file is empty"));
    }
    match configuration {
        Some(configuration) if faults.is_empty() => Ok(configuration),
        _ => Err(ConfigError::Faults {
            path: path.to_owned(),
            faults,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_reference_is_sound() {
        let page = include_str!("../../docs/reference/config.md");
        let (_, rest) = page.split_once("```yaml\n").unwrap();
        let (example, _) = rest.split_once("```").unwrap();
        let read = parse(Path::new("/repo/.seal.yaml"), example.as_bytes()).unwrap();
        let (_, rule) = read.rule_for(Path::new("overlays/prod/db.yaml")).unwrap();
        assert_eq!(rule.format(), Some(Format::Se1));
        assert_eq!(rule.recipients.len(), 3);
    }
}
