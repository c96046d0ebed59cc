//! Programs built from a Go module of ours into the cache folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::cache;
use crate::command::{self, Event};
use crate::progress::Progress;

pub(crate) const ADVICE: &str = "install Go 1.26 or newer; for the control plane alone, KUBEBUILDER_ASSETS may \
                      name a folder with kube-apiserver, etcd and kubectl instead";

/// A Go module whose files are part of this crate, and what to build from it.
pub(crate) struct GoModule {
    /// Folder name in the cache.
    pub(crate) name: &'static str,
    /// What people read while they wait.
    pub(crate) title: &'static str,
    /// Name and content of each file.
    pub(crate) files: &'static [(&'static str, &'static str)],
    /// The main packages.
    pub(crate) packages: &'static [&'static str],
    /// Passed to the Go linker.
    pub(crate) ldflags: &'static str,
}

impl GoModule {
    /// The folder that holds the binaries, each named as its package; built if they are not there.
    ///
    /// `finish` may add to the folder before it counts as complete. It gets the folder of the
    /// module's sources as well, which is gone afterwards.
    pub(crate) fn build(&self, finish: impl FnOnce(&Path, &Path) -> Result<()>) -> Result<PathBuf> {
        cache::build_once(&cache::root()?, self.name, &self.key(), |staging| {
            let source = staging.join("source");
            fs::create_dir(&source)?;
            for (name, content) in self.files {
                fs::write(source.join(name), content)?;
            }
            compile(self.title, &source, self.packages, self.ldflags, staging)?;
            finish(&source, staging)?;
            Ok(fs::remove_dir_all(source)?)
        })
    }

    /// Changes when anything does that the binaries are made of.
    fn key(&self) -> String {
        let texts = self
            .files
            .iter()
            .flat_map(|&(name, content)| [name, content]);
        cache::key(
            texts
                .chain(self.packages.iter().copied())
                .chain([self.ldflags]),
        )
    }
}

/// Builds main packages of the module in the folder `source` into the folder `out`.
pub(crate) fn compile(
    title: &str,
    source: &Path,
    packages: &[&str],
    ldflags: &str,
    out: &Path,
) -> Result<()> {
    let mut progress = Progress::start(title);
    let mut list = go(source);
    list.args(["list", "-deps"]).args(packages);
    let mut count = 0;
    command::run(list, ADVICE, |event| match event {
        Event::Out(_) => count += 1,
        Event::Err(line) => progress.show(line),
        Event::Tick => progress.show("fetching modules"),
    })?;
    let mut build = go(source);
    build
        .args(["build", "-v", "-trimpath", "-ldflags", ldflags, "-o"])
        .arg(out.join(""))
        .args(packages);
    let mut done = 0;
    command::run(build, ADVICE, |event| {
        if let Event::Err(_) = event {
            done += 1;
        }
        progress.show(&format!("{done} of at most {count} packages"));
    })?;
    progress.finish("done");
    Ok(())
}

/// `go` in a folder.
pub(crate) fn go(folder: &Path) -> Command {
    let mut go = Command::new("go");
    go.current_dir(folder)
        .env("CGO_ENABLED", "0")
        // A cache folder inside a repository must not ask git for versions.
        .env("GOFLAGS", "-buildvcs=false");
    go
}
