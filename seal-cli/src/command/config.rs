//! `seal config`: what `.seal.yaml` says.

use std::path::PathBuf;

use clap::Subcommand;

use crate::config;
use crate::error::CliError;

/// Check the configuration, or show what it says about a file
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand, Debug)]
enum Action {
    /// Name everything that is wrong with a configuration
    Check {
        /// The configuration
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

/// Does what was typed.
pub(crate) fn run(args: &Args) -> Result<(), CliError> {
    match &args.action {
        Action::Check { file } => Ok(config::check(file)?),
    }
}
