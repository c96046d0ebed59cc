//! Programs built from a Go module as it was published, into the cache folder.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::cache;
use crate::go;

/// A module whose main package is built in the module's own folder, with the versions that it was
/// released with: its `go.sum` is complete, where a module of ours that requires it would need sums of
/// modules that nothing is built from.
pub(crate) struct GoRelease {
    /// Folder name in the cache.
    pub(crate) name: &'static str,
    /// What people read while they wait.
    pub(crate) title: &'static str,
    /// Its path.
    pub(crate) module: &'static str,
    pub(crate) version: &'static str,
    /// Passed to the Go linker.
    pub(crate) ldflags: &'static str,
}

impl GoRelease {
    /// The folder that holds the binary, named as the module; built if it is not there.
    ///
    /// `finish` may add to the folder before it counts as complete. It gets the folder of the module's
    /// sources as well.
    pub(crate) fn build(&self, finish: impl FnOnce(&Path, &Path) -> Result<()>) -> Result<PathBuf> {
        let key = cache::key([self.module, self.version, self.ldflags]);
        cache::build_once(&cache::root()?, self.name, &key, |staging| {
            let source = self.download(staging)?;
            go::compile(self.title, &source, &["."], self.ldflags, staging)?;
            finish(&source, staging)
        })
    }

    /// Where Go keeps its sources.
    fn download(&self, folder: &Path) -> Result<PathBuf> {
        let module = format!("{}@{}", self.module, self.version);
        let output = go::go(folder)
            .args(["mod", "download", "-json", &module])
            .output()
            .with_context(|| format!("could not run `go`: {}", go::ADVICE))?;
        let said: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        match said["Dir"].as_str() {
            Some(source) if output.status.success() => Ok(source.into()),
            _ => bail!(
                "could not download {module}: {}{}",
                said["Error"].as_str().unwrap_or_default(),
                String::from_utf8_lossy(&output.stderr)
            ),
        }
    }
}
