//! `cargo xtask kube`: a Kubernetes control plane on this machine, without containers.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use serde_json::{Value, json};
use testkit::{ControlPlane, Options, is_alive, started_at, wait_for};

#[derive(Subcommand)]
pub(crate) enum Task {
    /// Builds the servers and kubectl into the cache folder, once per machine
    Build,
    /// Starts a control plane in the background, unless one is running
    Up,
    /// Stops the control plane that `up` started
    Down,
    /// Runs a control plane until standard input ends or Ctrl-C
    Run {
        /// Report to this file and run until killed (what `up` does)
        #[arg(long, hide = true)]
        state: Option<PathBuf>,
    },
}

pub(crate) fn run(task: &Task) -> Result<()> {
    match task {
        Task::Build => build(),
        Task::Up => up(),
        Task::Down => down(),
        Task::Run { state: None } => run_here(),
        Task::Run { state: Some(state) } => run_for_up(state),
    }
}

fn build() -> Result<()> {
    let folder = testkit::assets::build()?;
    writeln!(
        std::io::stdout(),
        "export KUBEBUILDER_ASSETS={}",
        folder.display()
    )?;
    Ok(())
}

fn up() -> Result<()> {
    let folder = testkit::cache::root()?.join("kube");
    fs::create_dir_all(&folder)?;
    let file = folder.join("state.json");
    if let Some(state) = State::read(&file).filter(State::is_running) {
        return state.introduce();
    }
    // The minutes that a first build takes belong before, where they are seen.
    testkit::assets::find()?;
    testkit::supervisor::binary()?;
    remove_if_there(&file)?;
    let log = folder.join("log");
    let output = File::create(&log)?;
    let mut child = Command::new(std::env::current_exe()?)
        .args(["kube", "run", "--state"])
        .arg(&file)
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .process_group(0)
        .spawn()?;
    let state = wait_for("the control plane", Duration::from_mins(5), || {
        let state = State::read(&file);
        match child.try_wait() {
            Ok(None) => state.map(Some),
            _ => Some(None),
        }
    })?;
    match state {
        Some(state) => state.introduce(),
        None => bail!("{}", fs::read_to_string(log)?),
    }
}

fn down() -> Result<()> {
    let file = testkit::cache::root()?.join("kube/state.json");
    let state = State::read(&file).filter(State::is_running);
    if let Some(state) = &state {
        // Its supervisor then stops the servers in order.
        let killed = Command::new("kill")
            .arg(state.runner.0.to_string())
            .status()?;
        if !killed.success() {
            bail!("could not stop process {}", state.runner.0);
        }
        wait_for("the control plane to end", Duration::from_mins(1), || {
            (!is_alive(state.supervisor)).then_some(())
        })?;
    }
    remove_if_there(&file)?;
    let said = if state.is_some() {
        "stopped"
    } else {
        "nothing was running"
    };
    Ok(writeln!(std::io::stdout(), "{said}")?)
}

fn run_here() -> Result<()> {
    let plane = ControlPlane::start(&Options::default())?;
    State::of(&plane)?.introduce()?;
    writeln!(std::io::stdout(), "# runs until Ctrl-C or Ctrl-D")?;
    std::io::copy(&mut std::io::stdin().lock().by_ref(), &mut std::io::sink())?;
    Ok(())
}

fn run_for_up(file: &Path) -> Result<()> {
    let plane = ControlPlane::start(&Options::default())?;
    State::of(&plane)?.write(file)?;
    // `down` kills this process; its supervisor then ends the servers.
    loop {
        std::thread::park();
    }
}

/// What `down` and a second `up` must know.
struct State {
    /// The process that holds the control plane: id and start time, as ids are used again.
    runner: (u32, u64),
    supervisor: u32,
    kubeconfig: PathBuf,
    kubectl: PathBuf,
}

impl State {
    fn of(plane: &ControlPlane) -> Result<Self> {
        let own = std::process::id();
        let started = started_at(own).context("no /proc here")?;
        Ok(Self {
            runner: (own, started),
            supervisor: plane.supervisor_pid(),
            kubeconfig: plane.kubeconfig().to_owned(),
            kubectl: plane.assets().kubectl.clone(),
        })
    }

    fn write(&self, path: &Path) -> Result<()> {
        let state = json!({
            "runner": self.runner.0,
            "started": self.runner.1,
            "supervisor": self.supervisor,
            "kubeconfig": self.kubeconfig,
            "kubectl": self.kubectl,
        });
        // In one step: `up` waits for a complete file.
        let unfinished = path.with_extension("unfinished");
        fs::write(&unfinished, state.to_string())?;
        Ok(fs::rename(unfinished, path)?)
    }

    fn read(path: &Path) -> Option<Self> {
        let state: Value = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        let number = |name: &str| state[name].as_u64();
        let id = |name: &str| u32::try_from(number(name)?).ok();
        Some(Self {
            runner: (id("runner")?, number("started")?),
            supervisor: id("supervisor")?,
            kubeconfig: state["kubeconfig"].as_str()?.into(),
            kubectl: state["kubectl"].as_str()?.into(),
        })
    }

    fn is_running(&self) -> bool {
        started_at(self.runner.0) == Some(self.runner.1)
    }

    fn introduce(&self) -> Result<()> {
        let mut stdout = std::io::stdout().lock();
        writeln!(stdout, "# a control plane is running; in your shell:")?;
        writeln!(stdout, "export KUBECONFIG={}", self.kubeconfig.display())?;
        writeln!(stdout, "alias kubectl={}", self.kubectl.display())?;
        writeln!(stdout, "kubectl get namespaces")?;
        writeln!(stdout, "# stop it with: cargo xtask kube down")?;
        Ok(())
    }
}

fn remove_if_there(file: &Path) -> Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(started: u64) -> State {
        State {
            runner: (std::process::id(), started),
            supervisor: 1,
            kubeconfig: "/tmp/config".into(),
            kubectl: "/bin/kubectl".into(),
        }
    }

    #[test]
    fn state_survives_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state.json");
        assert!(State::read(&file).is_none());
        let started = started_at(std::process::id()).unwrap();
        state(started).write(&file).unwrap();
        let read = State::read(&file).unwrap();
        assert!(read.is_running());
        assert_eq!(read.kubeconfig, Path::new("/tmp/config"));
    }

    #[test]
    fn another_process_of_the_same_id_is_not_ours() {
        let started = started_at(std::process::id()).unwrap();
        assert!(!state(started - 1).is_running());
    }
}
