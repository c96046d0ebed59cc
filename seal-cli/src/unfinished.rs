//! A file that is written beside its place, and renamed to it when it is whole. What ends the program
//! early (Ctrl-C, `kill`) removes it: plaintext may stand in it. Only SIGKILL and a power cut leave one, `.seal-…`.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::NamedTempFile;

/// Those that are there now. Who holds the lock decides whether one is made, renamed or removed.
static UNFINISHED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Sealed values are no secret: as the umask has it.
    Anybody,
    Owner,
}

/// The file.
pub(crate) struct Unfinished(NamedTempFile);

impl Unfinished {
    /// Makes one in a folder.
    pub(crate) fn new(folder: &Path, readers: Readers) -> std::io::Result<Self> {
        #[cfg(unix)]
        watch();
        let mut builder = tempfile::Builder::new();
        builder.prefix(".seal-");
        #[cfg(unix)]
        if readers == Readers::Anybody {
            use std::os::unix::fs::PermissionsExt as _;
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        let mut unfinished = unfinished();
        let file = builder.tempfile_in(folder)?;
        unfinished.insert(file.path().to_owned());
        Ok(Self(file))
    }

    /// To write into.
    pub(crate) fn file(&mut self) -> &mut File {
        self.0.as_file_mut()
    }

    /// Renames it.
    pub(crate) fn finish(self, target: &Path) -> std::io::Result<()> {
        let mut unfinished = unfinished();
        unfinished.remove(self.0.path());
        let done = self.0.persist(target);
        done.map(drop).map_err(|error| error.error)
    }

    /// The same where nothing is yet.
    ///
    /// # Errors
    /// [`std::io::ErrorKind::AlreadyExists`] if something is there by now.
    pub(crate) fn finish_new(self, target: &Path) -> std::io::Result<()> {
        let mut unfinished = unfinished();
        unfinished.remove(self.0.path());
        let Err(error) = self.0.persist_noclobber(target) else {
            return Ok(());
        };
        // Some file systems have neither a rename that replaces nothing nor hard links.
        let cannot = matches!(
            error.error.kind(),
            ErrorKind::Unsupported | ErrorKind::PermissionDenied | ErrorKind::InvalidInput
        );
        if !cannot || target.symlink_metadata().is_ok() {
            return Err(error.error);
        }
        let done = error.file.persist(target);
        done.map(drop).map_err(|error| error.error)
    }
}

fn unfinished() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on signals that end the program first remove what is unfinished.
#[cfg(unix)]
fn watch() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;

    static WATCH: std::sync::Once = std::sync::Once::new();
    WATCH.call_once(|| {
        let ignored = ignored();
        let mut wanted = vec![SIGHUP, SIGINT, SIGTERM];
        wanted.retain(|signal| (ignored >> (signal - 1)) & 1 == 0);
        // Where this cannot be, files are written all the same.
        let Ok(mut signals) = Signals::new(wanted) else {
            return;
        };
        std::thread::spawn(move || {
            let Some(signal) = signals.forever().next() else {
                return;
            };
            // Held to the end: nobody makes or renames one any more.
            let unfinished = unfinished();
            for path in unfinished.iter() {
                let _ = std::fs::remove_file(path);
            }
            // The shell is to see which signal it was.
            let _ = emulate_default_handler(signal);
        });
    });
}

/// Signals that whoever started this program had it ignore, as `nohup` does: they stay so. A bit each, from the
/// first; where the system does not tell, none.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or_default()
}
