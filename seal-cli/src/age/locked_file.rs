//! Identity files under a passphrase, as `age -p` makes them.

use std::sync::Arc;

use age::secrecy::SecretString;
use seal_age::{FileError, open_file};

use super::ask::Ask;
use super::key_file::{Entry, Place, entries, passphrase_identity};
use super::lock::{Lock, LockFault};

/// An encrypted identity file; whose identities are inside is not known before it is open.
pub(super) struct LockedFile {
    bytes: Vec<u8>,
    place: Place,
    lock: Lock<Vec<Entry>>,
}

impl LockedFile {
    /// Whether a file is one, going by its first line.
    pub(super) fn is_one(file: &[u8]) -> bool {
        file.starts_with(b"age-encryption.org/")
            || file
                .trim_ascii_start()
                .starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----")
    }

    pub(super) fn new(bytes: Vec<u8>, place: Place) -> Self {
        Self {
            bytes,
            place,
            lock: Lock::new(),
        }
    }

    /// What messages call it.
    pub(super) fn from(&self) -> &str {
        &self.place.from
    }

    /// Its identities, if it was opened already.
    pub(super) fn opened(&self) -> Option<Arc<Vec<Entry>>> {
        self.lock.opened()
    }

    /// Its identities; asks for the passphrase the first time.
    pub(super) fn open(&self, ask: &dyn Ask) -> Result<Arc<Vec<Entry>>, LockFault> {
        let prompt = format!("passphrase for the age identities in {}", self.place.from);
        self.lock
            .open(ask, &prompt, |passphrase| self.read(passphrase, ask))
    }

    fn read(&self, passphrase: SecretString, ask: &dyn Ask) -> Result<Vec<Entry>, LockFault> {
        let identity = passphrase_identity(passphrase);
        let text = open_file(&[&identity], &self.bytes).map_err(|error| match error {
            FileError::NoMatch => LockFault::WrongPassphrase,
            FileError::ExcessiveWork => LockFault::Broken("asks for too much work per passphrase"),
            FileError::PostQuantum => LockFault::Broken("is not locked with a passphrase"),
            _ => LockFault::Broken("is a damaged age file"),
        })?;
        let text = std::str::from_utf8(&text)
            .map_err(|_| LockFault::Broken("holds no age identities: not UTF-8"))?;
        let mut warnings = Vec::new();
        let entries = entries(text, &self.place, &mut warnings);
        for warning in warnings {
            ask.tell(&format!("warning: {warning}"));
        }
        if entries.is_empty() {
            return Err(LockFault::Broken("holds no age identities"));
        }
        Ok(entries)
    }
}
