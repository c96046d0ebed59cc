//! `cargo xtask peers`: the programs of others that tests and benchmarks run.

use std::io::Write;

use anyhow::Result;
use clap::Subcommand;

#[derive(Subcommand)]
pub(crate) enum Task {
    /// Builds kubeseal and the controller 0.40.0, External Secrets Operator 0.20.4, age 1.3.2 and rage
    /// 0.12.1, and installs the AWS emulators, into the cache folder, once per machine
    Build,
}

pub(crate) fn run(task: &Task) -> Result<()> {
    match task {
        Task::Build => {
            let mut stdout = std::io::stdout();
            let [go, rage, operator] = testkit::peers::build()?;
            writeln!(
                stdout,
                "kubeseal, controller and age are in {}",
                go.display()
            )?;
            writeln!(stdout, "rage is in {}", rage.display())?;
            writeln!(
                stdout,
                "External Secrets Operator is in {}",
                operator.display()
            )?;
            let python = testkit::python()?;
            writeln!(stdout, "the AWS emulators run on {}", python.display())?;
            Ok(())
        }
    }
}
