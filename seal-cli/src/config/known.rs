//! Known recipients, as SSH has known hosts (`docs/format.md`, rule W2).
//!
//! Whoever may write to a repository may write its `.seal.yaml`, too, and become a reader of what
//! others seal next. So the rules are remembered when they are first followed, and what counts
//! afterwards is this: may anybody read the file who could not by the rules as they were last
//! confirmed, and does the scope reach no further? That also finds rules that were put in front of
//! others, taken away, or widened, and configurations that appear nearer to the file.

mod added;
mod comparison;
mod memory;
mod remembered;
mod store;

use std::path::PathBuf;

use jiff::Timestamp;

use super::{Matched, NamedRecipient, Offline, lookup};
use crate::ui;
pub(crate) use added::Added;
use added::{pinned_text, text};
use comparison::{compare, elsewhere, reach};
use memory::{Memory, Reader, RememberedRule};
pub(crate) use remembered::remembers;
use store::Store;
pub(crate) use store::StoreError;

/// Flags of the verbs that seal for what rules name.
#[derive(clap::Args, Debug, Default)]
pub(crate) struct KnownArgs {
    /// Recipients that rules may name, in a file that is only read: for CI
    #[arg(long, value_name = "FILE", conflicts_with = "accept_new_recipients")]
    known_recipients: Option<PathBuf>,

    /// Confirm the recipients that the rules name now and did not before
    #[arg(long)]
    accept_new_recipients: bool,
}

impl KnownArgs {
    pub(crate) fn accept(&self) -> bool {
        self.accept_new_recipients
    }
}

/// What is remembered of a rule's recipients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// All of them could read the file by the rules as they were.
    All,
    /// Nothing is remembered of configurations for the file.
    First,
    /// These are new.
    Grown(Vec<Added>),
}

/// Why nothing may be sealed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KnownError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Grown(String),
    #[error(
        "{} names no recipients for {file}; add them to it, or seal with others",
        .pinned.display()
    )]
    NotPinned { pinned: PathBuf, file: String },
}

/// Whether all recipients of a rule are known; nothing is written. `to` has what their wraps say,
/// one for each of `matched.recipients`, `None` where nobody was asked.
pub(crate) fn check(
    matched: &Matched,
    to: &[Option<String>],
    args: &KnownArgs,
) -> Result<Known, KnownError> {
    let memory = Store::of(args.known_recipients.as_deref())?.read()?;
    Ok(compare(&memory, matched, &readers(matched, to)))
}

/// The same before sealing: remembers what is new to this machine, and stops where somebody who
/// could not read before could read now, unless that is confirmed. `to` is as for [`check`]; whoever
/// seals has asked.
pub(crate) fn confirm(
    matched: &Matched,
    to: &[Option<String>],
    args: &KnownArgs,
) -> Result<(), KnownError> {
    let store = Store::of(args.known_recipients.as_deref())?;
    let readers = readers(matched, to);
    if let Some(pinned) = &args.known_recipients {
        return match compare(&store.read()?, matched, &readers) {
            Known::All => Ok(()),
            Known::First => Err(KnownError::NotPinned {
                pinned: pinned.clone(),
                file: lookup::shown(&matched.origin.file),
            }),
            Known::Grown(added) => Err(KnownError::Grown(pinned_text(matched, &added, pinned))),
        };
    }
    store.change(|memory| {
        remember(
            memory,
            matched,
            &readers,
            args.accept_new_recipients,
            &store,
        )
    })
}

fn remember(
    memory: &mut Memory,
    matched: &Matched,
    readers: &[Reader],
    accept: bool,
    store: &Store,
) -> Result<(), KnownError> {
    match compare(memory, matched, readers) {
        Known::All => settle(memory, matched, readers),
        Known::First => {
            let rules = snapshot(memory, matched, readers);
            memory.put(&matched.origin, rules);
            ui::hint(&format!(
                "first use of {}: its recipients are remembered in {}",
                lookup::shown(&matched.config),
                store.path().display()
            ));
        }
        Known::Grown(added) => {
            let rules = snapshot(memory, matched, readers);
            let others = elsewhere(memory, matched, &rules);
            if !accept {
                return Err(KnownError::Grown(text(matched, &added, &others)));
            }
            memory.put(&matched.origin, rules);
            for added in added.iter().chain(&others) {
                ui::hint(&format!("confirmed: {added}"));
            }
        }
    }
    Ok(())
}

