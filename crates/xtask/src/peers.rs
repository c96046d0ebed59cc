//! `cargo xtask peers`: the programs that we are measured against.

use std::io::Write;

use anyhow::Result;
use clap::Subcommand;

#[derive(Subcommand)]
pub(crate) enum Task {
    /// Builds kubeseal and the controller 0.40.0 into the cache folder, once per machine
    Build,
}

pub(crate) fn run(task: &Task) -> Result<()> {
    match task {
        Task::Build => {
            let folder = testkit::peers::build()?;
            writeln!(
                std::io::stdout(),
                "kubeseal and controller are in {}",
                folder.display()
            )?;
            Ok(())
        }
    }
}
