//! The supervisor's own side.

use std::fs::{self, File};
use std::io::{BufRead, Write};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use super::{Child, GRACE_MS, Reply, Request};
use crate::wait::wait_for;

/// Serves requests until `requests` ends, then stops all children, the last started first, and
/// removes `folder`.
///
/// # Errors
/// When the folder cannot be removed. Broken requests and children that do not start are answered,
/// not returned.
pub fn serve(requests: impl BufRead, mut replies: impl Write, folder: Option<&Path>) -> Result<()> {
    let mut children = Children::default();
    for line in requests.lines() {
        let Ok(line) = line else { break };
        let reply = children
            .answer(&line)
            .unwrap_or_else(|error| Reply::Failed {
                message: format!("{error:#}"),
            });
        let text = serde_json::to_string(&reply)?;
        // An owner that does not listen any more is gone.
        if writeln!(replies, "{text}")
            .and_then(|()| replies.flush())
            .is_err()
        {
            break;
        }
    }
    children.stop_all();
    match folder {
        Some(folder) if folder.exists() => fs::remove_dir_all(folder)
            .with_context(|| format!("could not remove {}", folder.display())),
        _ => Ok(()),
    }
}

/// In the order of their start. A child that ended stays, unreaped or remembered, until it is
/// started again, so its process id is never signalled after it went to someone else.
#[derive(Default)]
struct Children(Vec<(String, std::process::Child)>);

impl Children {
    fn answer(&mut self, line: &str) -> Result<Reply> {
        match serde_json::from_str(line)? {
            Request::Start(child) => self.start(&child),
            Request::Stop { name, grace_ms } => {
                let child = self.find(&name)?;
                Ok(ended(stop(child, Duration::from_millis(grace_ms))?))
            }
            Request::Status { name } => {
                let child = self.find(&name)?;
                Ok(match child.try_wait()? {
                    Some(status) => ended(status),
                    None => Reply::Running { pid: child.id() },
                })
            }
        }
    }

    fn start(&mut self, wanted: &Child) -> Result<Reply> {
        if let Some(index) = self.0.iter().position(|(name, _)| *name == wanted.name) {
            if self.0[index].1.try_wait()?.is_none() {
                bail!("{} is running already", wanted.name);
            }
            self.0.remove(index);
        }
        let log = File::options()
            .create(true)
            .append(true)
            .open(&wanted.log)
            .with_context(|| format!("could not open {}", wanted.log.display()))?;
        let mut command = Command::new(&wanted.program);
        command
            .args(&wanted.args)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        for (name, value) in &wanted.env {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let child = command
            .spawn()
            .with_context(|| format!("could not run {}", wanted.program.display()))?;
        let pid = child.id();
        self.0.push((wanted.name.clone(), child));
        Ok(Reply::Running { pid })
    }

    fn find(&mut self, name: &str) -> Result<&mut std::process::Child> {
        let found = self.0.iter_mut().find(|(known, _)| known == name);
        found
            .map(|(_, child)| child)
            .with_context(|| format!("{name} was never started"))
    }

    fn stop_all(&mut self) {
        for (_, child) in self.0.iter_mut().rev() {
            // Nobody is left to report to.
            let _ = stop(child, Duration::from_millis(GRACE_MS));
        }
    }
}

fn stop(child: &mut std::process::Child, grace: Duration) -> Result<ExitStatus> {
    if let Some(status) = child.try_wait()? {
        return Ok(status);
    }
    if !grace.is_zero() {
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.context("no process id")?, Signal::TERM)?;
        let ended = wait_for("the child to end", grace, || {
            child.try_wait().ok().flatten()
        });
        if let Ok(status) = ended {
            return Ok(status);
        }
    }
    child.kill()?;
    Ok(child.wait()?)
}

fn ended(status: ExitStatus) -> Reply {
    Reply::Ended {
        how: status.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Serves `requests` and returns the replies, line by line.
    fn talk(requests: &[String]) -> Vec<String> {
        let mut replies = Vec::new();
        serve(requests.join("\n").as_bytes(), &mut replies, None).unwrap();
        let replies = String::from_utf8(replies).unwrap();
        replies.lines().map(ToOwned::to_owned).collect()
    }

    fn start(name: &str, program: &str, args: &[&str], log: &Path) -> String {
        serde_json::to_string(&Request::Start(Child {
            name: name.to_owned(),
            program: program.into(),
            args: args.iter().map(|&arg| arg.to_owned()).collect(),
            env: [("GREETING".to_owned(), Some("hello".to_owned()))].into(),
            log: log.to_owned(),
        }))
        .unwrap()
    }

    fn stop(name: &str, grace_ms: u64) -> String {
        let name = name.to_owned();
        serde_json::to_string(&Request::Stop { name, grace_ms }).unwrap()
    }

    #[test]
    fn output_goes_to_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let script = "echo $GREETING; echo to stderr >&2; kill $$";
        let replies = talk(&[start("sh", "sh", &["-c", script], &log), stop("sh", 60_000)]);
        assert!(replies[0].contains("Running"), "{replies:?}");
        assert!(replies[1].contains("SIGTERM"), "{replies:?}");
        let log = std::fs::read_to_string(log).unwrap();
        assert!("hello\nto stderr\n".starts_with(&log), "{log}");
    }

    #[test]
    fn one_that_ignores_sigterm_is_killed() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let script = "trap '' TERM; while :; do sleep 0.05; done";
        let replies = talk(&[start("sh", "sh", &["-c", script], &log), stop("sh", 200)]);
        assert!(replies[1].contains("signal"), "{replies:?}");
    }

    #[test]
    fn trouble_is_answered() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let replies = talk(&[
            start("none", "/nowhere/program", &[], &log),
            stop("stranger", 0),
            "not JSON".to_owned(),
            start("twice", "sleep", &["60"], &log),
            start("twice", "sleep", &["60"], &log),
        ]);
        assert!(replies[0].contains("/nowhere/program"), "{replies:?}");
        assert!(replies[1].contains("never started"), "{replies:?}");
        assert!(replies[2].contains("Failed"), "{replies:?}");
        assert!(replies[4].contains("running already"), "{replies:?}");
    }

    #[test]
    fn the_folder_goes_last() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("state");
        std::fs::create_dir(&folder).unwrap();
        serve(std::io::empty(), std::io::sink(), Some(&folder)).unwrap();
        assert!(!folder.exists());
    }
}
