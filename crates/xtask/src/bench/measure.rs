//! One process, measured: `xtask measure` runs it as its only child and says what it cost.
#![allow(clippy::print_stdout, reason = "its result is for the caller")]

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use nix::sys::resource::{UsageWho, getrusage};

/// What a run cost.
#[derive(Clone, Copy, serde::Serialize, serde::Deserialize)]
pub(crate) struct Cost {
    /// Wall time in milliseconds.
    pub(crate) wall: f64,
    /// Largest resident set in MiB.
    pub(crate) memory: f64,
}

#[derive(clap::Args)]
pub(crate) struct Args {
    input: PathBuf,
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

/// The child's side.
pub(crate) fn run(args: &Args) -> Result<()> {
    let (program, rest) = args.command.split_first().context("no command")?;
    let input = File::open(&args.input)?;
    let started = Instant::now();
    let status = Command::new(program)
        .args(rest)
        .stdin(input)
        .stdout(Stdio::null())
        .status()?;
    let wall = started.elapsed().as_secs_f64() * 1000.0;
    ensure!(status.success(), "{}: {status}", program.display());
    let kibibytes = getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss();
    #[allow(clippy::cast_precision_loss, reason = "far below 2^52 KiB")]
    let memory = kibibytes as f64 / 1024.0;
    println!("{}", serde_json::to_string(&Cost { wall, memory })?);
    Ok(())
}

/// The caller's side.
pub(crate) fn measure(input: &Path, program: &Path, args: &[OsString]) -> Result<Cost> {
    let output = Command::new(std::env::current_exe()?)
        .arg("measure")
        .arg(input)
        .arg(program)
        .args(args)
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "{}", output.status);
    Ok(serde_json::from_slice(&output.stdout)?)
}
