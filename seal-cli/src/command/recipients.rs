//! `seal recipients`: who can read which values, and changes of that (rules W3 and W4 of
//! docs/format.md).

mod add;
mod list;
mod remove;
mod sync;

use clap::Subcommand;
use seal_format::se1::RecipientName;
use sealing::Se1Object;

use crate::error::CliError;
use crate::recipient::shown;
use crate::rules::RuleReaders;

/// List who can read files, add and remove readers, or bring files to what the rules say
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand, Debug)]
enum Action {
    /// Show who can read which values, and whether the lists are as their writers left them
    List(list::Args),
    /// Let others read, too: no value changes, and what was wrapped for others keeps its bytes
    Add(add::Args),
    /// Seal the values that somebody can read anew, without that reader
    Remove(remove::Args),
    /// Bring the readers of files to what .seal.yaml says
    Sync(sync::Args),
}

/// Does what was typed.
pub(crate) fn run(args: Args) -> Result<(), CliError> {
    match args.action {
        Action::List(args) => list::run(&args),
        Action::Add(args) => add::run(args),
        Action::Remove(args) => remove::run(args),
        Action::Sync(args) => sync::run(args),
    }
}

/// A key by the name that the rules have for it.
pub(crate) fn called(to: &RecipientName, rule: Option<&RuleReaders>) -> String {
    let key = shown(to);
    match rule.and_then(|rule| rule.name_of(to.as_str())) {
        Some(name) => format!("{name} ({key})"),
        None => key,
    }
}

/// Keys one after the other, each once.
pub(crate) fn all_called<'a>(
    names: impl IntoIterator<Item = &'a RecipientName>,
    rule: Option<&RuleReaders>,
) -> String {
    let mut known: Vec<&RecipientName> = Vec::new();
    for name in names {
        if !known.contains(&name) {
            known.push(name);
        }
    }
    let called: Vec<_> = known.into_iter().map(|to| called(to, rule)).collect();
    called.join(", ")
}

/// Items whose values are not in SE1: each has the one reader it was sealed for.
pub(crate) fn legacy_items<'a>(
    sealed: &'a sealing::SealedDocument,
    object: Option<&Se1Object>,
) -> Vec<&'a str> {
    let items = sealed.spec.encrypted_data.keys().map(String::as_str);
    let mut legacy: Vec<_> = items
        .filter(|item| object.is_none_or(|object| !object.values().contains_key(*item)))
        .collect();
    legacy.extend(sealed.spec.data.as_ref().map(|_| "spec.data"));
    legacy
}

/// What a change of readers leaves as it is, and people must know of.
pub(crate) fn legacy_stays(
    sealed: &sealing::SealedDocument,
    object: Option<&Se1Object>,
) -> Option<String> {
    let legacy = legacy_items(sealed, object);
    (!legacy.is_empty()).then(|| {
        format!(
            "{} in the legacy format, for one certificate, stays as it is",
            legacy.join(", ")
        )
    })
}
