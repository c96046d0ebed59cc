//! Commands as a person types them: shown, run, and their output shown.
#![allow(clippy::print_stdout, reason = "the demo is what it prints")]

use std::ffi::OsString;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use testkit::wait_for;

use super::cluster::Cluster;

/// Programs that the demo makes.
const PROGRAMS: &str = ".programs";

/// A shell in the demo's repository, whose kubectl talks to the demo's cluster.
pub(crate) struct Shell<'a> {
    folder: &'a Path,
    path: OsString,
    kubeconfig: PathBuf,
}

/// Prints one line of the story.
pub(crate) fn say(text: &str) {
    println!("{text}");
}

/// Digits that nobody can guess.
pub(crate) fn password() -> Result<String> {
    let mut bytes = [0_u8; 16];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut bytes))
        .context("no random bytes")?;
    Ok(u128::from_le_bytes(bytes).to_string())
}

impl<'a> Shell<'a> {
    pub(crate) fn new(folder: &'a Path, programs: &Path, cluster: &Cluster) -> Result<Self> {
        std::fs::create_dir(folder.join(PROGRAMS))?;
        let mut folders = vec![folder.join(PROGRAMS), programs.to_owned()];
        folders.extend(cluster.kubectl_folder());
        let path = std::env::var_os("PATH").unwrap_or_default();
        folders.extend(std::env::split_paths(&path));
        Ok(Self {
            folder,
            path: std::env::join_paths(folders)?,
            kubeconfig: cluster.kubeconfig(folder)?,
        })
    }

    pub(crate) fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder
    }

    /// A folder on its PATH.
    pub(crate) fn programs(&self) -> PathBuf {
        self.folder.join(PROGRAMS)
    }

    /// Says what comes, shows the command, runs it, shows what came back.
    pub(crate) fn step(&self, text: &str, command: &str) -> Result<()> {
        if !text.is_empty() {
            println!("\n# {text}");
        }
        println!("$ {command}");
        let status = self.command(command).status().context("could not run sh")?;
        ensure!(status.success(), "`{command}` ended with {status}");
        Ok(())
    }

    /// Runs a command that is no part of the story.
    pub(crate) fn quietly(&self, command: &str) -> Result<()> {
        let status = self
            .command(command)
            .stdout(Stdio::null())
            .status()
            .context("could not run sh")?;
        ensure!(status.success(), "`{command}` ended with {status}");
        Ok(())
    }

    /// Waits until a command succeeds.
    pub(crate) fn until(&self, command: &str) -> Result<()> {
        wait_for(command, Duration::from_mins(1), || {
            self.quietly(command).ok()
        })
    }

    fn command(&self, text: &str) -> Command {
        let mut command = Command::new("sh");
        command
            .args(["-c", text])
            .current_dir(self.folder)
            .env("PATH", &self.path)
            .env("KUBECONFIG", &self.kubeconfig)
            // What the user's own seal remembers stays as it is.
            .env(
                "SEAL_KNOWN_RECIPIENTS",
                self.folder.join(".known-recipients.json"),
            );
        command
    }
}
