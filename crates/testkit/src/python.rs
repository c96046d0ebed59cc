//! A Python with the packages that tests use: the AWS emulators and command line, and `cryptography`
//! for programs that read our formats without our code.
//!
//! It is a virtual environment in the cache folder, made once per machine from
//! `python/requirements.txt`, which pins every package. Run modules with `python -m`: the scripts
//! that pip writes would name the folder in which it was built, so there are none.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};

use crate::cache;
use crate::command::{self, Event};
use crate::progress::Progress;

const REQUIREMENTS: &str = include_str!("../python/requirements.txt");

const ADVICE: &str =
    "install Python 3.10 or newer with its venv module (Debian: python3 and python3-venv)";

/// Tells the versions of Python apart that cannot share an environment.
const VERSION: &str =
    "import sys; print(sys.implementation.cache_tag, sys.platform, sys.base_prefix)";

/// The interpreter of that environment, which is made if it is not there: a minute, and 500 MB.
///
/// # Errors
/// When there is no `python3`, or the packages cannot be installed.
pub fn python() -> Result<PathBuf> {
    static MADE: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let made = MADE.get_or_init(|| make().map_err(|error| format!("{error:#}")));
    made.clone().map_err(anyhow::Error::msg)
}

fn make() -> Result<PathBuf> {
    let version = version()?;
    let key = cache::key([REQUIREMENTS, &version]);
    let folder = cache::build_once(&cache::root()?, "python", &key, install)?;
    Ok(folder.join("bin/python"))
}

fn version() -> Result<String> {
    let output = Command::new("python3")
        .args(["-c", VERSION])
        .output()
        .with_context(|| format!("could not run `python3`: {ADVICE}"))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        bail!("python3 failed: {}", stderr.trim());
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn install(folder: &Path) -> Result<()> {
    let mut progress = Progress::start(
        "the Python environment (AWS emulators and command line; a minute, 500 MB)",
    );
    let mut last = "starting".to_owned();
    let mut step = |command: Command| {
        command::run(command, ADVICE, |event| {
            if let Event::Out(line) = event {
                line.trim().clone_into(&mut last);
            }
            progress.show(&last);
        })
    };
    let mut environment = Command::new("python3");
    environment.args(["-m", "venv"]).arg(folder);
    step(environment)?;
    let requirements = folder.join("requirements.txt");
    fs::write(&requirements, REQUIREMENTS)?;
    let mut packages = pip(folder);
    // The list is complete: nothing that is not pinned comes along.
    packages
        .args(["install", "--no-deps", "--progress-bar=off", "-r"])
        .arg(&requirements);
    step(packages)?;
    let mut complete = pip(folder);
    complete.arg("check");
    step(complete)?;
    remove_scripts(&folder.join("bin"))?;
    progress.finish("done");
    Ok(())
}

fn pip(folder: &Path) -> Command {
    let mut pip = Command::new(folder.join("bin/python"));
    pip.args(["-m", "pip", "--disable-pip-version-check"]);
    pip
}

fn remove_scripts(bin: &Path) -> Result<()> {
    for entry in fs::read_dir(bin)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with("python") && entry.path().is_file() {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
