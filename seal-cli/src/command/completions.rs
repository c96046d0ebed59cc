//! `seal completions SHELL`.

use clap_complete::Shell;

use crate::error::CliError;
use crate::output::Destination;
use crate::verbs;

/// Print what a shell needs to complete command lines: seal completions bash > FILE
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  \
    seal completions bash > ~/.local/share/bash-completion/completions/seal\n  \
    seal completions zsh > ~/.zfunc/_seal\n  \
    seal completions fish > ~/.config/fish/completions/seal.fish")]
pub(crate) struct Args {
    /// bash, zsh, fish, powershell or elvish
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

pub(crate) fn run(args: &Args) -> Result<(), CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut verbs::whole(), "seal", &mut script);
    Destination::Stdout.write(&[script])
}
