//! The side of the process that wants servers.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child as Process, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::{Child, Reply, Request};

/// A running supervisor. Dropping it stops its children and waits until they are gone.
#[derive(Debug)]
pub struct Supervisor {
    pid: u32,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    process: Process,
    /// None once the supervisor was told to end.
    requests: Option<ChildStdin>,
    replies: BufReader<ChildStdout>,
}

impl Supervisor {
    /// Starts a supervisor without children. It removes `folder`, if one is given, at its end.
    ///
    /// # Errors
    /// When the program cannot be found, built or run.
    pub fn start(folder: Option<&Path>) -> Result<Self> {
        let binary = binary()?;
        let mut command = Command::new(&binary);
        if let Some(folder) = folder {
            command.arg("--remove").arg(folder);
        }
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .with_context(|| format!("could not run {}", binary.display()))?;
        let requests = process.stdin.take();
        let replies = process
            .stdout
            .take()
            .context("the supervisor has no stdout")?;
        Ok(Self {
            pid: process.id(),
            inner: Mutex::new(Inner {
                process,
                requests,
                replies: BufReader::new(replies),
            }),
        })
    }

    /// The supervisor's own process id.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Starts a child and returns its process id.
    ///
    /// # Errors
    /// When the program cannot be run or a child of that name is running.
    pub fn spawn(&self, child: Child) -> Result<u32> {
        match self.ask(&Request::Start(child))? {
            Reply::Running { pid } => Ok(pid),
            other => bail!("unexpected answer of the supervisor: {other:?}"),
        }
    }

    /// Sends SIGTERM, and SIGKILL when `grace` is over (at once if it is zero), and waits for the
    /// end. Returns how the child ended, in words; one that ended before is no error.
    ///
    /// # Errors
    /// When no child of that name was ever started.
    pub fn stop(&self, name: &str, grace: Duration) -> Result<String> {
        let request = Request::Stop {
            name: name.to_owned(),
            grace_ms: u64::try_from(grace.as_millis())?,
        };
        match self.ask(&request)? {
            Reply::Ended { how } => Ok(how),
            other => bail!("unexpected answer of the supervisor: {other:?}"),
        }
    }

    /// How the child ended, in words, or none while it runs.
    ///
    /// # Errors
    /// When no child of that name was ever started.
    pub fn ended(&self, name: &str) -> Result<Option<String>> {
        let name = name.to_owned();
        Ok(match self.ask(&Request::Status { name })? {
            Reply::Ended { how } => Some(how),
            _ => None,
        })
    }

    fn ask(&self, request: &Request) -> Result<Reply> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let mut line = serde_json::to_string(request)?;
        line.push('\n');
        let requests = inner
            .requests
            .as_mut()
            .context("the supervisor has ended")?;
        requests
            .write_all(line.as_bytes())
            .context("the supervisor is gone")?;
        let mut reply = String::new();
        inner.replies.read_line(&mut reply)?;
        if reply.is_empty() {
            bail!("the supervisor is gone");
        }
        match serde_json::from_str(&reply)? {
            Reply::Failed { message } => bail!(message),
            reply => Ok(reply),
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        let inner = self.inner.get_mut().unwrap_or_else(PoisonError::into_inner);
        drop(inner.requests.take());
        // It ends by itself; nothing can be done if it does not.
        let _ = inner.process.wait();
    }
}

/// The supervisor's program, built if the environment does not name it.
///
/// # Errors
/// When the build fails.
pub fn binary() -> Result<PathBuf> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    if let Some(named) = std::env::var_os("SEAL_SUPERVISOR").filter(|path| !path.is_empty()) {
        return Ok(named.into());
    }
    let built = BUILT.get_or_init(|| build().map_err(|error| format!("{error:#}")));
    built.clone().map_err(anyhow::Error::msg)
}

fn build() -> Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "build",
            "--quiet",
            "--package=testkit",
            "--bin=testkit-supervisor",
        ])
        .args([
            "--message-format=json-render-diagnostics",
            "--manifest-path",
        ])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .stderr(Stdio::piped())
        .output()
        .context("could not run cargo to build the supervisor")?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        bail!("cargo could not build the supervisor:\n{stderr}");
    }
    output
        .stdout
        .split(|&byte| byte == b'\n')
        .filter_map(|line| serde_json::from_slice::<serde_json::Value>(line).ok())
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .context("cargo did not say where the supervisor is")
}
