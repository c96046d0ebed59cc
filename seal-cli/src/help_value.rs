//! `--help=true` and `--help=false`, which Go's flag library takes.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::args::go_bool;

const HELP: &str = "--help";

/// Reads a command line, and once more without the value of `--help`. Only the reader knows whether such a word
/// is a flag, or the value of one.
pub(crate) fn parse<T>(
    words: &[OsString],
    mut read: impl FnMut(&[OsString]) -> Result<T, clap::Error>,
) -> Result<T, clap::Error> {
    let mut words = words.to_vec();
    loop {
        let refusal = match read(&words) {
            Err(refusal) if refusal.kind() == ErrorKind::TooManyValues => refusal,
            done => return done,
        };
        let Some(wanted) = value(&refusal) else {
            return Err(refusal);
        };
        let (word, help) = wanted;
        let Some(at) = words.iter().position(|typed| *typed == *word) else {
            return Err(refusal);
        };
        if help {
            words.splice(at..=at, [HELP.into()]);
        } else {
            words.remove(at);
        }
    }
}

/// The word that was refused, and what it says; `None` for another flag, and what is no truth value.
fn value(refusal: &clap::Error) -> Option<(String, bool)> {
    let text = |kind| match refusal.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    if text(ContextKind::InvalidArg)? != HELP {
        return None;
    }
    let value = text(ContextKind::InvalidValue)?;
    Some((format!("{HELP}={value}"), go_bool(value)?))
}
