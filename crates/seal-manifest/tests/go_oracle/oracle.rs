//! The Go program that answers what the libraries under kubeseal make of a text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write as _;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// What Go made of one text.
#[derive(Debug, PartialEq)]
pub(crate) enum Answer {
    Text(String),
    Error(String),
}

/// The built oracle.
pub(crate) struct Oracle {
    program: PathBuf,
}

impl Oracle {
    /// The oracle, built once for all tests; nothing, and a line that says so, where there is no Go.
    pub(crate) fn build() -> Option<&'static Self> {
        static ORACLE: OnceLock<Option<Oracle>> = OnceLock::new();
        let oracle = ORACLE.get_or_init(Self::compile).as_ref();
        if oracle.is_none() {
            // Each test that does not run says so, and is counted.
            testkit::skip("the comparison with Go needs the program `go`");
        }
        oracle
    }

    fn compile() -> Option<Self> {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/oracles/go-yaml");
        let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go-yaml-oracle");
        let mut build = Command::new("go");
        build
            .args(["build", "-buildvcs=false", "-o"])
            .arg(&program)
            .current_dir(source);
        match build.output() {
            Ok(output) if output.status.success() => Some(Self { program }),
            Ok(output) => panic!("go build: {}", String::from_utf8_lossy(&output.stderr)),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => panic!("go cannot be run: {error}"),
        }
    }

    /// Asks the same question about every text.
    pub(crate) fn ask<T: AsRef<str>>(&self, operation: &str, texts: &[T]) -> Vec<Answer> {
        let mut child = Command::new(&self.program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut requests = String::new();
        for text in texts {
            writeln!(requests, "{operation} {}", STANDARD.encode(text.as_ref())).unwrap();
        }
        let mut stdin = child.stdin.take().unwrap();
        let writer = std::thread::spawn(move || stdin.write_all(requests.as_bytes()).unwrap());
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        let answers: Vec<_> = std::str::from_utf8(&output.stdout)
            .unwrap()
            .lines()
            .map(parse)
            .collect();
        assert_eq!(answers.len(), texts.len(), "the oracle stopped early");
        answers
    }
}

fn parse(line: &str) -> Answer {
    let (status, result) = line.split_once(' ').unwrap_or((line, ""));
    let text = String::from_utf8_lossy(&STANDARD.decode(result).unwrap()).into_owned();
    match status {
        "ok" => Answer::Text(text),
        _ => Answer::Error(text),
    }
}
