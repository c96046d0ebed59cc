//! Where we are: the repository's root and cargo.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The folder of the workspace's manifest.
pub(crate) fn root() -> Result<PathBuf> {
    let manifest = cargo_command()
        .args(["locate-project", "--workspace", "--message-format=plain"])
        .stderr(Stdio::inherit())
        .output()
        .context("could not run cargo")?;
    if !manifest.status.success() {
        bail!("cargo could not find the workspace");
    }
    let manifest = PathBuf::from(String::from_utf8(manifest.stdout)?.trim());
    let root = manifest.parent().context("the workspace has no folder")?;
    Ok(root.to_owned())
}

/// `cargo metadata --no-deps` of the workspace.
pub(crate) fn metadata() -> Result<Value> {
    let output = cargo_command()
        .args(["metadata", "--no-deps", "--format-version=1"])
        .stderr(Stdio::inherit())
        .output()
        .context("could not run cargo")?;
    if !output.status.success() {
        bail!("cargo metadata failed");
    }
    serde_json::from_slice(&output.stdout).context("cargo metadata gave no JSON")
}

/// The cargo that runs us.
pub(crate) fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// The cargo that runs us, as a command without the variables that it set for this package.
pub(crate) fn cargo_command() -> Command {
    let mut command = Command::new(cargo());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO_PKG_") {
            command.env_remove(name);
        }
    }
    command
        .env_remove("CARGO_MANIFEST_DIR")
        .env_remove("CARGO_MANIFEST_PATH");
    command
}
