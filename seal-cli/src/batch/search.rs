//! Which files a verb works on: those that were typed, and manifests in folders that were.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use crate::error::CliError;

/// A file that was typed, or is in a folder that was.
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    /// Typed, not found in a folder.
    pub(crate) named: bool,
}

/// Which files of a folder count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Search {
    /// Not those that .gitignore leaves out.
    Kept,
    /// All: plain Secrets are what .gitignore is written for.
    All,
}

/// What a folder holds, in the order of the paths.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    /// Files that may hold manifests, by their names.
    pub(crate) files: Vec<PathBuf>,
    /// Links that may lead to some; they are not followed.
    pub(crate) links: Vec<PathBuf>,
    /// Folders below that cannot be looked into. Who reads them as files gets the reason, and goes on with the others.
    pub(crate) closed: Vec<PathBuf>,
}

/// Files as they were typed, and in folders every `.yaml`, `.yml` and `.json` file that .gitignore
/// does not leave out, each once. Links in folders are not followed.
pub(crate) fn found(typed: &[PathBuf]) -> Result<Vec<Found>, CliError> {
    let mut files = Vec::new();
    let mut known = BTreeSet::new();
    for path in typed {
        if path.is_dir() {
            files.extend(in_folder(path)?);
        } else {
            let path = path.clone();
            files.push(Found { path, named: true });
        }
    }
    // The same file by two names would be changed twice at once.
    files.retain(|found| {
        let real = found.path.canonicalize();
        known.insert(real.unwrap_or_else(|_| found.path.clone()))
    });
    Ok(files)
}

pub(super) fn in_folder(folder: &Path) -> Result<Vec<Found>, CliError> {
    let mut walked = walk(folder, Search::Kept)?;
    walked.files.append(&mut walked.closed);
    walked.files.sort();
    let named = false;
    let files = walked.files.into_iter();
    Ok(files.map(|path| Found { path, named }).collect())
}

/// Every `.yaml`, `.yml` and `.json` file of a folder and those below, hidden ones too.
///
/// # Errors
/// [`CliError::Folder`] of the folder itself.
pub(crate) fn walk(folder: &Path, search: Search) -> Result<Walked, CliError> {
    let failed = |error: ignore::Error| CliError::Folder {
        folder: folder.to_owned(),
        reason: error.to_string(),
    };
    let by_git = search == Search::Kept;
    let mut builder = WalkBuilder::new(folder);
    // A file that is passed over keeps its readers: only what Git leaves out, too, is.
    builder
        .sort_by_file_path(Ord::cmp)
        .require_git(false)
        .ignore(false)
        .git_ignore(by_git)
        .git_global(by_git)
        .git_exclude(by_git)
        .parents(by_git)
        .hidden(false)
        .filter_entry(|entry| entry.file_name() != ".git");
    let mut walked = Walked::default();
    for entry in builder.build() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let below = closed(&error).filter(|path| *path != folder);
                walked
                    .closed
                    .push(below.ok_or_else(|| failed(error.clone()))?.to_owned());
                continue;
            }
        };
        let Some(kind) = entry.file_type() else {
            continue;
        };
        let is_manifest = is_manifest(entry.path());
        let is_below = entry.depth() > 0;
        if kind.is_file() && is_manifest {
            walked.files.push(entry.into_path());
        } else if kind.is_symlink() && is_below && (is_manifest || entry.path().is_dir()) {
            walked.links.push(entry.into_path());
        }
    }
    Ok(walked)
}

/// What of a folder cannot be looked at.
fn closed(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            closed(err)
        }
        _ => None,
    }
}

/// By its name, in capitals or small letters.
pub(crate) fn is_manifest(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    let known = ["yaml", "yml", "json"];
    extension.is_some_and(|it| known.iter().any(|known| it.eq_ignore_ascii_case(known)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For whom this runs no folder may be closed.
    #[test]
    fn a_folder_that_cannot_be_read_is_known() {
        let denied = || ignore::Error::Io(std::io::ErrorKind::PermissionDenied.into());
        let of = |path: &str| ignore::Error::WithDepth {
            depth: 1,
            err: Box::new(ignore::Error::WithPath {
                path: path.into(),
                err: Box::new(denied()),
            }),
        };
        assert_eq!(closed(&of("a/b")), Some(Path::new("a/b")));
        assert_eq!(closed(&denied()), None);
    }
}
