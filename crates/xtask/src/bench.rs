//! `cargo xtask bench`: seal and sealed-controller against kubeseal and the real controller, in
//! the same run on the same machine. Figures for people; no test asserts them.

mod api;
mod command_line;
mod controllers;
mod figures;
mod formats;
mod input;
mod many_recipients;
pub(crate) mod measure;
mod sizes;

use std::path::PathBuf;

use anyhow::{Context, Result};

use self::figures::Figures;
use crate::repository;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// SealedSecrets at a cold start
    #[arg(long, default_value_t = 500)]
    objects: usize,
    /// The same for the real controller at its defaults, which makes fewer than two a second
    #[arg(long, default_value_t = 60)]
    slow_objects: usize,
    /// Applies whose way to a Secret is timed, one after the other
    #[arg(long, default_value_t = 200)]
    applies: usize,
    /// SealedSecrets of each format at a cold start of ours
    #[arg(long, default_value_t = 10_000)]
    many_objects: usize,
    /// Only the command line
    #[arg(long)]
    no_cluster: bool,
}

/// The programs that are compared.
pub(crate) struct Programs {
    pub(crate) seal: PathBuf,
    pub(crate) sealed_controller: PathBuf,
    pub(crate) kubeseal: PathBuf,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let programs = build()?;
    let mut figures = Figures::default();
    command_line::run(&programs, &mut figures)?;
    many_recipients::run(&programs, &mut figures)?;
    if !args.no_cluster {
        controllers::run(args, &programs, &mut figures)?;
        formats::run(args, &programs, &mut figures)?;
    }
    figures.print();
    Ok(())
}

/// Release builds of ours, the peers from the cache.
fn build() -> Result<Programs> {
    let root = repository::root()?;
    let status = repository::cargo_command()
        .args(["build", "--release", "--package=seal-cli"])
        .args(["--package=sealed-controller", "--bins"])
        .current_dir(&root)
        .status()
        .context("could not run cargo")?;
    anyhow::ensure!(status.success(), "cargo build: {status}");
    let release = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root.join("target"), |folder| root.join(folder))
        .join("release");
    Ok(Programs {
        seal: release.join("seal"),
        sealed_controller: release.join("sealed-controller"),
        kubeseal: testkit::peers::kubeseal()?,
    })
}
