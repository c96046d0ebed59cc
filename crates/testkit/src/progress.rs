//! What is seen of a long build: what it is, how far, how long.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// A line on standard error about one long piece of work.
///
/// On a terminal it is rewritten in place, elsewhere repeated now and then. It does not pass
/// through the test harness's capture: a test that waits minutes for a first build must say so.
pub(crate) struct Progress {
    what: String,
    started: Instant,
    terminal: bool,
    shown: Option<Instant>,
}

impl Progress {
    pub(crate) fn start(what: &str) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let mut progress = Self {
            what: what.to_owned(),
            started: Instant::now(),
            terminal,
            shown: None,
        };
        progress.show("starting");
        progress
    }

    /// Says where the work stands, unless that was said a moment ago.
    pub(crate) fn show(&mut self, state: &str) {
        let pause = Duration::from_secs(if self.terminal { 1 } else { 15 });
        if self.shown.is_some_and(|shown| shown.elapsed() < pause) {
            return;
        }
        self.shown = Some(Instant::now());
        self.write(state, false);
    }

    pub(crate) fn finish(self, state: &str) {
        self.write(state, true);
    }

    fn write(&self, state: &str, last: bool) {
        let seconds = self.started.elapsed().as_secs();
        let line = format!(
            "building {}: {state} ({}:{:02})",
            self.what,
            seconds / 60,
            seconds % 60
        );
        let mut stderr = std::io::stderr().lock();
        // Progress that cannot be shown is not worth failing for.
        let _ = match (self.terminal, last) {
            (true, false) => write!(stderr, "\r\x1b[2K{line}"),
            (true, true) => writeln!(stderr, "\r\x1b[2K{line}"),
            (false, _) => writeln!(stderr, "{line}"),
        };
        let _ = stderr.flush();
    }
}
