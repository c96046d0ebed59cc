//! Everyone that this person can open for.

use std::collections::BTreeMap;
use std::iter;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::ask::Ask;
use super::key_command::{CommandFault, KeyCommand};
use super::key_file::Entry;
use super::lock::LockFault;
use super::locked_file::LockedFile;
use super::plugin::{self, PluginFault};
use super::sources::{Found, SourceError, Sources};
use super::ssh_key::SshKey;
use super::warning::Warning;

/// The identities of a person. Threads may share it: whoever is asked is asked once.
pub(crate) struct Identities {
    entries: Vec<Entry>,
    ssh: Vec<SshKey>,
    locked: Vec<LockedFile>,
    commands: Vec<KeyCommand>,
    ssh_commands: Vec<KeyCommand>,
    ask: Arc<dyn Ask>,
}

/// What opening takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Effort {
    /// Nothing but the processor.
    Silent,
    /// A passphrase or a plug-in, of an identity that is for this recipient.
    Asks,
    /// A passphrase or a command, to see whether there is such an identity.
    Searches,
}

/// Why a wrap was not opened.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum UnwrapFault {
    #[error("none of the age identities is for this recipient")]
    NoIdentity,
    #[error("not an age file with one recipient and a data key, or damaged")]
    BadWrap,
    #[error("{from} {reason}")]
    Locked { from: String, reason: LockFault },
    #[error(transparent)]
    Command(#[from] CommandFault),
    #[error(transparent)]
    Plugin(#[from] PluginFault),
}

/// Which identities a recipient is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind<'a> {
    Native,
    /// `age1tag…`, `age1tagpq…`: keys in hardware, each behind some plug-in.
    AnyPlugin,
    Plugin(&'a str),
    Ssh,
}

type Opened = Result<Zeroizing<Vec<u8>>, UnwrapFault>;

impl Identities {
    /// Looks for identities; asks nothing, starts nothing.
    pub(crate) fn discover(
        sources: &Sources,
        ask: Arc<dyn Ask>,
    ) -> Result<(Self, Vec<Warning>), SourceError> {
        let Found {
            entries,
            ssh,
            locked,
            commands,
            ssh_commands,
            warnings,
        } = sources.look()?;
        let found = Self {
            entries,
            ssh,
            locked,
            commands,
            ssh_commands,
            ask,
        };
        Ok((found, warnings))
    }

    /// The recipients that are known to be this person's without asking.
    #[cfg(test)]
    pub(crate) fn names(&self) -> Vec<String> {
        let opened: Vec<_> = self.locked.iter().filter_map(LockedFile::opened).collect();
        let entries = iter::once(self.entries.as_slice())
            .chain(opened.iter().map(|entries| entries.as_slice()))
            .flatten();
        let mut names: Vec<_> = entries
            .filter_map(|entry| match entry {
                Entry::Native { name, .. } => Some(name.clone()),
                Entry::Plugin(_) => None,
            })
            .chain(self.ssh.iter().map(|key| key.name().to_string()))
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// What it takes to open for a recipient. `None` if it cannot be done. What was locked in vain is
    /// tried last and asks nobody: it tells why.
    pub(crate) fn effort(&self, to: &str) -> Option<Effort> {
        let kind = kind(to)?;
        if kind == Kind::Ssh {
            let keys = self.ssh.iter().filter(|key| key.name().as_str() == to);
            let known = keys
                .map(|key| match key.asks() {
                    Some(false) => Effort::Silent,
                    Some(true) => Effort::Asks,
                    None => Effort::Searches,
                })
                .min();
            let searches = (!self.ssh_commands.is_empty()).then_some(Effort::Searches);
            return known.or(searches);
        }
        let opened: Vec<_> = self.locked.iter().filter_map(LockedFile::opened).collect();
        let known = iter::once(self.entries.as_slice())
            .chain(opened.iter().map(|entries| entries.as_slice()))
            .flatten()
            .filter_map(|entry| match entry {
                Entry::Native { name, .. } => (name == to).then_some(Effort::Silent),
                Entry::Plugin(identity) => kind.is_of(identity.plugin()).then_some(Effort::Asks),
            })
            .min();
        let closed = |file: &LockedFile| file.opened().is_none();
        let searches = self.locked.iter().any(closed) || !self.commands.is_empty();
        known.or(searches.then_some(Effort::Searches))
    }

    /// Opens the wrap of a recipient with the identities that are for it, and no others; passphrases
    /// are asked for when nothing else fits.
    pub(crate) fn unwrap(&self, to: &str, wrap: &[u8]) -> Opened {
        match kind(to) {
            None => Err(UnwrapFault::NoIdentity),
            Some(Kind::Ssh) => self.unwrap_ssh(to, wrap),
            Some(kind) => self.unwrap_age(kind, to, wrap),
        }
    }

    fn unwrap_age(&self, kind: Kind<'_>, to: &str, wrap: &[u8]) -> Opened {
        let mut fault = match self.try_entries(&self.entries, kind, to, wrap) {
            Err(fault) if !fault.is_settled() => fault,
            settled => return settled,
        };
        // What is open already comes before what has to be asked for.
        let mut files: Vec<_> = self.locked.iter().collect();
        files.sort_by_key(|file| file.opened().is_none());
        for file in files {
            let outcome = file
                .open(&*self.ask)
                .map_err(|reason| UnwrapFault::Locked {
                    from: file.from().to_owned(),
                    reason,
                })
                .and_then(|entries| self.try_entries(&entries, kind, to, wrap));
            match outcome {
                Err(other) if !other.is_settled() => fault = fault.or(other),
                settled => return settled,
            }
        }
        for command in &self.commands {
            let outcome = command
                .run(to)
                .map_err(UnwrapFault::from)
                .and_then(|printed| self.try_entries(&printed.entries, kind, to, wrap));
            match outcome {
                Err(other) if !other.is_settled() => fault = fault.or(other),
                settled => return settled,
            }
        }
        Err(fault)
    }

    fn try_entries(&self, entries: &[Entry], kind: Kind<'_>, to: &str, wrap: &[u8]) -> Opened {
        let mut plugins: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for entry in entries {
            match entry {
                // The list says that it is for this key: if it is not, someone ruined it.
                Entry::Native { name, key } if name == to => {
                    return seal_age::unwrap_with(key.as_age(), wrap)
                        .map_err(|_| UnwrapFault::BadWrap);
                }
                Entry::Plugin(identity) if kind.is_of(identity.plugin()) => {
                    let its = plugins.entry(identity.plugin()).or_default();
                    its.push(identity.clone());
                }
                Entry::Native { .. } | Entry::Plugin(_) => {}
            }
        }
        let mut fault = UnwrapFault::NoIdentity;
        for (plugin, identities) in plugins {
            match plugin::unwrap(plugin, &identities, wrap, &self.ask) {
                Ok(Some(data_key)) => return Ok(data_key),
                Ok(None) => {}
                Err(UnwrapFault::BadWrap) => return Err(UnwrapFault::BadWrap),
                Err(other) => fault = fault.or(other),
            }
        }
        Err(fault)
    }

    fn unwrap_ssh(&self, to: &str, wrap: &[u8]) -> Opened {
        let mut keys: Vec<_> = self
            .ssh
            .iter()
            .filter(|key| key.name().as_str() == to)
            .collect();
        keys.sort_by_key(|key| key.asks() != Some(false));
        let mut fault = UnwrapFault::NoIdentity;
        for key in keys {
            match self.try_ssh(key, wrap) {
                Err(other) if !other.is_settled() => fault = fault.or(other),
                settled => return settled,
            }
        }
        for command in &self.ssh_commands {
            let printed = match command.run(to) {
                Ok(printed) => printed,
                Err(other) => {
                    fault = fault.or(other.into());
                    continue;
                }
            };
            match &printed.ssh {
                Some(key) if key.name().as_str() == to => return self.try_ssh(key, wrap),
                _ => {}
            }
        }
        Err(fault)
    }

    fn try_ssh(&self, key: &SshKey, wrap: &[u8]) -> Opened {
        match key.unwrap(wrap, &*self.ask) {
            // The list says that it is for this key.
            Ok(outcome) => outcome.map_err(|_| UnwrapFault::BadWrap),
            Err(reason) => Err(UnwrapFault::Locked {
                from: key.from().to_owned(),
                reason,
            }),
        }
    }
}

impl UnwrapFault {
    /// Whether no other identity can change it.
    fn is_settled(&self) -> bool {
        *self == Self::BadWrap
    }

    /// The first that says more than that nothing fits.
    fn or(self, other: Self) -> Self {
        if self == Self::NoIdentity {
            other
        } else {
            self
        }
    }
}

impl Kind<'_> {
    fn is_of(self, plugin: &str) -> bool {
        match self {
            Self::Plugin(name) => name == plugin,
            Self::AnyPlugin => true,
            Self::Native | Self::Ssh => false,
        }
    }
}

fn kind(to: &str) -> Option<Kind<'_>> {
    if to.starts_with("ssh-") {
        return Some(Kind::Ssh);
    }
    let (prefix, _) = to.rsplit_once('1')?;
    match prefix {
        "age" => Some(Kind::Native),
        "age1tag" | "age1tagpq" => Some(Kind::AnyPlugin),
        _ => prefix.strip_prefix("age1").map(Kind::Plugin),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipients_are_told_apart_by_what_opens_them() {
        for (to, expected) in [
            ("age1qqqq", Some(Kind::Native)),
            ("age1tag1qqqq", Some(Kind::AnyPlugin)),
            ("age1tagpq1qqqq", Some(Kind::AnyPlugin)),
            ("age1yubikey1qqqq", Some(Kind::Plugin("yubikey"))),
            ("age1pq1qqqq", Some(Kind::Plugin("pq"))),
            ("ssh-rsa AAAA", Some(Kind::Ssh)),
            ("rsa:00", None),
            ("arn:aws:kms:eu-west-1:111122223333:key/1", None),
            ("", None),
        ] {
            assert_eq!(kind(to), expected, "{to}");
        }
    }
}
