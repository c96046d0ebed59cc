//! `seal man DIR`: a page for the program and for each verb.

use std::path::PathBuf;

use crate::error::CliError;
use crate::output::Destination;
use crate::verbs;

/// Write man pages into a folder
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  \
    seal man ~/.local/share/man/man1 && man seal-open")]
pub(crate) struct Args {
    /// Folder that is there already
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub(crate) fn run(args: &Args) -> Result<(), CliError> {
    let mut whole = without_help(verbs::whole());
    // Names of the pages and of verbs in them: seal-open, seal open.
    whole.build();
    pages(whole, &args.folder)
}

/// clap adds a verb `help` to everything that has verbs: one more page for each that is there already.
fn without_help(command: clap::Command) -> clap::Command {
    let verbs: Vec<_> = command
        .get_subcommands()
        .map(|verb| verb.get_name().to_owned())
        .collect();
    let command = command.disable_help_subcommand(true);
    verbs.into_iter().fold(command, |command, verb| {
        command.mut_subcommand(verb, without_help)
    })
}

fn pages(command: clap::Command, folder: &std::path::Path) -> Result<(), CliError> {
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        pages(verb.clone(), folder)?;
    }
    let page = clap_mangen::Man::new(command);
    let path = folder.join(page.get_filename());
    let mut text = Vec::new();
    page.render(&mut text).map_err(|reason| CliError::Output {
        to: path.display().to_string(),
        reason,
    })?;
    Destination::File(path).write(&[text])
}
