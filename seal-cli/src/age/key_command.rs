//! Programs that print identities, as sops runs them (contract §1.5): a password manager, mostly.

use std::collections::BTreeMap;
use std::io;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use zeroize::Zeroizing;

use super::key_file::{Entry, KeyFile, Place};
use super::ssh_key::SshKey;

/// What the program learns about the wrap.
const RECIPIENT_VARIABLE: &str = "SOPS_AGE_RECIPIENT";

/// A command in a variable; run when no other identity fits, once per recipient.
pub(super) struct KeyCommand {
    variable: &'static str,
    words: Vec<String>,
    printed: Mutex<BTreeMap<String, Outcome>>,
}

type Outcome = Result<Arc<Printed>, CommandFault>;

/// What it printed.
pub(super) struct Printed {
    pub(super) entries: Vec<Entry>,
    pub(super) ssh: Option<SshKey>,
}

/// Why it gave no identity. What it printed is never shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CommandFault {
    #[error("{variable}: cannot run {program}: {reason}")]
    NotRun {
        variable: &'static str,
        program: String,
        reason: io::ErrorKind,
    },
    #[error("{variable}: {program} failed with {status}")]
    Failed {
        variable: &'static str,
        program: String,
        status: String,
    },
    #[error("{variable}: {program} printed no identity that can be used")]
    Nothing {
        variable: &'static str,
        program: String,
    },
}

impl KeyCommand {
    /// Splits the text of a variable into words, with quotes as a shell has them and nothing else
    /// of a shell. `None` if a quote is not closed, or there is no word.
    pub(super) fn new(variable: &'static str, text: &str) -> Option<Self> {
        let words = shlex::split(text).filter(|words| !words.is_empty())?;
        Some(Self {
            variable,
            words,
            printed: Mutex::default(),
        })
    }

    /// Its identities for a recipient.
    pub(super) fn run(&self, to: &str) -> Outcome {
        let mut printed = self.printed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(outcome) = printed.get(to) {
            return outcome.clone();
        }
        let outcome = self.ask_program(to);
        printed.insert(to.to_owned(), outcome.clone());
        outcome
    }

    fn ask_program(&self, to: &str) -> Outcome {
        let variable = self.variable;
        let (first, rest) = self
            .words
            .split_first()
            .map_or(("", [].as_slice()), |words| (words.0.as_str(), words.1));
        let program = first.to_owned();
        let output = Command::new(first)
            .args(rest)
            .env(RECIPIENT_VARIABLE, to)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output();
        let output = match output {
            Ok(output) => output,
            Err(error) => {
                let reason = error.kind();
                return Err(CommandFault::NotRun {
                    variable,
                    program,
                    reason,
                });
            }
        };
        let text = Zeroizing::new(output.stdout);
        if !output.status.success() {
            let status = output.status.to_string();
            return Err(CommandFault::Failed {
                variable,
                program,
                status,
            });
        }
        let place = Place {
            from: variable.to_owned(),
            named: true,
        };
        let mut printed = Printed {
            entries: Vec::new(),
            ssh: None,
        };
        match KeyFile::read(&text, &place, &mut Vec::new()) {
            Some(KeyFile::Entries(entries)) => printed.entries = entries,
            Some(KeyFile::Ssh(key)) => printed.ssh = Some(key),
            Some(KeyFile::Locked(_)) | None => {}
        }
        if printed.entries.is_empty() && printed.ssh.is_none() {
            return Err(CommandFault::Nothing { variable, program });
        }
        Ok(Arc::new(printed))
    }
}
