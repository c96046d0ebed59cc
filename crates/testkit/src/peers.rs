//! The programs that we are measured against: Sealed Secrets 0.40.0 itself, built from its Go
//! module into the cache folder (about a minute and a half, once per machine).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::go::GoModule;

const SEALED_SECRETS: GoModule = GoModule {
    name: "peers",
    title: "the peers (Sealed Secrets 0.40.0; a minute and a half on two cores)",
    files: &[
        ("go.mod", include_str!("../peers/go.mod")),
        ("go.sum", include_str!("../peers/go.sum")),
    ],
    packages: &[
        "github.com/bitnami/sealed-secrets/cmd/kubeseal",
        "github.com/bitnami/sealed-secrets/cmd/controller",
    ],
    ldflags: "-s -w -X main.VERSION=0.40.0",
};

const CRD: &str = "crd.yaml";

/// The folder with all of them, built if it is not there.
///
/// # Errors
/// When the build fails.
pub fn build() -> Result<PathBuf> {
    SEALED_SECRETS.build(|source, folder| {
        let module = module_folder(source)?;
        let crd = module.join("helm/sealed-secrets/crds/bitnami.com_sealedsecrets.yaml");
        let text = fs::read(&crd).with_context(|| format!("could not read {}", crd.display()))?;
        Ok(fs::write(folder.join(CRD), text)?)
    })
}

/// The real `kubeseal`.
///
/// # Errors
/// When the build fails.
pub fn kubeseal() -> Result<PathBuf> {
    Ok(build()?.join("kubeseal"))
}

/// The real Sealed Secrets controller; [`crate::RealController`] runs it.
///
/// # Errors
/// When the build fails.
pub fn controller() -> Result<PathBuf> {
    Ok(build()?.join("controller"))
}

/// The custom resource definition that the real controller ships with.
///
/// # Errors
/// When the build fails.
pub fn crd() -> Result<PathBuf> {
    Ok(build()?.join(CRD))
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
