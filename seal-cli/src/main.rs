//! `seal`: Secrets in, SealedSecrets out. Without a verb it takes kubeseal's flags.

mod address;
mod args;
mod certificate;
mod cluster;
mod command;
mod context;
mod environment;
mod error;
mod exit;
mod input;
mod kubeconfig;
mod later;
mod output;
mod ui;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let typed = match args::Args::try_parse() {
        Ok(typed) => typed,
        Err(refusal) => return ui::usage(&refusal),
    };
    match run(typed) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => ui::fail(&error),
    }
}

fn run(mut typed: args::Args) -> Result<(), error::CliError> {
    typed.refuse_what_is_not_there_yet(environment::variable)?;
    typed.complete_from(environment::variable);
    let context = context::Context::new(typed)?;
    if context.version {
        return command::version::run();
    }
    if context.fetch_cert {
        command::fetch_cert::run(&context)
    } else {
        command::seal::run(&context)
    }
}
