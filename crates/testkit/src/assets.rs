//! Where the control plane's binaries are.
//!
//! For each binary, in the order that users of controller-runtime's envtest expect:
//! 1. its own variable: `TEST_ASSET_KUBE_APISERVER`, `TEST_ASSET_ETCD`, `TEST_ASSET_KUBECTL`,
//!    `TEST_ASSET_KUBE_CONTROLLER_MANAGER`;
//! 2. the folder `KUBEBUILDER_ASSETS`;
//! 3. our cache folder, where they are built when they are not there (about four minutes, once per
//!    machine).

use std::ffi::OsString;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::go::GoModule;

const MODULE: GoModule = GoModule {
    name: "control-plane",
    title: "the control plane (Kubernetes 1.36.3, etcd 3.6.8; four minutes on two cores)",
    files: &[
        ("go.mod", include_str!("../control-plane/go.mod")),
        ("go.sum", include_str!("../control-plane/go.sum")),
        ("main.go", include_str!("../control-plane/main.go")),
    ],
    packages: &["."],
    ldflags: "-s -w -X k8s.io/component-base/version.gitVersion=v1.36.3 \
              -X k8s.io/component-base/version.gitMajor=1 \
              -X k8s.io/component-base/version.gitMinor=36 \
              -X k8s.io/component-base/version.gitTreeState=clean",
};

/// The programs in one folder, as `KUBEBUILDER_ASSETS` has them.
const PROGRAMS: [&str; 4] = [
    "kube-apiserver",
    "etcd",
    "kubectl",
    "kube-controller-manager",
];

/// The binaries of one control plane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assets {
    /// `kube-apiserver`.
    pub apiserver: PathBuf,
    /// `etcd`.
    pub etcd: PathBuf,
    /// `kubectl`.
    pub kubectl: PathBuf,
    /// `kube-controller-manager`, which ready-made asset folders lack: nothing collects garbage,
    /// deletes namespaces or makes service accounts without it.
    pub controller_manager: Option<PathBuf>,
}

/// Finds the binaries, building them if the environment names none.
///
/// # Errors
/// When the environment names a file that is not there, or the build fails.
pub fn find() -> Result<Assets> {
    find_in(|variable| std::env::var_os(variable), build)
}

/// Our own binaries in the cache folder, built if they are not there: a folder for
/// `KUBEBUILDER_ASSETS`.
///
/// # Errors
/// When the build fails.
pub fn build() -> Result<PathBuf> {
    MODULE.build(|_, folder| {
        for program in PROGRAMS {
            symlink("control-plane", folder.join(program))?;
        }
        Ok(())
    })
}

fn find_in(
    variable: impl Fn(&str) -> Option<OsString>,
    build: impl Fn() -> Result<PathBuf>,
) -> Result<Assets> {
    let named = |program: &str| -> Result<Option<PathBuf>> {
        let own = format!("TEST_ASSET_{}", program.to_uppercase().replace('-', "_"));
        if let Some(path) = variable(&own).filter(|path| !path.is_empty()) {
            let path = PathBuf::from(path);
            if !path.is_file() {
                bail!("{own} names {}, which is not a file", path.display());
            }
            return Ok(Some(path));
        }
        let folder = variable("KUBEBUILDER_ASSETS").filter(|path| !path.is_empty());
        Ok(folder
            .map(|folder| PathBuf::from(folder).join(program))
            .filter(|path| path.is_file()))
    };
    let required = |program: &str| -> Result<PathBuf> {
        match named(program)? {
            Some(path) => Ok(path),
            None => Ok(build()?.join(program)),
        }
    };
    let foreign = named("kube-apiserver")?.is_some();
    Ok(Assets {
        apiserver: required("kube-apiserver")?,
        etcd: required("etcd")?,
        kubectl: required("kubectl")?,
        controller_manager: match named("kube-controller-manager")? {
            Some(path) => Some(path),
            // Ours would be of another version than the API server.
            None if foreign => None,
            None => Some(build()?.join("kube-controller-manager")),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// A folder with the named programs in it.
    fn folder(programs: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for program in programs {
            std::fs::write(folder.path().join(program), "").unwrap();
        }
        folder
    }

    fn find(variables: &[(&str, &Path)]) -> Result<Assets> {
        find_in(
            |name| {
                let found = variables.iter().find(|(variable, _)| *variable == name);
                found.map(|(_, path)| path.as_os_str().to_owned())
            },
            || Ok(PathBuf::from("/cache")),
        )
    }

    #[test]
    fn builds_when_nothing_is_named() {
        let assets = find(&[]).unwrap();
        assert_eq!(assets.apiserver, Path::new("/cache/kube-apiserver"));
        assert_eq!(
            assets.controller_manager.unwrap(),
            Path::new("/cache/kube-controller-manager")
        );
    }

    #[test]
    fn a_ready_made_folder_has_no_controller_manager() {
        let folder = folder(&["kube-apiserver", "etcd", "kubectl"]);
        let assets = find(&[("KUBEBUILDER_ASSETS", folder.path())]).unwrap();
        assert_eq!(assets.etcd, folder.path().join("etcd"));
        assert_eq!(assets.controller_manager, None);
    }

    #[test]
    fn a_variable_of_its_own_comes_first() {
        let folder = folder(&["kube-apiserver", "etcd", "kubectl", "other"]);
        let other = folder.path().join("other");
        let assets = find(&[
            ("KUBEBUILDER_ASSETS", folder.path()),
            ("TEST_ASSET_KUBE_CONTROLLER_MANAGER", &other),
        ])
        .unwrap();
        assert_eq!(assets.controller_manager.unwrap(), other);
    }

    #[test]
    fn a_named_file_must_be_there() {
        let error = find(&[("TEST_ASSET_ETCD", Path::new("/nowhere/etcd"))]).unwrap_err();
        assert!(error.to_string().contains("TEST_ASSET_ETCD"), "{error}");
    }
}
