//! Whom people asked to seal for, in the order in which they said it.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use super::args::RecipientArgs;
use super::error::{NOT_SHOWN, RecipientError, shortened};
use super::spelling::{Spelling, SpellingError};
use crate::config::{self, Matched, Place, RecipientSource};

/// The variable with recipients, for scripts.
const VARIABLE: &str = "SEAL_RECIPIENTS";
/// No list of recipients is longer, in bytes.
const LIMIT: u64 = 1024 * 1024;

/// Recipients by what was written. None of them was looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pub(super) entries: Vec<Entry>,
    /// Everything that was named, by its place in `entries`.
    pub(super) named: Vec<usize>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// From a configuration.
    pub(super) name: Option<String>,
    pub(super) written: String,
    pub(super) spelling: Spelling,
}

/// `--cert`, and how it was said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cert {
    pub(crate) typed: Option<String>,
    /// What `SEALED_SECRETS_CERT` says.
    pub(crate) variable: Option<String>,
}

impl Asked {
    /// What was typed; if nothing was, what the environment says: a person who names a reader means
    /// nobody else.
    ///
    /// # Errors
    /// [`RecipientError::Spelling`], [`RecipientError::File`], [`RecipientError::Empty`].
    pub(crate) fn of(
        args: &RecipientArgs,
        cert: Cert,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, RecipientError> {
        let mut asked = Self::default();
        if let Some(cert) = cert.typed {
            asked.certificate(cert);
        }
        for text in &args.recipient {
            asked.add("--recipient", text)?;
        }
        for path in &args.recipients_file {
            asked.file(Path::new(path))?;
        }
        if !asked.is_empty() {
            return Ok(asked);
        }
        if let Some(cert) = cert.variable {
            asked.certificate(cert);
        }
        let listed = variable(VARIABLE).unwrap_or_default();
        for text in listed.split([',', '\n']).map(str::trim) {
            if !text.is_empty() {
                asked.add(VARIABLE, text)?;
            }
        }
        Ok(asked)
    }

    /// Certificates alone, as `--cert` takes them.
    pub(crate) fn certificates(places: &[String]) -> Self {
        let mut asked = Self::default();
        for place in places {
            asked.certificate(place.clone());
        }
        asked
    }

    /// Whom a rule names.
    ///
    /// # Errors
    /// [`RecipientError::Spelling`].
    pub(crate) fn of_rule(rule: &Matched) -> Result<Self, RecipientError> {
        let origin = format!("{}: line {}", config::shown(&rule.config), rule.line);
        let mut asked = Self::default();
        for recipient in &rule.recipients {
            let (written, spelling) = match &recipient.source {
                RecipientSource::Certificate(Place::File(path)) => {
                    let path = config::shown(path);
                    (path.clone(), Spelling::Certificate(path))
                }
                RecipientSource::Certificate(Place::Url(url)) => {
                    (url.clone(), Spelling::Certificate(url.clone()))
                }
                RecipientSource::KmsPublicKey(path) => {
                    (config::shown(path), Spelling::PublicKey(path.clone()))
                }
                // There, a file is not written as a text.
                RecipientSource::Text(text) => {
                    let spelling = Spelling::of(text, |_| false);
                    (text.clone(), spelling.map_err(refused(&origin, text))?)
                }
            };
            asked.push(Entry {
                name: recipient.name.clone(),
                written,
                spelling,
            });
        }
        Ok(asked)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn certificate(&mut self, cert: String) {
        self.push(Entry {
            name: None,
            written: cert.clone(),
            spelling: Spelling::Certificate(cert),
        });
    }

    fn file(&mut self, path: &Path) -> Result<(), RecipientError> {
        let failed = |reason| RecipientError::File {
            path: path.to_owned(),
            reason,
        };
        let mut text = String::new();
        File::open(path)
            .and_then(|file| file.take(LIMIT + 1).read_to_string(&mut text))
            .map_err(failed)?;
        // Cut off, it would leave somebody out.
        if text.len() as u64 > LIMIT {
            return Err(failed(ErrorKind::FileTooLarge.into()));
        }
        let mut empty = true;
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') {
                // The place is enough, and the file may be another than meant: one of passwords.
                self.add(&format!("{}: line {number}", path.display()), line)
                    .map_err(RecipientError::without_text)?;
                empty = false;
            }
        }
        if empty {
            return Err(RecipientError::Empty(path.display().to_string()));
        }
        Ok(())
    }

