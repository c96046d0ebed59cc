//! Verbs that work on many files: found in folders, worked on by all processors, each replaced as
//! a whole or left as it was.
//!
//! One file that fails does not stop the others; the exit code tells of it. With more than one, the
//! files are renamed into place without waiting for the disk: the old version is in Git, and a
//! thousand waits are a coffee break (docs/reference/verbs.md).

mod search;

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use crate::error::CliError;
use crate::sealed_file::SealedFile;
use crate::{output, ui};

use search::in_folder;
pub(crate) use search::{Found, Search, found, is_manifest, walk};

/// Files that are reported one by one.
pub(crate) const ONE_BY_ONE: usize = 5;
/// Without this word there is no SealedSecret in a file.
const MARK: &[u8] = b"SealedSecret";

/// The files that a verb was given.
pub(crate) struct Batch {
    files: Vec<Found>,
}

/// What was done to a file.
#[derive(Debug, Default)]
pub(crate) struct Done {
    pub(crate) changed: bool,
    /// What people want to know of a few files.
    pub(crate) notes: Vec<String>,
    /// What they must know of each.
    pub(crate) warnings: Vec<String>,
}

/// What became of each file, in order.
pub(crate) type Results<R> = Vec<(PathBuf, Result<R, CliError>)>;

impl Batch {
    /// What is [`found`], to be changed in place.
    pub(crate) fn of(typed: &[PathBuf]) -> Result<Self, CliError> {
        if typed.iter().any(|path| path == Path::new("-")) {
            return Err(CliError::StdinInPlace);
        }
        let files = found(typed)?;
        Ok(Self { files })
    }

    /// Does something with each file; files of folders that hold no SealedSecret are passed over.
    pub(crate) fn each<R: Send>(
        &self,
        work: impl Fn(&SealedFile) -> Result<R, CliError> + Sync,
    ) -> Results<R> {
        let progress = Progress::new(self.files.len());
        let one = |found: &Found| {
            let result = read(found).and_then(|file| match file {
                Some(file) => work(&file).map(Some),
                None => Ok(None),
            });
            progress.step();
            (found.path.clone(), result)
        };
        let results: Vec<_> = match self.files.as_slice() {
            // One file is not worth a pool of threads.
            [only] => vec![one(only)],
            files => files.par_iter().map(one).collect(),
        };
        progress.clear();
        results
            .into_iter()
            .filter_map(|(path, result)| Some((path, result.transpose()?)))
            .collect()
    }

    /// Puts a new text in the place of a file, if it is still what was read.
    pub(crate) fn replace(&self, file: &SealedFile, text: &str) -> Result<bool, CliError> {
        if text == file.text {
            return Ok(false);
        }
        let durable = self.files.len() == 1;
        output::exchange(&file.path, file.text.as_bytes(), text.as_bytes(), durable)?;
        Ok(true)
    }
}

/// Does something with each file, one after the other; stdin is `None`. Files of folders that do not hold a
/// SealedSecret are passed over.
///
/// # Errors
/// Those of finding files; what becomes of one is in its result.
pub(crate) fn one_by_one<R>(
    typed: &[PathBuf],
    mut work: impl FnMut(Option<PathBuf>) -> Result<R, CliError>,
) -> Result<Results<R>, CliError> {
    let files = found(typed)?;
    let progress = Progress::new(files.len());
    let mut results = Vec::new();
    for found in files {
        let path = found.path.clone();
        let is_stdin = path == Path::new("-");
        let result = match (is_stdin, found.named) {
            (true, _) => Some(work(None)),
            (false, true) => Some(work(Some(path.clone()))),
            // What is wrong with it is for the work to say.
            (false, false) => match read(&found) {
                Ok(None) => None,
                _ => Some(work(Some(path.clone()))),
            },
        };
        progress.step();
        results.extend(result.map(|result| (path, result)));
    }
    progress.clear();
    Ok(results)
}

/// Files that a verb tells about, which changes none.
pub(crate) struct Looked {
    pub(crate) files: Vec<SealedFile>,
    failures: Vec<CliError>,
}

impl Looked {
    /// Files as they were typed, stdin among them, and those of folders.
    ///
    /// # Errors
    /// Those of a file that was typed; what is wrong with one of a folder is for [`Looked::end`].
    pub(crate) fn at(typed: &[PathBuf]) -> Result<Self, CliError> {
        let mut looked = Self {
            files: Vec::new(),
            failures: Vec::new(),
        };
        for path in typed {
            if !path.is_dir() {
                looked.files.push(SealedFile::read(path)?);
                continue;
            }
            let found = in_folder(path)?;
            let before = looked.files.len() + looked.failures.len();
            for found in &found {
                match read(found) {
                    Ok(file) => looked.files.extend(file),
                    Err(failure) => looked.failures.push(failure),
                }
            }
            if looked.files.len() + looked.failures.len() == before {
                ui::hint(&format!("{}: no SealedSecrets", path.display()));
            }
        }
        Ok(looked)
    }

    /// After the others were told of.
    ///
    /// # Errors
    /// If a file of a folder could not be read.
    pub(crate) fn end(self) -> Result<(), CliError> {
        let failed = self.failures.len();
        let Some(code) = self.failures.first().map(CliError::exit_code) else {
            return Ok(());
        };
        for failure in self.failures {
            ui::error(&failure);
        }
        Err(CliError::SomeFailed {
            failed,
            total: self.files.len() + failed,
            code,
        })
    }
}

