//! What a process costs, by `measure`, a program that runs it as its only child.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::repository;

/// What a run cost.
#[derive(Clone, Copy, serde::Serialize, serde::Deserialize)]
pub(crate) struct Cost {
    /// Wall time in milliseconds.
    pub(crate) wall: f64,
    /// Largest resident set in MiB.
    pub(crate) memory: f64,
}

/// Builds the program beside this one.
pub(super) fn build() -> Result<()> {
    let profile = if cfg!(debug_assertions) {
        "dev"
    } else {
        "release"
    };
    let status = repository::cargo_command()
        .args(["build", "--quiet", "--package=xtask", "--bin=measure"])
        .args(["--profile", profile])
        .status()?;
    ensure!(status.success(), "cargo build: {status}");
    Ok(())
}

pub(crate) fn measure(input: &Path, program: &Path, args: &[OsString]) -> Result<Cost> {
    let name = format!("measure{}", std::env::consts::EXE_SUFFIX);
    let output = Command::new(std::env::current_exe()?.with_file_name(name))
        .arg(input)
        .arg(program)
        .args(args)
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "{}", output.status);
    let told = String::from_utf8(output.stdout)?;
    let (wall, kibibytes) = told.trim().split_once(' ').context("no cost")?;
    let kibibytes: f64 = kibibytes.parse()?;
    Ok(Cost {
        wall: wall.parse()?,
        memory: kibibytes / 1024.0,
    })
}
