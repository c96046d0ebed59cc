//! The verbs: `seal VERB …`. A verb is one file in `command/` with an `Args` and a `run`, and one
//! variant here.
//!
//! Only the first word can be a verb. `seal --name config` names a Secret: kubeseal's flags take
//! values, and kubeseal has no words of its own.

use std::ffi::OsString;
use std::fmt::Write as _;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::called_as::CalledAs;
use crate::command;
use crate::error::CliError;
use crate::{help_value, other_words};

/// In the order of their names.
#[derive(Subcommand, Debug)]
pub(crate) enum Verb {
    Cert(command::fetch_cert::Args),
    Check(command::check::Args),
    Compact(command::compact::Args),
    Completions(command::completions::Args),
    Config(command::config::Args),
    Inspect(command::inspect::Args),
    Keys(command::keys::Args),
    Man(command::man::Args),
    Merge(Box<command::merge_into::Args>),
    Open(command::open::Args),
    Raw(Box<command::raw::Args>),
    Recipients(command::recipients::Args),
    Recover(command::recovery_unseal::Args),
    Rekey(command::rekey::Args),
    Rotate(Box<command::re_encrypt::Args>),
    Seal(Box<command::seal::Args>),
    Set(Box<command::set::Args>),
    Unset(command::unset::Args),
    Verify(Box<command::validate::Args>),
}

impl Verb {
    /// Does what was typed.
    pub(crate) fn run(self) -> Result<(), CliError> {
        match self {
            Self::Cert(args) => command::fetch_cert::verb(args),
            Self::Check(args) => command::check::run(&args),
            Self::Compact(args) => command::compact::run(args),
            Self::Completions(args) => command::completions::run(&args),
            Self::Config(args) => command::config::run(&args),
            Self::Inspect(args) => command::inspect::run(&args),
            Self::Keys(args) => command::keys::run(args),
            Self::Man(args) => command::man::run(&args),
            Self::Merge(args) => command::merge_into::verb(*args),
            Self::Open(args) => command::open::run(&args),
            Self::Raw(args) => command::raw::verb(*args),
            Self::Recipients(args) => command::recipients::run(args),
            Self::Recover(args) => command::recovery_unseal::verb(args),
            Self::Rekey(args) => command::rekey::run(args),
            Self::Rotate(args) => command::re_encrypt::verb(*args),
            Self::Seal(args) => command::seal::verb(*args),
            Self::Set(args) => command::set::run(*args),
            Self::Unset(args) => command::unset::run(&args),
            Self::Verify(args) => command::validate::verb(*args),
        }
    }
}

/// How the program is called.
pub(crate) const USAGE: &str = "seal [OPTIONS]\n       seal VERB [OPTIONS]";

#[derive(Parser, Debug)]
#[command(
    name = "seal",
    override_usage = USAGE,
    disable_help_subcommand = true,
    disable_version_flag = true,
    max_term_width = 100
)]
struct Line {
    #[command(subcommand)]
    verb: Verb,
}

/// `seal help VERB` is `seal VERB --help`.
pub(crate) fn without_help(mut words: Vec<OsString>, called_as: CalledAs) -> Vec<OsString> {
    if !called_as.is_kubeseal() && words.get(1).is_some_and(|first| first == "help") {
        words.remove(1);
        words.push("--help".into());
    }
    words
}

/// Reads a command line with a verb; `None` for one without. A first word that is neither verb nor
/// flag is a verb that was mistyped.
pub(crate) fn parse(words: &[OsString], called_as: CalledAs) -> Option<Result<Verb, clap::Error>> {
    let first = words.get(1)?.to_str()?;
    // Describing all verbs costs memory and time that kubeseal's way of calling need not pay.
    if called_as.is_kubeseal() || first.starts_with('-') {
        return None;
    }
    let line = help_value::parse(words, |words| Line::try_parse_from(words));
    Some(line.map(|line| line.verb).map_err(other_words::explained))
}

/// Flags and verbs together, for those who describe the command line.
pub(crate) fn whole() -> clap::Command {
    let flags = crate::args::Args::command();
    let line = Line::command();
    let verbs = line.get_subcommands().cloned();
    flags.override_usage(USAGE).subcommands(verbs)
}

/// What people want to do, and the verbs for it.
const TASKS: [(&str, &[&str]); 5] = [
    ("Seal", &["seal", "merge", "raw", "cert"]),
    (
        "Look into files",
        &["inspect", "check", "open", "recover", "verify"],
    ),
    ("Change files", &["set", "unset", "rotate"]),
    (
        "Readers and keys",
        &["recipients", "rekey", "compact", "keys", "config"],
    ),
    ("This program", &["completions", "man"]),
];

/// The verbs with what they do, for the help of the program.
pub(crate) fn list() -> String {
    let line = Line::command();
    let width = line.get_subcommands().map(|verb| verb.get_name().len());
    let width = width.max().unwrap_or_default();
    let mut text = "Verbs, each with its own --help:\n".to_owned();
    for (task, verbs) in TASKS {
        let _ = writeln!(text, "  {task}:");
        for name in verbs {
            let about = line
                .find_subcommand(name)
                .and_then(clap::Command::get_about);
            let about = about.cloned().unwrap_or_default().to_string();
            // One line each: the rest is in the help of the verb.
            let about = about.split([':', ',']).next().unwrap_or_default();
            let _ = writeln!(text, "    {name:width$}  {about}");
        }
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
        whole().debug_assert();
    }

    #[test]
    fn only_the_first_word_is_a_verb() {
        for (typed, expected) in [
            ("seal config check .seal.yaml", Some(true)),
            ("seal config --help", Some(false)),
            ("seal config nope", Some(false)),
            ("seal", None),
            ("seal configs", Some(false)),
            ("seal help", None),
            ("seal help config", Some(false)),
            ("seal help configs", Some(false)),
            ("seal --name config", None),
            ("seal -n config check", None),
            ("seal -f config", None),
        ] {
            let parse = |called_as| {
                let words = without_help(words(typed), called_as);
                parse(&words, called_as).map(|typed| typed.is_ok())
            };
            assert_eq!(parse(CalledAs::Seal), expected, "{typed}");
            assert_eq!(parse(CalledAs::Kubeseal), None, "{typed}");
        }
    }

    #[test]
    fn every_verb_says_what_it_does() {
        for verb in Line::command().get_subcommands() {
            assert!(verb.get_about().is_some(), "{}", verb.get_name());
        }
        let listed = TASKS.iter().flat_map(|(_, verbs)| verbs.iter().copied());
        let mut listed: Vec<_> = listed.collect();
        listed.sort_unstable();
        let line = Line::command();
        let all: Vec<_> = line
            .get_subcommands()
            .map(clap::Command::get_name)
            .collect();
        assert_eq!(listed, all);
        assert!(list().contains("\n    config  "), "{}", list());
    }
}
