//! Where people keep age identities (contract §1.5): named files first, then our variables, then
//! those of sops, then the usual places.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::key_command::KeyCommand;
use super::key_file::{Entry, KeyFile, Place, entries};
use super::locked_file::LockedFile;
use super::ssh_key::SshKey;
use super::warning::Warning;

/// No identity file is larger, in bytes (the library's own limit).
const LARGEST: u64 = 16 << 20;

/// Gives the value of a variable.
pub(crate) type Variables = Box<dyn Fn(&str) -> Option<OsString>>;

/// What to look through.
pub(crate) struct Sources {
    /// Named with `-i`.
    pub(crate) files: Vec<PathBuf>,
    /// The environment.
    pub(crate) variable: Variables,
    pub(crate) home: Option<PathBuf>,
}

/// A source that someone named for seal cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourceError {
    #[error("cannot read the age identities in {from}: {reason}")]
    Read { from: String, reason: io::Error },
    #[error("{from} holds no age identity that can be used: {reason}")]
    Nothing { from: String, reason: String },
}

/// Everything that was found, nothing of it opened yet.
#[derive(Default)]
pub(super) struct Found {
    pub(super) entries: Vec<Entry>,
    pub(super) ssh: Vec<SshKey>,
    pub(super) locked: Vec<LockedFile>,
    pub(super) commands: Vec<KeyCommand>,
    pub(super) ssh_commands: Vec<KeyCommand>,
    pub(super) warnings: Vec<Warning>,
}

impl Sources {
    /// This user's, on this machine.
    pub(crate) fn of_this_user(files: Vec<PathBuf>) -> Self {
        Self {
            files,
            variable: Box::new(|name| std::env::var_os(name)),
            home: std::env::home_dir(),
        }
    }

    pub(super) fn look(&self) -> Result<Found, SourceError> {
        let mut found = Found::default();
        for file in &self.files {
            found.must_have(file)?;
        }
        if let Some(text) = self.text("SEAL_AGE_KEY") {
            found.keys("SEAL_AGE_KEY", &text)?;
        }
        if let Some(file) = self.value("SEAL_AGE_KEY_FILE") {
            found.must_have(Path::new(&file))?;
        }
        if let Some(text) = self.text("SOPS_AGE_KEY") {
            let place = named("SOPS_AGE_KEY");
            let keys = entries(&text, &place, &mut found.warnings);
            found.entries.extend(keys);
        }
        if let Some(file) = self.value("SOPS_AGE_KEY_FILE") {
            found.may_have(Path::new(&file), true);
        }
        found
            .commands
            .extend(self.command("SOPS_AGE_KEY_CMD", &mut found.warnings));
        if let Some(folder) = self.config_folder() {
            found.may_have(&folder.join("seal/age/keys.txt"), false);
            found.may_have(&folder.join("sops/age/keys.txt"), false);
        }
        if let Some(file) = self.value("SOPS_AGE_SSH_PRIVATE_KEY_FILE") {
            found.may_have(Path::new(&file), true);
        }
        let command = self.command("SOPS_AGE_SSH_PRIVATE_KEY_CMD", &mut found.warnings);
        found.ssh_commands.extend(command);
        if let Some(home) = &self.home {
            found.may_have(&home.join(".ssh/id_ed25519"), false);
            found.may_have(&home.join(".ssh/id_rsa"), false);
        }
        Ok(found)
    }

    fn command(&self, variable: &'static str, warnings: &mut Vec<Warning>) -> Option<KeyCommand> {
        let text = self.text(variable)?;
        let command = KeyCommand::new(variable, &text);
        if command.is_none() {
            warnings.push(named(variable).warning(&"is no command: a quote is not closed"));
        }
        command
    }

    fn text(&self, variable: &str) -> Option<Zeroizing<String>> {
        self.value(variable)?.into_string().ok().map(Zeroizing::new)
    }

    /// Set but empty is not set.
    fn value(&self, variable: &str) -> Option<OsString> {
        (self.variable)(variable).filter(|value| !value.is_empty())
    }

    /// Where sops looks, too.
    fn config_folder(&self) -> Option<PathBuf> {
        if cfg!(windows) {
            return self.value("AppData").map(PathBuf::from);
        }
        if let Some(folder) = self.value("XDG_CONFIG_HOME") {
            return Some(PathBuf::from(folder));
        }
        let folder = if cfg!(target_os = "macos") {
            "Library/Application Support"
        } else {
            ".config"
        };
        Some(self.home.as_ref()?.join(folder))
    }
}

impl Found {
    /// Takes a file that was named for seal: it must be there and hold something.
    fn must_have(&mut self, file: &Path) -> Result<(), SourceError> {
        let place = named(&file.display().to_string());
        let from = place.from.clone();
        let bytes = read(file).map_err(|reason| SourceError::Read {
            from: from.clone(),
            reason,
        })?;
        self.must_hold(&bytes, &place)
    }

    fn keys(&mut self, variable: &str, text: &Zeroizing<String>) -> Result<(), SourceError> {
        let bytes = Zeroizing::new(text.as_bytes().to_vec());
        self.must_hold(&bytes, &named(variable))
    }

    fn must_hold(&mut self, bytes: &Zeroizing<Vec<u8>>, place: &Place) -> Result<(), SourceError> {
        let mut warnings = Vec::new();
        if self.take(KeyFile::read(bytes, place, &mut warnings)) {
            self.warnings.append(&mut warnings);
            return Ok(());
        }
        // The first is the one to mend.
        let reason = warnings.into_iter().next().map_or_else(
            || "it is empty".to_owned(),
            |warning| match warning.line {
                Some(line) => format!("line {line}: {}", warning.reason),
                None => warning.reason,
            },
        );
        let from = place.from.clone();
        Err(SourceError::Nothing { from, reason })
    }

    /// Takes a file if it is there.
    fn may_have(&mut self, file: &Path, is_named: bool) {
        let place = Place {
            from: file.display().to_string(),
            named: is_named,
        };
        match read(file) {
            Ok(bytes) => {
                let read = KeyFile::read(&bytes, &place, &mut self.warnings);
                self.take(read);
            }
            Err(error) if error.kind() == ErrorKind::NotFound && !is_named => {}
            Err(error) => self.warnings.push(place.warning(&error)),
        }
    }

    /// Whether there was anything.
    fn take(&mut self, file: Option<KeyFile>) -> bool {
        match file {
            Some(KeyFile::Entries(entries)) => {
                let any = !entries.is_empty();
                self.entries.extend(entries);
                any
            }
            Some(KeyFile::Ssh(key)) => {
                self.ssh.push(key);
                true
            }
            Some(KeyFile::Locked(file)) => {
                self.locked.push(file);
                true
            }
            None => false,
        }
    }
}

fn named(from: &str) -> Place {
    Place {
        from: from.to_owned(),
        named: true,
    }
}

/// One buffer of the right size, so that growing leaves no copies behind.
fn read(file: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let file = File::open(file)?;
    let length = file.metadata()?.len().min(LARGEST);
    let room = usize::try_from(length).unwrap_or_default() + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::new(
            ErrorKind::FileTooLarge,
            "larger than 16 MiB",
        ));
    }
    Ok(bytes)
}
