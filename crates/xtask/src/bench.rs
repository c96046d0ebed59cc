//! `cargo xtask bench`: seal, sealed-controller and external-secrets against kubeseal, the real controller and
//! the real operator, in the same run on the same machine. Figures for people; no test asserts them.

mod api;
mod command_line;
mod controllers;
mod external_secrets;
pub(crate) mod fetch_cert;
mod figures;
mod formats;
pub(crate) mod input;
mod many_recipients;
mod measure;
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
    /// ExternalSecrets at a cold start; they share two keys among five
    #[arg(long, default_value_t = 1_000)]
    external_objects: usize,
    /// The same for External Secrets Operator at its defaults, which makes about ten a second
    #[arg(long, default_value_t = 200)]
    slow_external_objects: usize,
    /// Runs of one Secret and of --fetch-cert, whose median counts; a thousand Secrets are sealed five times at most
    #[arg(long, default_value_t = 41)]
    runs: usize,
    /// Only the command line
    #[arg(long, conflicts_with = "only")]
    no_cluster: bool,
    /// Only this part
    #[arg(long, value_enum)]
    only: Option<Part>,
    /// Cargo's profile for ours. Figures of any other than release say nothing: it is for work on the benchmark
    #[arg(long, default_value = "release")]
    profile: String,
}

/// What can be measured by itself.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// seal beside kubeseal
    CommandLine,
    /// sealed-controller beside the Sealed Secrets controller
    SealedSecrets,
    /// external-secrets beside External Secrets Operator
    ExternalSecrets,
}

impl Args {
    fn includes(&self, part: Part) -> bool {
        match self.only {
            Some(only) => only == part,
            None => part == Part::CommandLine || !self.no_cluster,
        }
    }
}

/// The programs that are compared.
pub(crate) struct Programs {
    pub(crate) seal: PathBuf,
    pub(crate) sealed_controller: PathBuf,
    pub(crate) external_secrets: PathBuf,
    pub(crate) kubeseal: PathBuf,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let programs = build(args)?;
    measure::build()?;
    let mut figures = Figures::default();
    figures.beside("Sealed Secrets 0.40.0");
    if args.includes(Part::CommandLine) {
        command_line::run(&programs, args.runs, &mut figures)?;
        many_recipients::run(&programs, &mut figures)?;
    }
    if args.includes(Part::SealedSecrets) {
        controllers::run(args, &programs, &mut figures)?;
        formats::run(args, &programs, &mut figures)?;
    }
    figures.beside("External Secrets Operator 0.20.4");
    if args.includes(Part::ExternalSecrets) {
        external_secrets::run(args, &programs, &mut figures)?;
    }
    figures.print();
    Ok(())
}

/// Builds of ours, the peers from the cache.
fn build(args: &Args) -> Result<Programs> {
    let root = repository::root()?;
    let profile = &*args.profile;
    let mut build = repository::cargo_command();
    build.args(["build", "--profile", profile, "--bins"]);
    build.arg("--package=external-secrets");
    if args.only != Some(Part::ExternalSecrets) {
        build.args(["--package=seal-cli", "--package=sealed-controller"]);
    }
    let status = build
        .current_dir(&root)
        .status()
        .context("could not run cargo")?;
    anyhow::ensure!(status.success(), "cargo build: {status}");
    let folder = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root.join("target"), |folder| root.join(folder))
        .join(if profile == "dev" { "debug" } else { profile });
    Ok(Programs {
        seal: folder.join("seal"),
        sealed_controller: folder.join("sealed-controller"),
        external_secrets: folder.join("external-secrets"),
        kubeseal: testkit::peers::kubeseal()?,
    })
}
