//! Files whose objects were moved since the user last sealed into them: whoever may write the file
//! chooses where, so nothing is sealed before the user names the place (`docs/format.md`, rule W2).

use std::fmt;
use std::path::PathBuf;

use seal_format::Scope;

use super::memory::Memory;
use super::places::{self, Place, Said};
use super::store::Store;
use super::{KnownArgs, KnownError, Matched};
use crate::batch::ONE_BY_ONE;
use crate::config::lookup;
use crate::title::Title;
use crate::ui;

/// Only the file says that its object is where it is.
#[derive(Debug)]
pub(crate) struct Moved {
    /// As messages show it.
    file: String,
    title: Title,
    /// Where its objects are known to be; none only with `pinned`.
    before: Vec<Place>,
    /// The file that CI has instead of a memory.
    pinned: Option<PathBuf>,
    /// What would confirm it.
    flags: String,
}

/// Whether objects are where they were when something was last sealed into their file; nothing is written.
/// What the file says counts only when nothing else does: on first use.
///
/// # Errors
/// [`KnownError::Moved`], [`KnownError::Store`].
pub(crate) fn check_places(
    matched: &Matched,
    titles: &[(&Title, Said)],
    args: &KnownArgs,
) -> Result<(), KnownError> {
    let before = places(matched, args)?;
    for (title, said) in titles {
        check_place(matched, title, *said, &before, args)?;
    }
    Ok(())
}

fn check_place(
    matched: &Matched,
    title: &Title,
    said: Said,
    before: &[Place],
    args: &KnownArgs,
) -> Result<(), KnownError> {
    let known = if before.is_empty() {
        args.known_recipients.is_none() || said.namespace || title.scope == Scope::ClusterWide
    } else {
        places::is_known(before, title, said)
    };
    if known {
        return Ok(());
    }
    Err(KnownError::Moved(Box::new(Moved {
        file: lookup::shown(&matched.origin.file),
        title: title.clone(),
        flags: places::flags(before, title, said),
        before: before.to_vec(),
        pinned: args.known_recipients.clone(),
    })))
}

/// Remembers where objects are into which something is sealed, and on first use of their file where the
/// others are, `present`.
///
/// # Errors
/// [`KnownError::Store`].
pub(crate) fn remember_places(
    matched: &Matched,
    titles: &[Title],
    present: &[Title],
    args: &KnownArgs,
) -> Result<(), KnownError> {
    let after = |before: &[Place]| places::after(before, titles, present);
    change(matched, args, &shown(titles), after)
}

/// How messages call them.
fn shown(titles: &[Title]) -> String {
    match titles {
        [title] => title.to_string(),
        titles => format!("{} Secrets", titles.len()),
    }
}

/// Remembers where the objects of files are that are written whole: the user's own Secrets say so.
///
/// # Errors
/// [`KnownError::Store`].
pub(crate) fn remember_files(
    files: &[(&Matched, &[Title])],
    args: &KnownArgs,
) -> Result<(), KnownError> {
    // A pinned file is only read.
    if args.known_recipients.is_some() || files.is_empty() {
        return Ok(());
    }
    let store = Store::of(None)?;
    store.change(|memory| {
        let mut told = Vec::new();
        for (matched, titles) in files {
            let all = |_: &[Place]| places::all(titles);
            told.extend(put(memory, matched, &shown(titles), &store, all));
        }
        let count = told.len();
        for line in told.iter().filter(|_| count <= ONE_BY_ONE) {
            ui::hint(line);
        }
        if count > ONE_BY_ONE {
            ui::hint(&format!(
                "where the objects of {count} files are is remembered in {} now",
                store.path().display()
            ));
        }
        Ok(())
    })
}

/// Where the objects of a file are, as far as it is remembered.
///
/// # Errors
/// [`KnownError::Store`].
pub(crate) fn places(matched: &Matched, args: &KnownArgs) -> Result<Vec<Place>, KnownError> {
    let memory = Store::of(args.known_recipients.as_deref())?.read()?;
    Ok(memory.places(&matched.origin).to_vec())
}

fn change(
    matched: &Matched,
    args: &KnownArgs,
    shown: &str,
    after: impl FnOnce(&[Place]) -> Vec<Place>,
) -> Result<(), KnownError> {
    // Such a file is only read.
    if args.known_recipients.is_some() {
        return Ok(());
    }
    let store = Store::of(None)?;
    store.change(|memory| {
        if let Some(line) = put(memory, matched, shown, &store, after) {
            ui::hint(&line);
        }
        Ok(())
    })
}

/// Gives what to tell of it.
fn put(
    memory: &mut Memory,
    matched: &Matched,
    shown: &str,
    store: &Store,
    after: impl FnOnce(&[Place]) -> Vec<Place>,
) -> Option<String> {
    let before = memory.places(&matched.origin);
    let after = after(before);
    let file = lookup::shown(&matched.origin.file);
    let line = if before.is_empty() && !after.is_empty() {
        Some(format!(
            "first use of {file}: that it is {shown} is remembered in {}",
            store.path().display()
        ))
    } else if !after.iter().all(|place| before.contains(place)) {
        Some(format!("{file}: that it is {shown} is remembered now"))
    } else {
        None
    };
    if !after.is_empty() {
        memory.put_places(&matched.origin, after);
    }
    line
}

impl fmt::Display for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            title,
            before,
            pinned,
            flags,
        } = self;
        let before: Vec<_> = before.iter().map(Place::to_string).collect();
        let before = before.join(", ");
        let pinned = pinned.as_ref().map(|pinned| pinned.display());
        match pinned {
            None => write!(
                f,
                "{file}: {title} is not where it was when you last sealed into this file ({before}); \
                 find out who moved it (git log -p -- {file}), then confirm by naming where it is: {flags}"
            ),
            Some(pinned) if before.is_empty() => write!(
                f,
                "{file}: nothing but the file says that it is {title}; give its rule a namespace, write \
                 the place into {pinned}, or name it: {flags}"
            ),
            Some(pinned) => write!(
                f,
                "{file}: {title} is not where {pinned} has it ({before}); once that is confirmed, write \
                 the place into it, or name it: {flags}"
            ),
        }
    }
}

impl std::error::Error for Moved {}
