//! Programs built from crates.io into the cache folder.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::cache;
use crate::command::{self, Event};
use crate::progress::Progress;

const ADVICE: &str = "install Rust with its `cargo`";

/// A package with programs in it, as published, with the versions that it was released with.
pub(crate) struct RustPackage {
    /// On crates.io, and in the cache.
    pub(crate) name: &'static str,
    /// What people read while they wait.
    pub(crate) title: &'static str,
    pub(crate) version: &'static str,
    /// Those of the package's default features and others that are wanted, separated by commas.
    pub(crate) features: &'static str,
}

impl RustPackage {
    /// The folder that holds the programs, each under its name; built if they are not there.
    pub(crate) fn build(&self) -> Result<PathBuf> {
        let key = cache::key([self.name, self.version, self.features]);
        let folder = cache::build_once(&cache::root()?, self.name, &key, |staging| {
            self.install(staging)
        })?;
        Ok(folder.join("bin"))
    }

    fn install(&self, folder: &Path) -> Result<()> {
        let mut progress = Progress::start(self.title);
        let target = folder.join("target");
        let mut install = cargo(folder);
        install
            .args(["install", self.name, "--version", self.version, "--locked"])
            .args(["--no-default-features", "--features", self.features])
            // Not on the PATH, as it should be.
            .args(["--no-track", "--root"])
            .arg(folder)
            .arg("--target-dir")
            .arg(&target);
        let mut last = "fetching packages".to_owned();
        command::run(install, ADVICE, |event| {
            if let Event::Out(line) | Event::Err(line) = event {
                line.trim().clone_into(&mut last);
            }
            progress.show(&last);
        })?;
        progress.finish("done");
        Ok(fs::remove_dir_all(target)?)
    }
}

/// Away from this repository's settings, and from those of a cargo that runs us.
fn cargo(folder: &Path) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut cargo = Command::new(program);
    cargo.current_dir(folder);
    for setting in ["CARGO_BUILD_TARGET", "CARGO_TARGET_DIR", "RUSTFLAGS"] {
        cargo.env_remove(setting);
    }
    cargo
}
