//! Running a long command and watching what it says.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// Lines of the end that an error repeats.
const TAIL: usize = 30;

/// What happened while a command runs.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// A line of standard output.
    Out(String),
    /// A line of standard error.
    Err(String),
    /// A second without a line.
    Tick,
}

/// Runs a command to its end and tells `seen` what happens meanwhile.
///
/// # Errors
/// When it cannot be run (the message then holds `advice`) or fails (the message then holds the end
/// of what it said: of its standard error, if there was any).
pub(crate) fn run(mut command: Command, advice: &str, mut seen: impl FnMut(&Event)) -> Result<()> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("could not run {command:?}: {advice}"))?;
    let (sender, receiver) = mpsc::channel();
    read(child.stdout.take(), sender.clone(), Event::Out);
    read(child.stderr.take(), sender, Event::Err);
    let (mut out, mut err) = (Tail::default(), Tail::default());
    loop {
        let event = match receiver.recv_timeout(Duration::from_secs(1)) {
            Ok(event) => event,
            Err(RecvTimeoutError::Timeout) => Event::Tick,
            Err(RecvTimeoutError::Disconnected) => break,
        };
        seen(&event);
        match event {
            Event::Out(line) => out.push(line),
            Event::Err(line) => err.push(line),
            Event::Tick => {}
        }
    }
    let status = child.wait()?;
    if !status.success() {
        let said = if err.0.is_empty() { out } else { err };
        let said = Vec::from(said.0).join("\n");
        bail!("{command:?} failed with {status}:\n{said}");
    }
    Ok(())
}

fn read(
    stream: Option<impl Read + Send + 'static>,
    sender: Sender<Event>,
    event: impl Fn(String) -> Event + Send + 'static,
) {
    let Some(stream) = stream else { return };
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if sender.send(event(line)).is_err() {
                break;
            }
        }
    });
}

/// The last lines.
#[derive(Default)]
struct Tail(VecDeque<String>);

impl Tail {
    fn push(&mut self, line: String) {
        if self.0.len() == TAIL {
            self.0.pop_front();
        }
        self.0.push_back(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", script]);
        shell
    }

    #[test]
    fn both_streams_are_seen() {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        run(
            shell("echo 1; echo 2 >&2; echo 3"),
            "",
            |event| match event {
                Event::Out(line) => out.push(line.clone()),
                Event::Err(line) => err.push(line.clone()),
                Event::Tick => {}
            },
        )
        .unwrap();
        assert_eq!((out.join(""), err.join("")), ("13".into(), "2".into()));
    }

    #[test]
    fn failures_hold_the_end_of_what_was_said() {
        let failed = |script| format!("{:#}", run(shell(script), "", |_| {}).unwrap_err());
        let both = failed("echo out; seq 100 >&2; exit 3");
        assert!(both.contains("exit status: 3"), "{both}");
        assert!(
            both.ends_with("\n99\n100") && !both.contains("out\n"),
            "{both}"
        );
        assert!(
            !both.contains("\n70\n") && both.contains("\n71\n"),
            "{both}"
        );
        let silent = failed("echo out; exit 1");
        assert!(silent.ends_with("\nout"), "{silent}");
    }

    #[test]
    fn what_cannot_be_run_comes_with_advice() {
        let nowhere = Command::new("/nowhere/program");
        let error = run(nowhere, "install it", |_| {}).unwrap_err();
        assert!(error.to_string().ends_with(": install it"), "{error}");
    }
}
