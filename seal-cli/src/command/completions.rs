//! `seal completions SHELL`.

use clap::builder::PossibleValuesParser;
use clap::{Arg, Command, CommandFactory as _, ValueHint};
use clap_complete::Shell;

use crate::error::CliError;
use crate::output::Destination;
use crate::verbs;

const OWN: &str = "seal";

/// Print what a shell needs to complete command lines: seal completions bash > FILE
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  \
    seal completions bash > ~/.local/share/bash-completion/completions/seal\n  \
    seal completions zsh > ~/.zfunc/_seal\n  \
    seal completions fish > ~/.config/fish/completions/seal.fish\n  \
    seal completions bash --name kubeseal > ~/.local/share/bash-completion/completions/kubeseal\n  \
    seal completions powershell >> $PROFILE")]
pub(crate) struct Args {
    /// bash, zsh, fish, powershell or elvish
    #[arg(value_name = "SHELL")]
    shell: Shell,

    /// Name that the program is called by: as kubeseal or kubectl-seal it has flags and no verbs
    #[arg(long, value_name = "NAME", default_value = OWN, value_parser = [OWN, "kubeseal", "kubectl-seal"])]
    name: String,
}

pub(crate) fn run(args: &Args) -> Result<(), CliError> {
    let mut script = Vec::new();
    let command = if args.name == OWN {
        verbs::whole()
    } else {
        crate::args::Args::command()
    };
    let mut command = with_values(command);
    clap_complete::generate(args.shell, &mut command, &args.name, &mut script);
    Destination::Stdout.write(&[script])
}

/// Says to the shell what flags take. Where they are read, more is taken: kubeseal reads any case, and an
/// empty value as none.
fn with_values(command: Command) -> Command {
    let verbs: Vec<_> = command
        .get_subcommands()
        .map(|verb| verb.get_name().to_owned())
        .collect();
    let command = command.mut_args(with_value);
    verbs.into_iter().fold(command, |command, verb| {
        command.mut_subcommand(verb, with_values)
    })
}

fn with_value(arg: Arg) -> Arg {
    let name = |arg: &Arg| {
        let names = arg.get_value_names().unwrap_or_default();
        names.first().map(ToString::to_string)
    };
    let Some(name) = name(&arg).filter(|_| arg.get_action().takes_values()) else {
        return arg;
    };
    match name.as_str() {
        "FILE" | "CONFIG" | "FILE|URL" | "[KEY=]FILE" => arg.value_hint(ValueHint::FilePath),
        "FILE|FOLDER" => arg.value_hint(ValueHint::AnyPath),
        "DIR" => arg.value_hint(ValueHint::DirPath),
        "SCOPE" => among(arg, &["strict", "namespace-wide", "cluster-wide"]),
        "BOOL" => among(arg, &["true", "false"]),
        "FORMAT" if arg.get_id() == "format_version" => among(arg, &["legacy", "se1"]),
        // seal check says itself which it has.
        "FORMAT" if !arg.get_possible_values().is_empty() => arg,
        "FORMAT" if arg.get_default_values().iter().any(|usual| usual == "text") => {
            among(arg, &["text", "json"])
        }
        "FORMAT" => among(arg, &["yaml", "json"]),
        _ => arg.value_hint(ValueHint::Other),
    }
}

fn among(arg: Arg, values: &'static [&'static str]) -> Arg {
    arg.value_parser(PossibleValuesParser::new(values))
}
