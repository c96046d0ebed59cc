//! What configurations say about many files: each certificate is read once.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use seal_format::se1::Fault;
use seal_kms::KeyArn;

use crate::config::known::{self, Known, KnownArgs};
use crate::config::{self, ConfigArgs, Matched, Offline, RecipientSource, Warnings};
use crate::error::CliError;
use crate::identity::Unopened;
use crate::ui;

/// Looks rules up.
pub(crate) struct Rules {
    named: Option<PathBuf>,
    known: KnownArgs,
    looked: Mutex<Vec<(RecipientSource, Option<String>)>>,
    warnings: Warnings,
}

/// The rule for a file, and the keys of whom it names, as far as they are known offline.
pub(crate) struct RuleReaders {
    pub(crate) matched: Matched,
    /// One for each of `matched.recipients`.
    pub(crate) to: Vec<Option<String>>,
    names: Vec<(String, String)>,
    known: KnownArgs,
}

/// KMS keys that the rule for a file names.
#[derive(Clone, Debug, Default)]
pub(crate) struct RuleKms {
    /// May be asked.
    pub(crate) confirmed: Vec<KeyArn>,
    /// May not: somebody may have written them into the rule to learn who opens the file.
    unconfirmed: Vec<KeyArn>,
    /// How to confirm them.
    next_step: String,
}

impl Rules {
    pub(crate) fn new(args: &ConfigArgs) -> Self {
        Self {
            named: args.named().map(Path::to_path_buf),
            known: KnownArgs::default(),
            looked: Mutex::default(),
            warnings: Warnings::default(),
        }
    }

    /// The same where recipients may be pinned.
    pub(crate) fn pinned(mut self, known: &KnownArgs) -> Self {
        self.known = known.only_pinned();
        self
    }

    /// The same where something may have been told already.
    pub(crate) fn warning(mut self, warnings: Warnings) -> Self {
        self.warnings = warnings;
        self
    }

    /// The configuration that was named.
    pub(crate) fn named(&self) -> Option<&Path> {
        self.named.as_deref()
    }

    /// The rule for a file; `None` without one, and for stdin.
    pub(crate) fn of(&self, file: &Path) -> Result<Option<RuleReaders>, CliError> {
        if file == Path::new("-") {
            return Ok(None);
        }
        let Some(matched) = config::rules_for(file, self.named.as_deref(), &self.warnings)? else {
            return Ok(None);
        };
        let to: Vec<_> = matched
            .recipients
            .iter()
            .map(|recipient| self.to(&recipient.source))
            .collect();
        let known = matched.names().iter();
        let names = known
            .filter_map(|name| Some((self.to(&name.source)?, name.name.clone())))
            .collect();
        let known = self.known.clone();
        Ok(Some(RuleReaders {
            matched,
            to,
            names,
            known,
        }))
    }

    /// The rule for a file that is read only, which does not depend on rules: a faulty configuration
    /// is a warning.
    pub(crate) fn of_what_is_there(&self, file: &Path) -> Option<RuleReaders> {
        self.of(file).unwrap_or_else(|error| {
            self.warnings.tell(&error.to_string());
            None
        })
    }

    fn to(&self, source: &RecipientSource) -> Option<String> {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, to)) = looked.iter().find(|(known, _)| known == source) {
            return to.clone();
        }
        let offline = Offline::of(source, Timestamp::now());
        let to = offline.ok().and_then(|offline| offline.to);
        looked.push((source.clone(), to.clone()));
        to
    }
}

impl RuleReaders {
    /// What the configuration calls a key, whichever rule names it.
    pub(crate) fn name_of(&self, to: &str) -> Option<&str> {
        let known = self.names.iter().find(|(known, _)| known == to);
        known.map(|(_, name)| name.as_str())
    }

    /// Whether the rule names the key. `None` if it cannot be told offline.
    pub(crate) fn names(&self, to: &str) -> Option<bool> {
        if self.to.iter().flatten().any(|known| known == to) {
            return Some(true);
        }
        self.to.iter().all(Option::is_some).then_some(false)
    }

    /// Those whom the rule certainly does not name, each once: it is another's rule, or newer than the
    /// file, or somebody plays a trick.
    pub(crate) fn strangers<'a>(
        &self,
        readers: impl Iterator<Item = &'a str>,
    ) -> BTreeSet<&'a str> {
        readers.filter(|to| self.names(to) == Some(false)).collect()
    }

    /// How people are told of one of them.
    pub(crate) fn does_not_name(&self, stranger: &str) -> String {
        let place = self.place();
        format!("the rule for this file ({place}) does not name the recipient {stranger}")
    }

    /// KMS keys that the rule names, and that may be asked therefore if the rule was confirmed. An alias
    /// is none: somebody else may point it elsewhere.
    pub(crate) fn kms_keys(&self) -> RuleKms {
        let keys: Vec<KeyArn> = {
            let keys = self.to.iter().flatten();
            keys.filter_map(|to| to.parse().ok()).collect()
        };
        if keys.is_empty() {
            return RuleKms::default();
        }
        let known = known::check(&self.matched, &self.to, &self.known).unwrap_or_else(|error| {
            ui::warn(&error.to_string());
            Known::First
        });
        let is_new = |key: &KeyArn| match &known {
            Known::All => false,
            Known::First => true,
            Known::Grown(added) => {
                let mut added = added.iter().filter_map(|added| added.to.as_deref());
                added.any(|to| to.parse().is_ok_and(|to| key.is_same_key(&to)))
            }
        };
        let (unconfirmed, confirmed) = keys.into_iter().partition(is_new);
        let (file, place) = (self.matched.file(), self.place());
        RuleKms {
            confirmed,
            unconfirmed,
            next_step: format!(
                "the rule that names it ({place}) is not confirmed on this machine; look at it (seal config show {file}), then confirm it (seal config show --accept-new-recipients {file}), or name the key with --kms-key"
            ),
        }
    }

    /// How many certificates the rule names.
    pub(crate) fn certificates(&self) -> usize {
        let recipients = self.matched.recipients.iter();
        recipients
            .filter(|recipient| matches!(recipient.source, RecipientSource::Certificate(_)))
            .count()
    }

    /// The key of a name.
    pub(crate) fn key_of(&self, name: &str) -> Option<&str> {
        let known = self.names.iter().find(|(_, known)| known == name);
        known.map(|(to, _)| to.as_str())
    }

    /// How messages call the rule.
    pub(crate) fn place(&self) -> String {
        let config = config::shown(&self.matched.config);
        format!("{config}, line {}", self.matched.line)
    }
}

impl RuleKms {
    /// Why a key is not asked that the rule names; `None` for other keys.
    pub(crate) fn not_asked(&self, key: &KeyArn) -> Option<Unopened> {
        let mut keys = self.unconfirmed.iter();
        let named = keys.find(|named| named.is_same_key(key))?;
        Some(Unopened {
            fault: Fault::NoIdentity,
            detail: Some(format!("{named} was not asked: {}", self.next_step)),
        })
    }
}
