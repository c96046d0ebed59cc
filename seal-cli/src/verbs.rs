//! The verbs: `seal VERB …`. A verb is one file in `command/` with an `Args` and a `run`, and one
//! variant here.
//!
//! Only the first word can be a verb. `seal --name config` names a Secret: kubeseal's flags take
//! values, and kubeseal has no words of its own.

use std::ffi::OsString;
use std::fmt::Write as _;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::command;
use crate::error::CliError;

/// In the order of their names.
#[derive(Subcommand, Debug)]
pub(crate) enum Verb {
    Check(command::check::Args),
    Compact(command::compact::Args),
    Config(command::config::Args),
    Inspect(command::inspect::Args),
    Keys(command::keys::Args),
    Open(command::open::Args),
    Recipients(command::recipients::Args),
    Rekey(command::rekey::Args),
    Set(Box<command::set::Args>),
    Unset(command::unset::Args),
}

impl Verb {
    /// Does what was typed.
    pub(crate) fn run(self) -> Result<(), CliError> {
        match self {
            Self::Check(args) => command::check::run(&args),
            Self::Compact(args) => command::compact::run(args),
            Self::Config(args) => command::config::run(&args),
            Self::Inspect(args) => command::inspect::run(&args),
            Self::Keys(args) => command::keys::run(args),
            Self::Open(args) => command::open::run(&args),
            Self::Recipients(args) => command::recipients::run(args),
            Self::Rekey(args) => command::rekey::run(args),
            Self::Set(args) => command::set::run(*args),
            Self::Unset(args) => command::unset::run(&args),
        }
    }
}

#[derive(Parser, Debug)]
#[command(
    name = "seal",
    disable_help_subcommand = true,
    disable_version_flag = true,
    max_term_width = 100
)]
struct Line {
    #[command(subcommand)]
    verb: Verb,
}

/// Reads a command line with a verb; `None` for one without.
pub(crate) fn parse(words: &[OsString]) -> Option<Result<Verb, clap::Error>> {
    let first = words.get(1)?.to_str()?;
    // Describing all verbs costs memory and time that kubeseal's way of calling need not pay.
    if first.starts_with('-') {
        return None;
    }
    Line::command().find_subcommand(first)?;
    Some(Line::try_parse_from(words).map(|line| line.verb))
}

/// The verbs with what they do, for the help of the program.
pub(crate) fn list() -> String {
    let line = Line::command();
    let verbs = || line.get_subcommands();
    let width = verbs().map(|verb| verb.get_name().len()).max();
    let width = width.unwrap_or_default();
    let mut text = "Verbs, each with its own --help:\n".to_owned();
    for verb in verbs() {
        let about = verb.get_about().cloned().unwrap_or_default().to_string();
        // One line each: what follows a colon is in the help of the verb.
        let about = about.split(':').next().unwrap_or_default();
        let _ = writeln!(text, "  {:width$}  {about}", verb.get_name());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(typed: &str) -> Vec<OsString> {
        typed.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn flags_of_verbs_are_consistent() {
        Line::command().debug_assert();
    }

    #[test]
    fn only_the_first_word_is_a_verb() {
        for (typed, expected) in [
            ("seal config check .seal.yaml", Some(true)),
            ("seal config --help", Some(false)),
            ("seal config nope", Some(false)),
            ("seal", None),
            ("seal configs", None),
            ("seal help", None),
            ("seal --name config", None),
            ("seal -n config check", None),
            ("seal -f config", None),
        ] {
            let found = parse(&words(typed)).map(|typed| typed.is_ok());
            assert_eq!(found, expected, "{typed}");
        }
    }

    #[test]
    fn every_verb_says_what_it_does() {
        for verb in Line::command().get_subcommands() {
            assert!(verb.get_about().is_some(), "{}", verb.get_name());
        }
        assert!(list().contains("\n  config  "), "{}", list());
    }
}