    fn add(&mut self, origin: &str, text: &str) -> Result<(), RecipientError> {
        let text = text.trim();
        let spelling = Spelling::of(text, Path::is_file).map_err(refused(origin, text))?;
        self.push(Entry {
            name: None,
            written: text.to_owned(),
            spelling,
        });
        Ok(())
    }

    /// What is said twice counts once.
    fn push(&mut self, entry: Entry) {
        let said = |known: &Entry| known.spelling == entry.spelling;
        let place = self.entries.iter().position(said);
        self.named.push(place.unwrap_or(self.entries.len()));
        if place.is_none() {
            self.entries.push(entry);
        }
    }
}

fn refused(origin: &str, text: &str) -> impl FnOnce(SpellingError) -> RecipientError {
    move |reason| {
        let written = if reason.is_secret() {
            NOT_SHOWN.to_owned()
        } else {
            shortened(text)
        };
        RecipientError::Spelling {
            origin: origin.to_owned(),
            written,
            reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    #[command(args_override_self = true)]
    struct Line {
        #[command(flatten)]
        args: RecipientArgs,
    }

    fn asked(typed: &[&str], cert: Cert, listed: &str) -> Result<Vec<String>, RecipientError> {
        let line = Line::parse_from([&["seal"], typed].concat());
        let asked = Asked::of(&line.args, cert, |_| Some(listed.to_owned()))?;
        let entries = asked.entries.into_iter();
        Ok(entries.map(|entry| entry.written).collect())
    }

    #[test]
    fn what_is_typed_wins_over_the_environment() {
        let listed = "age1b, age1c\n\nage1b";
        let cert = |typed: Option<&str>, variable: Option<&str>| Cert {
            typed: typed.map(str::to_owned),
            variable: variable.map(str::to_owned),
        };
        for (typed, cert, expected) in [
            (&[][..], Cert::default(), &["age1b", "age1c"][..]),
            (&[], cert(None, Some("v")), &["v", "age1b", "age1c"]),
            (&[], cert(Some("c"), Some("v")), &["c"]),
            (&["-r", "age1a"], cert(None, Some("v")), &["age1a"]),
            (
                &["-r", "age1a", "-r", "age1b", "-r", "age1a"],
                cert(Some("c"), None),
                &["c", "age1a", "age1b"],
            ),
        ] {
            assert_eq!(asked(typed, cert, listed).unwrap(), expected, "{typed:?}");
        }
    }

    #[test]
    fn files_have_comments_and_their_faults_have_lines() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap();
        let read = |text: &str| {
            fs::write(file.path(), text).unwrap();
            asked(&["-R", path], Cert::default(), "")
        };
        let text = "# team\r\n\r\n  age1a \n#age1b\nssh-rsa AAAA a@b\n";
        assert_eq!(read(text).unwrap(), ["age1a", "ssh-rsa AAAA a@b"]);
        let error = read("age1a\nnobody\n").unwrap_err().to_string();
        assert!(error.contains(": line 2: (not shown): names no"), "{error}");
        let error = read("AGE-SECRET-KEY-1ABC").unwrap_err().to_string();
        assert!(!error.contains("1ABC"), "{error}");
        assert!(matches!(read("# none\n"), Err(RecipientError::Empty(_))));
        let long = "age1a\n".repeat(200_000);
        assert!(matches!(read(&long), Err(RecipientError::File { .. })));
        let error = asked(&["-R", "/no/such/file"], Cert::default(), "").unwrap_err();
        assert!(matches!(error, RecipientError::File { .. }), "{error}");
    }
}
