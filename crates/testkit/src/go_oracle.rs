//! Programs in Go that answer what Go's own libraries make of a question.
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a broken oracle ends the test that asks it"
)]

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::wait::skip;

/// A program of `tests/oracles`: one line is a question, one line its answer.
#[derive(Debug)]
pub struct GoOracle(PathBuf);

impl GoOracle {
    /// Builds it into `target`, under the name of the test: tests build at the same time. Nothing, and a
    /// line that says so, where there is no Go.
    ///
    /// # Panics
    /// When Go does not build it.
    #[must_use]
    pub fn build(module: &str, test: &str, target: &Path) -> Option<Self> {
        let binary = target.join(format!("{module}-oracle-{test}"));
        let source = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../tests/oracles")
            .join(module);
        let build = Command::new("go")
            .args(["build", "-buildvcs=false", "-o"])
            .arg(&binary)
            .arg(".")
            .current_dir(source)
            .output();
        match build {
            Ok(output) => {
                let stderr = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success(), "go build: {stderr}");
                Some(Self(binary))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                skip("the comparison with Go needs the program `go`");
                None
            }
            Err(error) => panic!("go cannot be run: {error}"),
        }
    }

    /// The answer to each question.
    ///
    /// # Panics
    /// When it does not answer all of them.
    #[must_use]
    pub fn ask(&self, questions: &[String]) -> Vec<String> {
        let mut child = Command::new(&self.0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the oracle runs");
        let mut input = child.stdin.take().expect("it has an input");
        let text = questions.join("\n");
        let writer = std::thread::spawn(move || writeln!(input, "{text}"));
        let output = child.wait_with_output().expect("the oracle ends");
        writer.join().expect("no panic").expect("it reads all");
        let answers = String::from_utf8(output.stdout).expect("text");
        let answers: Vec<_> = answers.lines().map(str::to_owned).collect();
        assert_eq!(answers.len(), questions.len(), "the oracle stopped early");
        answers
    }
}
