//! Looking for a value where it must not be.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// `bytes` random bytes in lower-case hexadecimal.
pub(crate) fn random_hex(bytes: usize) -> Result<String> {
    let mut random = vec![0; bytes];
    aws_lc_rs::rand::fill(&mut random).context("no random bytes")?;
    Ok(hex(&random))
}

/// A random text that stands for a secret: seal it, open it, break it, and then look whether it
/// appears where it must not.
///
/// Looked for are the text itself, its hexadecimal form in both cases, its base64 forms at each of
/// the three alignments (in both alphabets), and the decimal list that `{:?}` makes of bytes.
#[derive(Clone)]
pub struct Canary {
    text: String,
    forms: Vec<(&'static str, Vec<u8>)>,
}

impl Canary {
    /// A fresh one; `kind` makes a failure readable (`value`, `key`, `template`).
    ///
    /// # Errors
    /// When the system has no random bytes.
    pub fn new(kind: &str) -> Result<Self> {
        // Letters of both cases and digits: base64 text without line noise in it.
        Ok(Self::of(format!("canary-{kind}-{}", random_hex(12)?)))
    }

    /// One with a given text, of at least six bytes.
    pub fn of(text: impl Into<String>) -> Self {
        let text = text.into();
        let bytes = text.as_bytes();
        let mut forms = vec![
            ("as it is", bytes.to_vec()),
            ("in hexadecimal", hex(bytes).into_bytes()),
            ("in hexadecimal", hex(bytes).to_uppercase().into_bytes()),
            ("as a list of bytes", decimal_list(bytes)),
        ];
        for alignment in 0..3 {
            for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
                forms.push(("in base64", aligned(bytes, alignment, engine)));
            }
        }
        Self { text, forms }
    }

    /// The text to use as a secret value.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its base64 form, as `data` of a Secret takes it.
    pub fn base64(&self) -> String {
        STANDARD.encode(&self.text)
    }

    /// In which form `haystack` holds it, if it does.
    pub fn find(&self, haystack: &[u8]) -> Option<&'static str> {
        let found = self.forms.iter().find(|(_, form)| contains(haystack, form));
        found.map(|(name, _)| *name)
    }

    /// Fails the test if `haystack`, called `place` in the message, holds it in any form.
    ///
    /// # Panics
    /// When it does. The message does not repeat the text around it.
    #[track_caller]
    pub fn assert_absent(&self, place: &str, haystack: impl AsRef<[u8]>) {
        if let Some(form) = self.find(haystack.as_ref()) {
            #[expect(clippy::panic, reason = "an assertion of tests")]
            {
                panic!("{place} holds {} {form}", self.text);
            }
        }
    }

    /// [`Self::assert_absent`] for a file, or every file below a folder.
    ///
    /// # Panics
    /// When one holds it or cannot be read.
    #[track_caller]
    pub fn assert_absent_in(&self, path: &Path) {
        match files(path) {
            Ok(files) => {
                for (file, content) in files {
                    self.assert_absent(&file.display().to_string(), content);
                }
            }
            #[expect(clippy::panic, reason = "an assertion of tests")]
            Err(error) => panic!("{error:#}"),
        }
    }
}

impl std::fmt::Debug for Canary {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Canary").field(&self.text).finish()
    }
}

/// The characters that stay the same whatever comes before (`alignment` bytes, modulo three) and
/// after.
fn aligned(bytes: &[u8], alignment: usize, engine: &impl Engine) -> Vec<u8> {
    let padded = [&vec![0; alignment], bytes].concat();
    let encoded = engine.encode(&padded).into_bytes();
    // Six bits per character: those that begin in a padding byte or end behind the text go.
    let first = (alignment * 8).div_ceil(6);
    let last = padded.len() * 8 / 6;
    encoded[first..last].to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // A String takes any text.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn decimal_list(bytes: &[u8]) -> Vec<u8> {
    let numbers: Vec<_> = bytes.iter().map(u8::to_string).collect();
    numbers.join(", ").into_bytes()
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

fn files(path: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    if path.is_dir() {
        let mut found = Vec::new();
        for entry in fs::read_dir(path)? {
            found.extend(files(&entry?.path())?);
        }
        return Ok(found);
    }
    let content = fs::read(path).with_context(|| format!("could not read {}", path.display()))?;
    Ok(vec![(path.to_owned(), content)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found_in_every_form() {
        let canary = Canary::new("value").unwrap();
        let bytes = canary.text().as_bytes();
        let mut haystacks = vec![
            format!("password: {}!", canary.text()),
            format!("{bytes:?}"),
            hex(bytes),
            hex(bytes).to_uppercase(),
        ];
        for before in ["", "a", "ab", "abc", "user:"] {
            for after in ["", "y", "yz", "\n"] {
                let text = format!("{before}{}{after}", canary.text());
                haystacks.push(STANDARD.encode(&text));
                haystacks.push(URL_SAFE_NO_PAD.encode(&text));
            }
        }
        for haystack in haystacks {
            assert!(canary.find(haystack.as_bytes()).is_some(), "{haystack}");
        }
    }

    #[test]
    fn another_one_is_not_found() {
        let (one, other) = (Canary::new("value").unwrap(), Canary::new("value").unwrap());
        one.assert_absent("text", other.text());
        one.assert_absent("base64", other.base64());
        assert_eq!(one.find(b""), None);
    }

    #[test]
    #[should_panic(expected = "the log holds canary-value-")]
    fn one_that_is_there_fails_the_test() {
        let canary = Canary::new("value").unwrap();
        canary.assert_absent("the log", canary.base64());
    }

    #[test]
    #[should_panic(expected = "in base64")]
    fn folders_are_searched() {
        let canary = Canary::new("value").unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("deep")).unwrap();
        fs::write(folder.path().join("deep/file"), canary.base64()).unwrap();
        canary.assert_absent_in(folder.path());
    }
}
