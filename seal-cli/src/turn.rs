//! Whose turn it is to replace a file. Without it two that edit at once would both find the file as
//! they read it, both write, and the first one's work would be gone.

use std::fs::File;
use std::io;
use std::path::Path;

/// Held from the last look at a file to its replacement; ends when dropped. Only programs that ask
/// for it keep to it.
pub(crate) struct Turn(
    #[allow(dead_code, reason = "the lock lives as long as the file")] Option<File>,
);

impl Turn {
    /// The turn at a file, unless somebody else has it. Where files cannot be locked it is given to
    /// everybody.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if somebody else has it; those of opening the file.
    #[cfg(unix)]
    pub(crate) fn take(path: &Path) -> io::Result<Self> {
        use std::fs::TryLockError;
        use std::os::unix::fs::MetadataExt as _;

        let taken = || io::Error::from(io::ErrorKind::WouldBlock);
        let file = File::open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(taken()),
            // Some network file systems have no locks.
            Err(TryLockError::Error(_)) => return Ok(Self(None)),
        }
        // The lock is on the file, not on its name: what was replaced meanwhile is nobody's turn.
        let (locked, named) = (file.metadata()?, std::fs::metadata(path)?);
        if (locked.dev(), locked.ino()) != (named.dev(), named.ino()) {
            return Err(taken());
        }
        Ok(Self(Some(file)))
    }

    /// Locks of other systems would keep us, too, from reading the file.
    #[cfg(not(unix))]
    pub(crate) fn take(_: &Path) -> io::Result<Self> {
        Ok(Self(None))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_and_the_next_when_it_is_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.yaml");
        std::fs::write(&path, "one").unwrap();
        let first = Turn::take(&path).unwrap();
        let second = Turn::take(&path).map(|_| ()).unwrap_err();
        assert_eq!(second.kind(), io::ErrorKind::WouldBlock);
        let link = folder.path().join("link.yaml");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(Turn::take(&link).is_err(), "the file counts, not its name");
        drop(first);
        assert!(Turn::take(&path).is_ok());
    }
}