/// Whoever is no longer named would be new again, and whoever was asked for the first time is who
/// he said. No other rule changes: it was not looked at.
fn settle(memory: &mut Memory, matched: &Matched, readers: &[Reader]) {
    let mut rules = matched.origin.configuration.rules.iter();
    let Some(rule) = rules.find(|rule| rule.line == matched.line) else {
        return;
    };
    let Some(known) = memory.rule_mut(&matched.origin, &rule.pattern) else {
        return;
    };
    let before = &known.recipients;
    if readers
        .iter()
        .all(|now| before.iter().any(|before| before.is(now)))
    {
        let readers = readers.iter().map(|now| now.clone().or_as(before));
        known.recipients = readers.collect();
    }
    let scope = matched.scope.unwrap_or_default();
    if reach(scope) < reach(known.scope()) {
        known.set_scope(scope);
    }
}

/// All rules as they are now.
fn snapshot(memory: &Memory, matched: &Matched, readers: &[Reader]) -> Vec<RememberedRule> {
    let known = memory.remembered(&matched.origin);
    let rules = matched.origin.configuration.rules.iter();
    rules
        .map(|rule| {
            let before = known.and_then(|known| known.rule(&rule.pattern));
            let before = before.map_or(&[][..], |before| &before.recipients);
            let now: Vec<Reader> = if rule.line == matched.line {
                readers.to_vec()
            } else {
                let recipients = rule.recipients.iter();
                recipients
                    .map(|recipient| reader(matched, recipient, offline(recipient)))
                    .collect()
            };
            let recipients = now.into_iter().map(|now| now.or_as(before));
            RememberedRule::new(&rule.pattern, rule.scope, recipients.collect())
        })
        .collect()
}

fn offline(recipient: &NamedRecipient) -> Option<String> {
    Offline::of(&recipient.source, Timestamp::now()).ok()?.to
}

fn readers(matched: &Matched, to: &[Option<String>]) -> Vec<Reader> {
    let to = to.iter().cloned().chain(std::iter::repeat(None));
    let recipients = matched.recipients.iter().zip(to);
    recipients
        .map(|(recipient, to)| reader(matched, recipient, to))
        .collect()
}

