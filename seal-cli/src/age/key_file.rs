//! Files that people keep age identities in.

use age::secrecy::SecretString;
use seal_age::{AgeIdentity, AgeIdentityError};
use zeroize::Zeroizing;

use super::locked_file::LockedFile;
use super::ssh_key::SshKey;
use super::warning::Warning;

/// One identity of a file.
pub(super) enum Entry {
    Native { name: String, key: AgeIdentity },
    Plugin(age::plugin::Identity),
}

/// What a file is.
pub(super) enum KeyFile {
    Entries(Vec<Entry>),
    Ssh(SshKey),
    Locked(LockedFile),
}

/// A place that keys come from, as messages call it.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) from: String,
    /// Whether someone named it.
    pub(super) named: bool,
}

impl Place {
    pub(super) fn warning(&self, reason: &impl ToString) -> Warning {
        Warning {
            from: self.from.clone(),
            line: None,
            reason: reason.to_string(),
            named: self.named,
        }
    }
}

impl KeyFile {
    /// Tells what the file is, and reads it; nothing is asked. Lines that cannot be used are
    /// warned of by name and number, and the others used.
    pub(super) fn read(
        bytes: &Zeroizing<Vec<u8>>,
        place: &Place,
        warnings: &mut Vec<Warning>,
    ) -> Option<Self> {
        if SshKey::is_one(bytes) {
            return match SshKey::read(bytes, &place.from) {
                Ok(key) => Some(Self::Ssh(key)),
                Err(error) => {
                    warnings.push(place.warning(&error));
                    None
                }
            };
        }
        if LockedFile::is_one(bytes) {
            return Some(Self::Locked(LockedFile::new(bytes.to_vec(), place.clone())));
        }
        if bytes.starts_with(b"-----BEGIN ") {
            warnings.push(place.warning(
                &"is no age identity, but PEM: the private key of a cluster is named with --private-key",
            ));
            return None;
        }
        let Ok(text) = std::str::from_utf8(bytes) else {
            warnings.push(place.warning(&"is no age identity file: not UTF-8"));
            return None;
        };
        Some(Self::Entries(entries(text, place, warnings)))
    }
}

/// The identities of a text: one per line, or several with spaces between; `#` starts a comment.
pub(super) fn entries(text: &str, place: &Place, warnings: &mut Vec<Warning>) -> Vec<Entry> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_start().starts_with('#') {
            continue;
        }
        for word in line.split_ascii_whitespace() {
            match entry(word) {
                Ok(entry) => found.push(entry),
                Err(reason) => warnings.push(Warning {
                    line: Some(number),
                    ..place.warning(&reason)
                }),
            }
        }
    }
    found
}

fn entry(word: &str) -> Result<Entry, String> {
    match AgeIdentity::parse(word) {
        Ok(key) => Ok(Entry::Native {
            name: key.recipient_name(),
            key,
        }),
        Err(AgeIdentityError::Plugin) => word
            .parse()
            .map(Entry::Plugin)
            .map_err(|_| "AGE-PLUGIN-… is damaged".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// The passphrase of an age file as the library takes it: as much work as Go's age accepts.
pub(super) fn passphrase_identity(passphrase: SecretString) -> age::scrypt::Identity {
    const MAX_WORK_FACTOR: u8 = 22;
    let mut identity = age::scrypt::Identity::new(passphrase);
    identity.set_max_work_factor(MAX_WORK_FACTOR);
    identity
}
