//! The programs that we are measured against, and that must read what we write: Sealed Secrets
//! 0.40.0 and age 1.3.2, built from their Go modules (about a minute and a half), and rage 0.12.1,
//! built from crates.io (about two minutes), and External Secrets Operator 0.20.4, built in its own module
//! (about four minutes), each once per machine into the cache folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::go::GoModule;
use crate::go_release::GoRelease;
use crate::rust::RustPackage;

const GO: GoModule = GoModule {
    name: "peers",
    title: "the peers (Sealed Secrets 0.40.0, age 1.3.2; a minute and a half on two cores)",
    files: &[
        ("go.mod", include_str!("../peers/go.mod")),
        ("go.sum", include_str!("../peers/go.sum")),
    ],
    packages: &[
        "github.com/bitnami/sealed-secrets/cmd/kubeseal",
        "github.com/bitnami/sealed-secrets/cmd/controller",
        "filippo.io/age/cmd/age",
        "filippo.io/age/cmd/age-inspect",
        "filippo.io/age/cmd/age-keygen",
        "filippo.io/age/cmd/age-plugin-batchpass",
    ],
    // The two projects do not write the variable alike.
    ldflags: "-s -w -X main.VERSION=0.40.0 -X main.Version=v1.3.2",
};

const RAGE: RustPackage = RustPackage {
    name: "rage",
    title: "rage 0.12.1 (two minutes on two cores)",
    version: "0.12.1",
    features: "ssh",
};

const OPERATOR: GoRelease = GoRelease {
    name: "external-secrets",
    title: "External Secrets Operator 0.20.4 (four minutes on two cores)",
    module: "github.com/external-secrets/external-secrets",
    version: "v0.20.4",
    ldflags: "-s -w",
};

const CRD: &str = "crd.yaml";

/// The folders with all of them, built if they are not there.
///
/// # Errors
/// When a build fails.
pub fn build() -> Result<[PathBuf; 3]> {
    Ok([go_programs()?, RAGE.build()?, operator()?])
}

/// The real `kubeseal`.
///
/// # Errors
/// When the build fails.
pub fn kubeseal() -> Result<PathBuf> {
    Ok(go_programs()?.join("kubeseal"))
}

/// The real Sealed Secrets controller; [`crate::RealController`] runs it.
///
/// # Errors
/// When the build fails.
pub fn controller() -> Result<PathBuf> {
    Ok(go_programs()?.join("controller"))
}

/// The custom resource definition that the real controller ships with.
///
/// # Errors
/// When the build fails.
pub fn crd() -> Result<PathBuf> {
    Ok(go_programs()?.join(CRD))
}

/// The real External Secrets Operator; [`crate::RealOperator`] runs it.
///
/// # Errors
/// When the build fails.
pub fn external_secrets() -> Result<PathBuf> {
    Ok(operator()?.join("external-secrets"))
}

/// The custom resource definitions that it ships with, all in one file: apply them server-side.
///
/// # Errors
/// When the build fails.
pub fn external_secrets_crds() -> Result<PathBuf> {
    Ok(operator()?.join(CRD))
}

/// The stock `age`. It looks for plug-ins on the PATH: [`age_plugins`].
///
/// # Errors
/// When the build fails.
pub fn age() -> Result<PathBuf> {
    Ok(go_programs()?.join("age"))
}

/// `age-keygen`, which makes post-quantum keys as well (`-pq`).
///
/// # Errors
/// When the build fails.
pub fn age_keygen() -> Result<PathBuf> {
    Ok(go_programs()?.join("age-keygen"))
}

/// `age-inspect`, which tells the recipients' kinds and the sizes of a file (`--json`).
///
/// # Errors
/// When the build fails.
pub fn age_inspect() -> Result<PathBuf> {
    Ok(go_programs()?.join("age-inspect"))
}

/// A folder with `age-plugin-batchpass`, a plug-in for passphrases without a terminal (`-j
/// batchpass`, with `AGE_PASSPHRASE`): for the PATH of `age`, `rage` and ours.
///
/// # Errors
/// When the build fails.
pub fn age_plugins() -> Result<PathBuf> {
    go_programs()
}

/// The other stock age program, `rage`.
///
/// # Errors
/// When the build fails.
pub fn rage() -> Result<PathBuf> {
    Ok(RAGE.build()?.join("rage"))
}

/// `rage-keygen`.
///
/// # Errors
/// When the build fails.
pub fn rage_keygen() -> Result<PathBuf> {
    Ok(RAGE.build()?.join("rage-keygen"))
}

/// The system's `openssl`, if it is on the PATH; tests without it [`crate::skip`].
pub fn openssl() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join("openssl"))
        .find(|program| program.is_file())
}

fn go_programs() -> Result<PathBuf> {
    GO.build(|source, folder| {
        let module = module_folder(source)?;
        let crd = "helm/sealed-secrets/crds/bitnami.com_sealedsecrets.yaml";
        keep_crd(&module.join(crd), folder)
    })
}

fn operator() -> Result<PathBuf> {
    OPERATOR.build(|source, folder| keep_crd(&source.join("deploy/crds/bundle.yaml"), folder))
}

fn keep_crd(file: &Path, folder: &Path) -> Result<()> {
    let text = fs::read(file).with_context(|| format!("could not read {}", file.display()))?;
    Ok(fs::write(folder.join(CRD), text)?)
}

/// Where Go keeps the sources of Sealed Secrets.
fn module_folder(source: &Path) -> Result<PathBuf> {
    let output = Command::new("go")
        .current_dir(source)
        .args([
            "list",
            "-m",
            "-f",
            "{{.Dir}}",
            "github.com/bitnami/sealed-secrets",
        ])
        .output()
        .context("could not run `go`")?;
    if !output.status.success() {
        bail!(
            "go list failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(String::from_utf8(output.stdout)?.trim().into())
}
