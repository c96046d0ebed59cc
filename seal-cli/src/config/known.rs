//! Known recipients, as SSH has known hosts (`docs/format.md`, rule W2).
//!
//! Whoever may write to a repository may write its `.seal.yaml`, too, and become a reader of what
//! others seal next. So the rules are remembered when they are first followed, and what counts
//! afterwards is this: may anybody read the file who could not by the rules as they were last
//! confirmed, and does the scope reach no further? That also finds rules that were put in front of
//! others, taken away, or widened, and configurations that appear nearer to the file.
//!
//! The same goes for the file: where its objects are is remembered when something is first sealed into
//! it, and an object that was moved since is not sealed for before the user names the place.

mod added;
mod comparison;
mod memory;
mod moved;
mod places;
mod remembered;
mod store;

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{Matched, NamedRecipient, Offline, lookup};
use crate::ui;
pub(crate) use added::Added;
use added::{pinned_text, text};
use comparison::{compare, elsewhere, reach};
use memory::{Memory, Reader, RememberedRule};
pub(crate) use moved::{Moved, check_places, places, remember_files, remember_places};
pub(crate) use places::Said;
pub(crate) use remembered::remembers;
use store::Store;
pub(crate) use store::StoreError;

/// Flags of the verbs that seal for what rules name.
#[derive(clap::Args, Clone, Debug, Default)]
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

    /// The same without a confirmation.
    pub(crate) fn only_pinned(&self) -> Self {
        Self {
            known_recipients: self.known_recipients.clone(),
            accept_new_recipients: false,
        }
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
        "{} names no recipients for {file}; add them to it (a repository with a \"folder\" counts there alone), or seal with others",
        .pinned.display()
    )]
    NotPinned { pinned: PathBuf, file: String },
    #[error(transparent)]
    Moved(#[from] Box<Moved>),
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

/// Before anybody is asked: stops where a rule names places or keys that it did not name before, unless
/// they are confirmed. A URL of somebody else's choice must not be fetched; what it gives is checked by
/// [`confirm`].
///
/// # Errors
/// [`KnownError`].
pub(crate) fn admit(matched: &Matched, args: &KnownArgs) -> Result<(), KnownError> {
    if args.accept_new_recipients {
        return Ok(());
    }
    let to: Vec<_> = matched.recipients.iter().map(offline).collect();
    let memory = Store::of(args.known_recipients.as_deref())?.read()?;
    let pinned = args.known_recipients.as_deref();
    admitted(&memory, matched, &readers(matched, &to), pinned)
}

fn admitted(
    memory: &Memory,
    matched: &Matched,
    readers: &[Reader],
    pinned: Option<&Path>,
) -> Result<(), KnownError> {
    match (compare(memory, matched, readers), pinned) {
        (Known::All, _) | (Known::First, None) => Ok(()),
        (Known::First, Some(pinned)) => Err(KnownError::NotPinned {
            pinned: pinned.to_owned(),
            file: lookup::shown(&matched.origin.file),
        }),
        (Known::Grown(added), Some(pinned)) => {
            Err(KnownError::Grown(pinned_text(matched, &added, pinned)))
        }
        (Known::Grown(added), None) => {
            let rules = snapshot(memory, matched, readers);
            let others = elsewhere(memory, matched, &rules);
            Err(KnownError::Grown(text(matched, &added, &others)))
        }
    }
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
        return admitted(&store.read()?, matched, &readers, Some(pinned));
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

/// After a rule was followed that gave nobody anything to read: whoever it names no more would be new
/// again. What is not confirmed stays so, and a pinned file as it is.
///
/// # Errors
/// Those of the memory.
pub(crate) fn forget_others(
    matched: &Matched,
    to: &[Option<String>],
    args: &KnownArgs,
) -> Result<(), KnownError> {
    if args.known_recipients.is_some() {
        return Ok(());
    }
    let store = Store::of(None)?;
    let readers = readers(matched, to);
    let is_known = |memory: &Memory| compare(memory, matched, &readers) == Known::All;
    if !is_known(&store.read()?) {
        return Ok(());
    }
    store.change(|memory| {
        if is_known(memory) {
            settle(memory, matched, &readers);
        }
        Ok(())
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
            if !accept {
                return admitted(memory, matched, readers, None);
            }
            let rules = snapshot(memory, matched, readers);
            let others = elsewhere(memory, matched, &rules);
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
    let rules = &matched.origin.configuration.rules;
    let Some(rule) = rules.get(matched.index) else {
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
        .enumerate()
        .map(|(index, rule)| {
            let before = known.and_then(|known| known.rule(&rule.pattern));
            let before = before.map_or(&[][..], |before| &before.recipients);
            let now: Vec<Reader> = if index == matched.index {
                readers.to_vec()
            } else {
                let recipients = rule.recipients.iter();
                recipients
                    .map(|recipient| reader(matched, recipient, offline(recipient)))
                    .collect()
            };
            let recipients = now.into_iter().map(|now| now.or_as(before));
            RememberedRule::new(
                &rule.pattern,
                rule.scope,
                rule.target.clone(),
                recipients.collect(),
            )
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
mod tests;
