//! The file with what is remembered: the user's own, replaced whole, one program at a time.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::memory::Memory;
use crate::config::trust::User;

/// The variable with the path of the file.
const VARIABLE: &str = "SEAL_KNOWN_RECIPIENTS";
/// Below the folder for what programs remember.
const FILE: &str = "seal/known-recipients.json";
/// Thousands of repositories, in bytes.
const LIMIT: u64 = 16 * 1024 * 1024;

/// Where it is.
pub(crate) struct Store {
    path: PathBuf,
    /// Not ours to be created.
    pinned: bool,
}

/// Why it cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error(
        "no place to remember recipients: neither {VARIABLE} nor HOME is set; CI pins them with --known-recipients FILE"
    )]
    NoPlace,
    #[error("cannot read the known recipients in {}: {reason}", .path.display())]
    Read {
        path: PathBuf,
        reason: std::io::Error,
    },
    #[error("the known recipients in {} are not believed: {reason}", .path.display())]
    Untrusted { path: PathBuf, reason: String },
    #[error("the known recipients in {} are damaged: {reason}. Mend or remove the file; without it everything is new", .path.display())]
    Damaged { path: PathBuf, reason: String },
    #[error("cannot remember recipients in {}: {reason}. Set {VARIABLE} to a file that can be written, or pin them with --known-recipients FILE", .path.display())]
    Write {
        path: PathBuf,
        reason: std::io::Error,
    },
}

