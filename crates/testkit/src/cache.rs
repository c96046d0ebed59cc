//! The cache folder: what is built once per machine.
//!
//! `$XDG_CACHE_HOME/seal` (else `$HOME/.cache/seal`), one folder per thing and key. A folder
//! appears under its final name only when it is complete: builds happen in a staging folder that
//! is renamed at the end, under a lock that keeps two processes from building at once. What a
//! killed build leaves behind is thrown away by the next one.

use std::fmt::Write as _;
use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// How the names of folders begin that are not complete.
const UNFINISHED: &str = ".unfinished-";

/// The folder that everything below is kept in.
///
/// # Errors
/// When neither `XDG_CACHE_HOME` nor `HOME` names an absolute folder.
pub fn root() -> Result<PathBuf> {
    let absolute = |variable: &str| {
        std::env::var_os(variable)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
        .map(|cache| cache.join("seal"))
        .context("no cache folder: set XDG_CACHE_HOME or HOME to an absolute path")
}

/// The complete folder `root/name/key`, made by `build` if it is not there yet.
///
/// `build` fills the (empty) staging folder that it is given.
///
/// # Errors
/// When the folder cannot be made, or with the error of `build`; nothing is kept then.
pub fn build_once(
    root: &Path,
    name: &str,
    key: &str,
    build: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let home = root.join(name);
    let complete = home.join(key);
    if complete.is_dir() {
        return Ok(complete);
    }
    fs::create_dir_all(&home).with_context(|| format!("could not make {}", home.display()))?;
    let _lock = lock(&home.join("lock"), name)?;
    if complete.is_dir() {
        return Ok(complete);
    }
    throw_away_unfinished(&home)?;
    // Under a name of its own: the children of a killed build may still write to theirs.
    let staging = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .tempdir_in(&home)?;
    build(staging.path())?;
    fs::rename(staging.path(), &complete).with_context(|| {
        format!(
            "could not move the finished build to {}",
            complete.display()
        )
    })?;
    // Under that name there is nothing to remove any more.
    let _ = staging.keep();
    Ok(complete)
}

fn throw_away_unfinished(home: &Path) -> Result<()> {
    for entry in fs::read_dir(home)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            // If someone still writes to it, the next build tries again.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    Ok(())
}

/// A folder name that changes when any of the texts does.
pub(crate) fn key<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update(text.len().to_le_bytes());
        hash.update(text);
    }
    let digest = hash.finalize();
    digest.iter().take(8).fold(String::new(), |mut key, byte| {
        // A String takes any text.
        let _ = write!(key, "{byte:02x}");
        key
    })
}

/// Held until dropped, also when the process is killed.
fn lock(path: &Path, name: &str) -> Result<File> {
    let file = File::create(path).with_context(|| format!("could not open {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            // Not captured by the test harness: the wait may be long.
            let _ = writeln!(
                std::io::stderr(),
                "waiting for another process that builds {name}"
            );
            file.lock()?;
        }
        Err(TryLockError::Error(error)) => return Err(error.into()),
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn keys_tell_texts_and_their_borders_apart() {
        let keys = [&["ab", "c"][..], &["a", "bc"], &["abc"], &["abc", ""]];
        let keys: std::collections::BTreeSet<_> = keys
            .iter()
            .map(|texts| key(texts.iter().copied()))
            .collect();
        assert_eq!(keys.len(), 4);
    }

    #[test]
    fn builds_once_per_key() {
        let root = tempfile::tempdir().unwrap();
        let builds = AtomicUsize::new(0);
        let build = |key: &str| {
            build_once(root.path(), "thing", key, |folder| {
                builds.fetch_add(1, Ordering::Relaxed);
                Ok(fs::write(folder.join("file"), key)?)
            })
            .unwrap()
        };
        let folder = build("one");
        assert_eq!(build("one"), folder);
        assert_eq!(fs::read_to_string(folder.join("file")).unwrap(), "one");
        assert_ne!(build("two"), folder);
        assert_eq!(builds.into_inner(), 2);
    }

    #[test]
    fn threads_wait_for_the_one_that_builds() {
        let root = tempfile::tempdir().unwrap();
        let builds = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    build_once(root.path(), "thing", "key", |_| {
                        builds.fetch_add(1, Ordering::Relaxed);
                        Ok(())
                    })
                    .unwrap();
                });
            }
        });
        assert_eq!(builds.into_inner(), 1);
    }

    #[test]
    fn an_unfinished_build_is_not_taken_for_a_finished_one() {
        let root = tempfile::tempdir().unwrap();
        build_once(root.path(), "thing", "key", |folder| {
            fs::write(folder.join("half"), "")?;
            anyhow::bail!("broken off")
        })
        .unwrap_err();
        // What a killed one leaves behind, with children that may still write to it.
        let killed = root.path().join("thing/.unfinished-killed");
        fs::create_dir(&killed).unwrap();
        fs::write(killed.join("half"), "").unwrap();

        let folder = build_once(root.path(), "thing", "key", |folder| {
            assert_ne!(folder, killed);
            Ok(())
        });
        let folder = folder.unwrap();
        assert_eq!(fs::read_dir(folder).unwrap().count(), 0);
        let mut kept: Vec<_> = fs::read_dir(root.path().join("thing"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        kept.sort();
        assert_eq!(kept, ["key", "lock"]);
    }
}