fn reader(matched: &Matched, recipient: &NamedRecipient, to: Option<String>) -> Reader {
    Reader {
        name: recipient.name.clone(),
        from: recipient.source.declared(matched.origin.territory.top()),
        to,
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::config::Found;

    const NAMES: &str = "recipients: {a: age1a, b: age1b, m: age1m}\nrules:\n";

    /// A repository, and what is remembered of it.
    struct Stage {
        folder: tempfile::TempDir,
        memory: Memory,
    }

    #[derive(Debug, PartialEq, Eq)]
    enum Outcome {
        Quiet,
        First,
        /// Stopped for these.
        Stopped(Vec<String>),
    }

    impl Stage {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            for path in [".git", "prod", "dev/x"] {
                fs::create_dir_all(folder.path().join(path)).unwrap();
            }
            let memory = Memory::default();
            Self { folder, memory }
        }

        /// Each rule is `path: names` or `path: names; scope`; no rules at all is no file.
        fn write(&self, config: &str, rules: &[&str]) {
            let path = self.folder.path().join(config);
            let mut text = NAMES.to_owned();
            for rule in rules {
                let (glob, names) = rule.split_once(": ").unwrap();
                let (names, scope) = names.split_once("; ").unwrap_or((names, "strict"));
                let _ = writeln!(
                    text,
                    "- {{path: \"{glob}\", recipients: [{names}], scope: {scope}}}"
                );
            }
            if rules.is_empty() {
                fs::remove_file(path).unwrap();
            } else {
                fs::write(path, text).unwrap();
            }
        }

        fn matched(&self, file: &str) -> Matched {
            let file = self.folder.path().join(file);
            let found = Found::look(&file, None).unwrap();
            found.matched().unwrap().unwrap()
        }

        fn seal(&mut self, file: &str, accept: bool) -> Outcome {
            let matched = self.matched(file);
            let to: Vec<_> = matched.recipients.iter().map(offline).collect();
            let readers = readers(&matched, &to);
            let store = Store::of(Some(Path::new("known.json"))).unwrap();
            let outcome = match compare(&self.memory, &matched, &readers) {
                Known::All => Outcome::Quiet,
                Known::First => Outcome::First,
                Known::Grown(added) => {
                    Outcome::Stopped(added.into_iter().map(|added| added.what).collect())
                }
            };
            let done = remember(&mut self.memory, &matched, &readers, accept, &store);
            let stopped = matches!(outcome, Outcome::Stopped(_)) && !accept;
            assert_eq!(done.is_err(), stopped, "{file}: {outcome:?}");
            outcome
        }
    }

    fn stopped(names: &[&str]) -> Outcome {
        Outcome::Stopped(names.iter().map(|name| (*name).to_owned()).collect())
    }

    /// What an attacker, or anybody, may do to the rules after they were first used.
    #[test]
    fn whoever_could_not_read_before_is_told() {
        let before = &["prod/**: a", "dev/**: a, b"];
        for (about, config, rules, file, expected) in [
            (
                "nothing",
                ".seal.yaml",
                &before[..],
                "prod/f",
                Outcome::Quiet,
            ),
            (
                "another rule's first use",
                ".seal.yaml",
                before,
                "dev/f",
                Outcome::Quiet,
            ),
            (
                "a name more",
                ".seal.yaml",
                &["prod/**: a, m"],
                "prod/f",
                stopped(&["m"]),
            ),
            (
                "a name less",
                ".seal.yaml",
                &["dev/**: a"],
                "dev/f",
                Outcome::Quiet,
            ),
            (
                "a rule in front",
                ".seal.yaml",
                &["prod/f: m", "prod/**: a"],
                "prod/f",
                stopped(&["m"]),
            ),
            (
                "a rule taken away",
                ".seal.yaml",
                &["**: a, b"],
                "prod/f",
                stopped(&["b"]),
            ),
            (
                "rules in another order",
                ".seal.yaml",
                &["**: b", "prod/**: a"],
                "prod/f",
                stopped(&["b"]),
            ),
            (
                "another pattern, the same readers",
                ".seal.yaml",
                &["prod/*: a"],
                "prod/f",
                Outcome::Quiet,
            ),
            (
                "a path that had no rule",
                ".seal.yaml",
                &["**: a"],
                "f",
                stopped(&["a"]),
            ),
            (
                "a nearer configuration",
                "prod/.seal.yaml",
                &["**: m"],
                "prod/f",
                stopped(&["m"]),
            ),
            (
                "a nearer one that changes nothing",
                "prod/.seal.yaml",
                &["**: a"],
                "prod/f",
                Outcome::Quiet,
            ),
            (
                "a nearer one for other files",
                "dev/x/.seal.yaml",
                &["**: m"],
                "prod/f",
                Outcome::Quiet,
            ),
        ] {
            let mut stage = Stage::new();
            stage.write(".seal.yaml", before);
            assert_eq!(stage.seal("prod/f", false), Outcome::First, "{about}");
            stage.write(config, rules);
            assert_eq!(stage.seal(file, false), expected, "{about}");
            assert_eq!(stage.seal(file, false), expected, "{about}: it stays so");
            if expected != Outcome::Quiet {
                assert_eq!(stage.seal(file, true), expected, "{about}");
                assert_eq!(
                    stage.seal(file, false),
                    Outcome::Quiet,
                    "{about}: confirmed"
                );
            }
        }
    }

    #[test]
    fn a_configuration_that_is_gone_still_counts() {
        let mut stage = Stage::new();
        stage.write(".seal.yaml", &["**: a, b"]);
        stage.write("prod/.seal.yaml", &["**: a"]);
        assert_eq!(stage.seal("prod/f", false), Outcome::First);
        assert_eq!(stage.seal("dev/f", false), Outcome::First);
        stage.write("prod/.seal.yaml", &[]);
        assert_eq!(stage.seal("prod/f", false), stopped(&["b"]));
        assert_eq!(stage.seal("prod/f", true), stopped(&["b"]));
        assert_eq!(stage.seal("prod/f", false), Outcome::Quiet);
    }

    #[test]
    fn who_was_removed_is_new_when_he_comes_back() {
        let mut stage = Stage::new();
        for (rules, expected) in [
            (&["**: a, b"], Outcome::First),
            (&["**: a"], Outcome::Quiet),
            (&["**: a, b"], stopped(&["b"])),
            (&["**: a"], Outcome::Quiet),
        ] {
            stage.write(".seal.yaml", rules);
            assert_eq!(stage.seal("f", false), expected, "{rules:?}");
        }
    }

    #[test]
    fn a_scope_that_was_narrowed_is_new_when_it_is_widened() {
        let mut stage = Stage::new();
        for (rules, expected) in [
            (&["**: a; cluster-wide"], Outcome::First),
            (&["**: a; namespace-wide"], Outcome::Quiet),
            (
                &["**: a; cluster-wide"],
                stopped(&["scope cluster-wide, which was namespace-wide"]),
            ),
        ] {
            stage.write(".seal.yaml", rules);
            assert_eq!(stage.seal("f", false), expected, "{rules:?}");
        }
    }

    /// Sealing one file must not confirm what the rules for another now say.
    #[test]
    fn only_what_was_shown_is_confirmed() {
        let mut stage = Stage::new();
        stage.write(".seal.yaml", &["prod/**: a", "dev/**: a"]);
        assert_eq!(stage.seal("prod/f", false), Outcome::First);
        stage.write(".seal.yaml", &["prod/**: a, m", "dev/**: a"]);
        assert_eq!(stage.seal("dev/f", false), Outcome::Quiet);
        assert_eq!(stage.seal("prod/f", false), stopped(&["m"]));
        stage.write(".seal.yaml", &["prod/**: a, m", "dev/**: a, b"]);
        let matched = stage.matched("dev/f");
        let now = readers(
            &matched,
            &[Some("age1a".to_owned()), Some("age1b".to_owned())],
        );
        let rules = snapshot(&stage.memory, &matched, &now);
        let others = elsewhere(&stage.memory, &matched, &rules);
        let shown: Vec<_> = others.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["m (line 3, prod/**): age1m"]);
        let Known::Grown(added) = compare(&stage.memory, &matched, &now) else {
            panic!("b is new");
        };
        let folder = stage.folder.path().canonicalize().unwrap();
        let text = text(&matched, &added, &others).replace(folder.to_str().unwrap(), "");
        assert_eq!(
            text,
            "/.seal.yaml has more readers for /dev/f, or a wider scope, than its rules had when you last used them:\n  \
             b (line 4, dev/**): age1b\n\
             find out who changed it (git log -p -- /.seal.yaml), then confirm with \
             --accept-new-recipients, which confirms these, too:\n  \
             m (line 3, prod/**): age1m"
        );
    }

    /// The name and the place stay, the key is another one.
    #[test]
    fn a_changed_key_is_a_new_reader() {
        let mut stage = Stage::new();
        stage.write(".seal.yaml", &["**: a"]);
        let matched = stage.matched("f");
        let store = Store::of(Some(Path::new("known.json"))).unwrap();
        for (to, expected) in [
            (None, Known::First),
            (Some("rsa:1"), Known::All),
            (None, Known::All),
            (Some("rsa:1"), Known::All),
        ] {
            let now = readers(&matched, &[to.map(str::to_owned)]);
            assert_eq!(compare(&stage.memory, &matched, &now), expected, "{to:?}");
            remember(&mut stage.memory, &matched, &now, false, &store).unwrap();
        }
        let now = readers(&matched, &[Some("rsa:2".to_owned())]);
        let found = compare(&stage.memory, &matched, &now);
        assert!(matches!(found, Known::Grown(_)), "{found:?}");
    }
}
