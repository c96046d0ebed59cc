//! Programs built from a Go module of ours into the cache folder.

use std::collections::VecDeque;
use std::fmt::Write;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::cache;
use crate::progress::Progress;

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
            self.compile(&source, staging)?;
            finish(&source, staging)?;
            Ok(fs::remove_dir_all(source)?)
        })
    }

    /// Changes when anything does that the binaries are made of.
    fn key(&self) -> String {
        let mut hash = Sha256::new();
        let texts = self
            .files
            .iter()
            .flat_map(|(name, content)| [name, content]);
        for text in texts.chain(self.packages).chain([&self.ldflags]) {
            hash.update(text.len().to_le_bytes());
            hash.update(text);
        }
        hash.finalize()
            .iter()
            .take(8)
            .fold(String::new(), |mut key, byte| {
                // A String takes any text.
                let _ = write!(key, "{byte:02x}");
                key
            })
    }

    fn compile(&self, source: &Path, out: &Path) -> Result<()> {
        let mut progress = Progress::start(self.title);
        let mut list = go(source);
        list.args(["list", "-deps"]).args(self.packages);
        let packages = run(list, |_, line| {
            progress.show(line.unwrap_or("fetching modules"));
        })?;
        let mut build = go(source);
        build
            .args(["build", "-v", "-trimpath", "-ldflags", self.ldflags, "-o"])
            .arg(out.join(""))
            .args(self.packages);
        run(build, |done, _| {
            progress.show(&format!("{done} of at most {packages} packages"));
        })?;
        progress.finish("done");
        Ok(())
    }
}

fn go(folder: &Path) -> Command {
    let mut go = Command::new("go");
    go.current_dir(folder)
        .env("CGO_ENABLED", "0")
        // A cache folder inside a repository must not ask git for versions.
        .env("GOFLAGS", "-buildvcs=false");
    go
}

/// Runs a Go command, telling `seen` how many lines its standard error had so far and the last one
/// (none at the ticks of the clock). Returns the number of lines of its standard output.
fn run(mut command: Command, mut seen: impl FnMut(usize, Option<&str>)) -> Result<usize> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context(
            "could not run `go`: install Go 1.26 or newer; for the control plane alone, \
             KUBEBUILDER_ASSETS may name a folder with kube-apiserver, etcd and kubectl instead",
        )?;
    let stdout = child.stdout.take().context("no stdout")?;
    let counter = std::thread::spawn(move || BufReader::new(stdout).lines().count());
    let (sender, receiver) = mpsc::channel();
    let stderr = child.stderr.take().context("no stderr")?;
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    let mut count = 0;
    let mut tail = VecDeque::new();
    loop {
        match receiver.recv_timeout(Duration::from_secs(1)) {
            Ok(line) => {
                count += 1;
                seen(count, Some(&line));
                tail.push_back(line);
                if tail.len() > 30 {
                    tail.pop_front();
                }
            }
            Err(RecvTimeoutError::Timeout) => seen(count, None),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    let status = child.wait()?;
    if !status.success() {
        bail!(
            "{command:?} failed with {status}:\n{}",
            Vec::from(tail).join("\n")
        );
    }
    counter
        .join()
        .ok()
        .context("could not read the output of go")
}
