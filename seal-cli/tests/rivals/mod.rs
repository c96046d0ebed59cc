//! The same command line given to `seal` and to the real `kubeseal`.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::reveal::{Keys, VECTORS, objects};

/// A command line with its surroundings. `certs/` holds the certificates of the tests.
#[derive(Clone, Default)]
pub(crate) struct Line {
    /// The name that the program is called by, instead of its own.
    pub(crate) called: Option<&'static str>,
    pub(crate) args: Vec<String>,
    pub(crate) env: Vec<(&'static str, String)>,
    pub(crate) files: Vec<(&'static str, String)>,
    pub(crate) stdin: Vec<u8>,
}

impl Line {
    fn folder(&self) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let certificates = format!("{VECTORS}/certificates");
        std::os::unix::fs::symlink(certificates, folder.path().join("certs")).unwrap();
        for (name, text) in &self.files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn command(&self, program: &Path, folder: &Path) -> Command {
        let mut command = Command::new(program);
        if let Some(name) = self.called {
            command.arg0(name);
        }
        command
            .args(&self.args)
            .current_dir(folder)
            .env_clear()
            .env("HOME", folder)
            .envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) code: i32,
    /// stdout and files, with sealed values opened.
    pub(crate) shown: BTreeMap<String, String>,
    pub(crate) stderr: String,
    /// Data of each Secret that the real kubeseal recovers from the SealedSecrets.
    pub(crate) recovered: Vec<Value>,
}

/// Both programs.
pub(crate) struct Rivals {
    kubeseal: PathBuf,
    keys: Keys,
}

impl Rivals {
    /// `None`, said aloud, where the real one cannot be built.
    pub(crate) fn meet() -> Option<Self> {
        match testkit::peers::kubeseal() {
            Ok(kubeseal) => Some(Self {
                kubeseal,
                keys: Keys::of_tests(),
            }),
            Err(error) => {
                testkit::skip(&format!("there is no kubeseal to compare with: {error:#}"));
                None
            }
        }
    }

    pub(crate) fn ours(&self, line: &Line) -> Outcome {
        self.run(Path::new(env!("CARGO_BIN_EXE_seal")), line)
    }

    pub(crate) fn theirs(&self, line: &Line) -> Outcome {
        self.run(&self.kubeseal, line)
    }

    /// Exit code, stdout with sealed values opened, and stderr; nothing is recovered.
    pub(crate) fn run_ours(&self, line: &Line) -> (i32, String, String) {
        self.output(Path::new(env!("CARGO_BIN_EXE_seal")), line)
    }

    pub(crate) fn run_theirs(&self, line: &Line) -> (i32, String, String) {
        self.output(&self.kubeseal, line)
    }

    fn output(&self, program: &Path, line: &Line) -> (i32, String, String) {
        let folder = line.folder();
        let (code, stdout, stderr) = finish(line.command(program, folder.path()), &line.stdin);
        (code, self.keys.reveal(&stdout), stderr)
    }

    fn run(&self, program: &Path, line: &Line) -> Outcome {
        let folder = line.folder();
        let (code, stdout, stderr) = finish(line.command(program, folder.path()), &line.stdin);
        let mut texts = BTreeMap::from([("stdout".to_owned(), stdout)]);
        for entry in fs::read_dir(folder.path()).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            if entry.file_type().unwrap().is_file() {
                texts.insert(name, fs::read_to_string(entry.path()).unwrap());
            }
        }
        let recovered = if code == 0 {
            texts.values().flat_map(|text| self.recover(text)).collect()
        } else {
            Vec::new()
        };
        let shown = |text: &String| self.keys.reveal(text);
        Outcome {
            code,
            shown: texts
                .iter()
                .map(|(name, text)| (name.clone(), shown(text)))
                .collect(),
            stderr,
            recovered,
        }
    }

    /// `kubeseal --recovery-unseal` on each SealedSecret: not our library, but the real thing.
    fn recover(&self, text: &str) -> Vec<Value> {
        let sealed = objects(text)
            .into_iter()
            .filter(|object| object["kind"] == "SealedSecret");
        sealed
            .map(|object| {
                let mut command = Command::new(&self.kubeseal);
                let key = |name| format!("--recovery-private-key={VECTORS}/keys/{name}.pem");
                command.args(["--recovery-unseal", &key("rsa-2048"), &key("rsa-4096")]);
                let (code, stdout, stderr) = finish(command, object.to_string().as_bytes());
                if code != 0 {
                    // Not what anybody else recovers, so whoever compares sees it.
                    return Value::String(stderr);
                }
                let secret: Value = serde_json::from_str(&stdout).unwrap();
                secret["data"].clone()
            })
            .collect()
    }
}

fn finish(mut command: Command, stdin: &[u8]) -> (i32, String, String) {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let input = stdin.to_vec();
    // A program that fails early does not read its input.
    let writer = std::thread::spawn(move || drop(pipe.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap_or(-1),
        text(output.stdout),
        text(output.stderr),
    )
}
