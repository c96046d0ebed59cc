//! A program of ours, or a peer's, as a test sees it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::supervisor::{Child, Supervisor};

/// What to run and where its output goes.
#[derive(Clone, Debug)]
pub struct Program {
    child: Child,
}

impl Program {
    /// The program at `path`, writing standard output and standard error to the file `log`.
    pub fn new(path: impl AsRef<Path>, log: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        let name = path.file_name().unwrap_or(OsStr::new("program"));
        Self {
            child: Child {
                name: name.to_string_lossy().into_owned(),
                program: path.to_owned(),
                args: Vec::new(),
                env: BTreeMap::new(),
                log: log.as_ref().to_owned(),
            },
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.child.args.push(arg.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args(mut self, args: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.child.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.child.env.insert(name.to_owned(), Some(value.into()));
        self
    }

    /// Hides a variable of the test's own environment.
    #[must_use]
    pub fn env_remove(mut self, name: &str) -> Self {
        self.child.env.insert(name.to_owned(), None);
        self
    }

    /// Under another name than its file's, for two of the same under one supervisor.
    pub(crate) fn into_child(mut self, name: &str) -> Child {
        name.clone_into(&mut self.child.name);
        self.child
    }
}

/// A running program. It ends with its owner: see [`crate::supervisor`].
#[derive(Debug)]
pub struct Process {
    supervisor: Supervisor,
    child: Child,
    pid: u32,
}

impl Process {
    /// Starts it.
    ///
    /// # Errors
    /// When it cannot be run.
    pub fn start(program: Program) -> Result<Self> {
        let supervisor = Supervisor::start(None)?;
        let child = program.child;
        let pid = supervisor.spawn(child.clone())?;
        Ok(Self {
            supervisor,
            child,
            pid,
        })
    }

    /// Starts it again as it was started before, after [`Self::kill`] or [`Self::stop`].
    ///
    /// # Errors
    /// When it is still running or cannot be run.
    pub fn restart(&mut self) -> Result<()> {
        self.pid = self.supervisor.spawn(self.child.clone())?;
        Ok(())
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// SIGKILL; returns when it is gone.
    ///
    /// # Errors
    /// When the supervisor is gone.
    pub fn kill(&self) -> Result<()> {
        self.stop_within(Duration::ZERO).map(|_| ())
    }

    /// SIGTERM, and SIGKILL after five seconds; returns how it ended, in words (`exit status: 0`,
    /// `signal: 15 (SIGTERM)`).
    ///
    /// # Errors
    /// When the supervisor is gone.
    pub fn stop(&self) -> Result<String> {
        self.stop_within(Duration::from_millis(crate::supervisor::GRACE_MS))
    }

    /// [`Self::stop`] with another grace period.
    ///
    /// # Errors
    /// When the supervisor is gone.
    pub fn stop_within(&self, grace: Duration) -> Result<String> {
        self.supervisor.stop(&self.child.name, grace)
    }

    /// How it ended, in words, or none while it runs.
    ///
    /// # Errors
    /// When the supervisor is gone.
    pub fn ended(&self) -> Result<Option<String>> {
        self.supervisor.ended(&self.child.name)
    }

    /// The file that holds its output.
    pub fn log(&self) -> &Path {
        &self.child.log
    }

    /// What it has written so far; bytes that are not UTF-8 are replaced.
    pub fn log_text(&self) -> String {
        fs::read(self.log())
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// Its resident memory in bytes (Linux only).
    ///
    /// # Errors
    /// When it is not running.
    pub fn rss(&self) -> Result<u64> {
        self.memory("VmRSS:")
    }

    /// The most resident memory that it ever had, in bytes (Linux only).
    ///
    /// # Errors
    /// When it is not running.
    pub fn peak_rss(&self) -> Result<u64> {
        self.memory("VmHWM:")
    }

    fn memory(&self, field: &str) -> Result<u64> {
        let path = PathBuf::from(format!("/proc/{}/status", self.pid));
        let status = fs::read_to_string(&path)
            .with_context(|| format!("could not read {}", path.display()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(field));
        let kibibytes: u64 = line
            .and_then(|line| line.split_whitespace().next())
            .and_then(|number| number.parse().ok())
            .with_context(|| format!("process {} is not running", self.pid))?;
        Ok(kibibytes * 1024)
    }

    /// The processor time that it has used, in steps of 10 ms (Linux only).
    ///
    /// # Errors
    /// It is not running.
    pub fn cpu(&self) -> Result<Duration> {
        let path = PathBuf::from(format!("/proc/{}/stat", self.pid));
        let stat = fs::read_to_string(&path)
            .with_context(|| format!("could not read {}", path.display()))?;
        // The name before may hold anything but ends with the last parenthesis (proc(5)).
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
        let ticks: u64 = fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|ticks| ticks.parse::<u64>().ok())
            .sum();
        Ok(Duration::from_millis(ticks * 10))
    }
}

/// When a process started, in clock ticks since boot (Linux only); none if there is no such
/// process or it is a zombie. With its id this names a process even after ids are used again.
pub fn started_at(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // Fields from the third on; the second is a name in parentheses that may hold anything.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    if matches!(fields.next()?, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

/// Whether there is a running process of that id.
pub fn is_alive(pid: u32) -> bool {
    started_at(pid).is_some()
}
