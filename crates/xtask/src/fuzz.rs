//! `cargo xtask fuzz`: each target of `tests/fuzz` for a while, under libFuzzer.
//!
//! Ordinary tests run the same bodies on damaged samples; this looks further. It needs a C++ compiler. The
//! programs under test have no unsafe code, so no sanitizer is asked for, and with the stable compiler none is there.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::repository;

/// Targets, and where well-formed input for them is.
const TARGETS: [(&str, &[&str]); 6] = [
    ("document", &["tests/fuzz/seeds/document"]),
    ("pem", &["tests/vectors/certificates", "tests/vectors/keys"]),
    ("legacy_value", &["tests/fuzz/seeds/legacy_value"]),
    ("se1_value", &["tests/vectors/se1"]),
    ("se1_data_key", &["tests/vectors/se1"]),
    ("se1_file", &["tests/vectors/se1"]),
];

/// What makes the compiler tell libFuzzer which branches an input took.
const COVERAGE: [&str; 6] = [
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only this target
    #[arg(value_parser = TARGETS.map(|(name, _)| name))]
    target: Option<String>,
    /// How long each target runs
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

/// Builds the targets, and runs them one after the other.
///
/// # Errors
/// When one finds an input that breaks its rule; the input is kept, and named.
pub(crate) fn run(args: &Args) -> Result<()> {
    let root = repository::root()?;
    build(&root)?;
    for (name, seeds) in TARGETS {
        if args.target.as_deref().is_none_or(|only| only == name) {
            fuzz(&root, name, seeds, args.seconds)?;
        }
    }
    Ok(())
}

fn build(root: &Path) -> Result<()> {
    let status = repository::cargo_command()
        .args(["build", "--release", "--bins", "--manifest-path"])
        .arg(root.join("tests/fuzz/Cargo.toml"))
        .arg("--target-dir")
        .arg(root.join("target/fuzz"))
        // Build scripts and macros are not to be instrumented: with a target named, flags are not for them.
        .args(["--target", &host()?])
        .env("RUSTFLAGS", COVERAGE.join(" "))
        .env("RUSTC_BOOTSTRAP", "1")
        .status()
        .context("cannot run cargo")?;
    ensure!(status.success(), "the targets cannot be built: {status}");
    Ok(())
}

fn fuzz(root: &Path, name: &str, seeds: &[&str], seconds: u32) -> Result<()> {
    let folder = root.join("target/fuzz");
    let corpus = folder.join("corpus").join(name);
    std::fs::create_dir_all(&corpus)?;
    let program = folder.join(host()?).join("release").join(name);
    let found = folder.join(format!("{name}-"));
    let status = Command::new(program)
        .arg(&corpus)
        .args(seeds.iter().map(|seeds| root.join(seeds)))
        .arg(format!("-max_total_time={seconds}"))
        .args([
            "-max_len=16384",
            "-timeout=1",
            "-rss_limit_mb=512",
            "-verbosity=0",
        ])
        .arg(format!("-artifact_prefix={}", found.display()))
        .status()
        .with_context(|| format!("cannot run {name}"))?;
    ensure!(
        status.success(),
        "{name} broke its rule; the input is in {}*",
        found.display()
    );
    Ok(())
}

/// The target triple of this machine.
fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output()?;
    let text = String::from_utf8(output.stdout)?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc names no host")?.to_owned())
}