/// `None` for what a folder holds besides SealedSecrets.
fn read(found: &Found) -> Result<Option<SealedFile>, CliError> {
    if !found.named {
        let read = std::fs::read(&found.path).map_err(|reason| CliError::Input {
            from: found.path.display().to_string(),
            reason,
        })?;
        if !read.windows(MARK.len()).any(|window| window == MARK) {
            return Ok(None);
        }
    }
    match SealedFile::read_to_edit(&found.path) {
        Err(CliError::NoSealedSecrets(_)) if !found.named => Ok(None),
        read => read.map(Some),
    }
}

/// Tells what was done; an error if any file failed.
pub(crate) fn report(verb: &str, results: Results<Done>) -> Result<(), CliError> {
    let Some(End {
        changed,
        unchanged,
        failed,
        code,
    }) = tell(results)?
    else {
        return Ok(());
    };
    ui::hint(&format!(
        "{verb}: {changed} files changed, {unchanged} unchanged, {failed} failed"
    ));
    let total = changed + unchanged + failed;
    let failed = |code| CliError::SomeFailed {
        failed,
        total,
        code,
    };
    code.map_or(Ok(()), |code| Err(failed(code)))
}

/// The same for a verb that changes nothing: what is so of files that did not fail.
pub(crate) fn report_read(
    verb: &str,
    well: &'static str,
    results: Results<Done>,
) -> Result<(), CliError> {
    let Some(end) = tell(results)? else {
        return Ok(());
    };
    let (good, failed) = (end.unchanged, end.failed);
    ui::hint(&format!("{verb}: {good} files {well}, {failed} failed"));
    let total = good + failed;
    let failed = |code| CliError::SomeFailedTo {
        failed,
        total,
        well,
        code,
    };
    end.code.map_or(Ok(()), |code| Err(failed(code)))
}

/// How several files came out.
struct End {
    changed: usize,
    unchanged: usize,
    failed: usize,
    /// The exit code of the first that failed.
    code: Option<u8>,
}

/// Tells of each file; `None` for a single one, of which there is nothing to sum up.
///
/// # Errors
/// That of a single file.
fn tell(results: Results<Done>) -> Result<Option<End>, CliError> {
    let total = results.len();
    let changed = results
        .iter()
        .filter(|(_, result)| matches!(result, Ok(done) if done.changed))
        .count();
    let mut failures = Vec::new();
    for (path, result) in results {
        let from = path.display();
        match result {
            Ok(done) => {
                for warning in done.warnings {
                    ui::warn(&format!("{from}: {warning}"));
                }
                for note in done.notes.iter().filter(|_| total <= ONE_BY_ONE) {
                    ui::hint(&format!("{from}: {note}"));
                }
            }
            Err(error) => failures.push(error),
        }
    }
    if total == 1 {
        return failures.pop().map_or(Ok(None), Err);
    }
    let failed = failures.len();
    let code = failures.first().map(CliError::exit_code);
    for error in failures {
        ui::error(&error);
    }
    Ok(Some(End {
        changed,
        unchanged: total - changed - failed,
        failed,
        code,
    }))
}

/// A counter, for people who wait.
pub(crate) struct Progress {
    total: usize,
    done: AtomicUsize,
    shown: bool,
}

impl Progress {
    pub(crate) fn new(total: usize) -> Self {
        Self {
            total,
            done: AtomicUsize::new(0),
            shown: total > ONE_BY_ONE && std::io::stderr().is_terminal(),
        }
    }

    pub(crate) fn step(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if self.shown && done.is_multiple_of(16) {
            let _ = write!(std::io::stderr().lock(), "\r{done}/{}", self.total);
        }
    }

    pub(crate) fn clear(&self) {
        if self.shown {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[K");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const SEALED: &str = "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata:\n  name: a\nspec:\n  encryptedData: {}\n";

    #[test]
    fn folders_are_searched_and_one_fault_stops_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("a/one.yaml", SEALED);
        write("a/two.YML", SEALED);
        write("a/three.json", &SEALED.replace("SealedSecret", "Secret"));
        write("a/four.txt", SEALED);
        write("a/five.yaml", "{{ a template }}");
        write(
            "a/six.yaml",
            &format!("{SEALED}{{{{ for SealedSecrets }}}}"),
        );
        write(".gitignore", "ignored\n");
        write("ignored/one.yaml", SEALED);
        write(".ignore", "one.yaml\n");
        write(".hidden/seven.yaml", SEALED);
        write(".git/eight.yaml", SEALED);
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("x.yaml"), SEALED).unwrap();
        std::os::unix::fs::symlink(outside.path(), folder.path().join("link")).unwrap();
        let typed = [folder.path().to_owned(), folder.path().join("a/one.yaml")];
        let batch = Batch::of(&typed).unwrap();
        let results = batch.each(|file| Ok(file.sealed.len()));
        let found: Vec<_> = results
            .iter()
            .map(|(path, result)| (path.file_name().unwrap().to_str().unwrap(), result.is_ok()))
            .collect();
        assert_eq!(
            found,
            [
                ("seven.yaml", true),
                ("one.yaml", true),
                ("six.yaml", false),
                ("two.YML", true)
            ]
        );
        let results = batch.each(|file| {
            Ok(Done {
                changed: batch.replace(file, &file.text.replace("name: a", "name: b"))?,
                ..Done::default()
            })
        });
        let error = report("change", results).unwrap_err();
        assert_eq!(error.exit_code(), crate::exit::FAILED);
        let text = fs::read_to_string(folder.path().join("a/two.YML")).unwrap();
        assert!(text.contains("name: b"), "{text}");
        assert!(Batch::of(&[PathBuf::from("-")]).is_err());
    }
}