impl Store {
    /// The file that was pinned, or the user's own.
    pub(crate) fn of(pinned: Option<&Path>) -> Result<Self, StoreError> {
        if let Some(path) = pinned {
            return Ok(Self {
                path: path.to_owned(),
                pinned: true,
            });
        }
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let of_user = || {
            // A path that counts from the current folder is none, says the XDG specification.
            let state = set("XDG_STATE_HOME").map(PathBuf::from);
            let state = state.filter(|state| state.is_absolute());
            let home = || Some(std::env::home_dir()?.join(".local/state"));
            Some(state.or_else(home)?.join(FILE))
        };
        let path = set(VARIABLE).map(PathBuf::from).or_else(of_user);
        Ok(Self {
            path: path.ok_or(StoreError::NoPlace)?,
            pinned: false,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What is remembered; a file that is not there yet remembers nothing.
    pub(crate) fn read(&self) -> Result<Memory, StoreError> {
        let failed = |reason| StoreError::Read {
            path: self.path.clone(),
            reason,
        };
        let file = match File::open(&self.path) {
            Err(reason) if reason.kind() == std::io::ErrorKind::NotFound && !self.pinned => {
                return Ok(Memory::default());
            }
            file => file.map_err(failed)?,
        };
        let metadata = file.metadata().map_err(failed)?;
        let folder = self.path.parent().unwrap_or(Path::new("."));
        // What the user pins is the user's choice.
        if let Some(reason) = User::current()
            .doubts(&metadata, folder)
            .filter(|_| !self.pinned)
        {
            let path = self.path.clone();
            return Err(StoreError::Untrusted { path, reason });
        }
        let mut text = String::new();
        std::io::Read::read_to_string(&mut std::io::Read::take(file, LIMIT), &mut text)
            .map_err(failed)?;
        self.parse(&text)
    }

    fn parse(&self, text: &str) -> Result<Memory, StoreError> {
        let damaged = |reason: String| StoreError::Damaged {
            path: self.path.clone(),
            reason,
        };
        let memory: Memory =
            serde_json::from_str(text).map_err(|error| damaged(error.to_string()))?;
        if memory.is_sound() {
            return Ok(memory);
        }
        Err(damaged("a pattern cannot be read".to_owned()))
    }

    /// Reads, changes and writes, while no other program does.
    pub(crate) fn change<E: From<StoreError>>(
        &self,
        change: impl FnOnce(&mut Memory) -> Result<(), E>,
    ) -> Result<(), E> {
        let lock = self.lock().map_err(|reason| self.unwritten(reason))?;
        let before = self.read()?;
        let mut memory = before.clone();
        change(&mut memory)?;
        if memory != before {
            self.replace(&memory)
                .map_err(|reason| self.unwritten(reason))?;
        }
        drop(lock);
        Ok(())
    }

    fn unwritten(&self, reason: std::io::Error) -> StoreError {
        StoreError::Write {
            path: self.path.clone(),
            reason,
        }
    }

    /// The file itself is replaced, so a lock on it would be a lock on the one before.
    fn lock(&self) -> std::io::Result<File> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(self.folder())?;
        let mut name = self.path.clone().into_os_string();
        name.push(".lock");
        let mut options = File::options();
        options.create(true).write(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let lock = options.open(name)?;
        lock.lock()?;
        Ok(lock)
    }

    fn replace(&self, memory: &Memory) -> std::io::Result<()> {
        let mut text = serde_json::to_vec_pretty(memory)?;
        text.push(b'\n');
        // Temporary files are the user's alone (0600).
        let mut file = tempfile::Builder::new()
            .prefix(".known-recipients-")
            .tempfile_in(self.folder())?;
        file.write_all(&text)?;
        file.as_file().sync_all()?;
        file.persist(&self.path).map_err(|error| error.error)?;
        Ok(())
    }

    fn folder(&self) -> &Path {
        let folder = self.path.parent();
        let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
        folder.unwrap_or(Path::new("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(folder: &Path) -> Store {
        Store {
            path: folder.join("state/seal/known.json"),
            pinned: false,
        }
    }

    /// The text of a memory with one repository for each number.
    fn memory(numbers: &[usize]) -> Memory {
        let repositories: Vec<_> = numbers
            .iter()
            .map(|number| format!(r#"{{"folder":"/{number}","configurations":[]}}"#))
            .collect();
        let text = format!(r#"{{"repositories":[{}]}}"#, repositories.join(","));
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn the_file_is_the_users_alone_and_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        assert!(store.read().unwrap() == Memory::default(), "nothing yet");
        for numbers in [&[1][..], &[1, 2]] {
            let written: Result<(), StoreError> = store.change(|known| {
                *known = memory(numbers);
                Ok(())
            });
            written.unwrap();
            assert_eq!(store.read().unwrap(), memory(numbers));
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(store.path()), 0o600);
            assert_eq!(mode(store.folder()), 0o700);
        }
        let names = fs::read_dir(store.folder()).unwrap().count();
        assert_eq!(names, 2, "the file and its lock");
    }

    #[test]
    fn what_fails_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        let stopped = store.change(|known| {
            *known = memory(&[1]);
            Err(StoreError::NoPlace)
        });
        assert!(matches!(stopped, Err(StoreError::NoPlace)));
        assert!(!store.path().exists());
    }

    #[test]
    fn programs_that_run_at_once_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let count = 24;
        std::thread::scope(|scope| {
            for _ in 0..count {
                scope.spawn(|| {
                    let written: Result<(), StoreError> = store(folder.path()).change(|known| {
                        let before = serde_json::to_string(known).unwrap();
                        let numbers: Vec<_> = (0..=before.matches("folder").count()).collect();
                        *known = memory(&numbers);
                        Ok(())
                    });
                    written.unwrap();
                });
            }
        });
        let known = store(folder.path()).read().unwrap();
        assert_eq!(known, memory(&(0..count).collect::<Vec<_>>()));
    }

    #[test]
    fn a_damaged_file_is_never_taken_for_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        fs::create_dir_all(store.folder()).unwrap();
        let rule = |pattern: &str| {
            format!(
                r#"{{"repositories":[{{"configurations":[{{"path":"a","rules":[{{{pattern}"recipients":[]}}]}}]}}]}}"#
            )
        };
        for (text, sound) in [
            ("", false),
            ("{}", false),
            (r#"{"repositories":[],"more":1}"#, false),
            (&rule(r#""glob":"a[","#), false),
            (&rule(r#""glob":"a","regex":"a","#), false),
            (&rule(r#""glob":"a","#), true),
            (&rule(""), true),
        ] {
            fs::write(store.path(), text).unwrap();
            assert_eq!(store.read().is_ok(), sound, "{text}");
            let changed: Result<(), StoreError> = store.change(|_| Ok(()));
            assert_eq!(changed.is_ok(), sound, "{text}");
            assert_eq!(fs::read_to_string(store.path()).unwrap(), text);
        }
    }
}
