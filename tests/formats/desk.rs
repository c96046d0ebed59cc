//! Somebody who runs `seal` in a folder of files.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use suite::{AgePair, vectors};
use tempfile::TempDir;

/// A Secret with two items.
pub(crate) const SECRET: &str =
    "kind: Secret\nmetadata: {name: db, namespace: prod}\nstringData: {A: first, B: second}\n";

/// A folder that is also the home of whoever works in it, and nothing of this user's.
pub(crate) struct Desk {
    folder: TempDir,
    program: PathBuf,
    variables: Vec<(&'static str, String)>,
}

/// What a command did.
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) out: Vec<u8>,
    pub(crate) said: String,
}

impl Desk {
    /// `None`, and why, where there is no program.
    pub(crate) fn find() -> Option<Self> {
        let Some(program) = std::env::var_os("SEAL_BIN") else {
            testkit::skip("SEAL_BIN is not set: run `cargo xtask test`");
            return None;
        };
        Some(Self {
            folder: TempDir::new().unwrap(),
            program: program.into(),
            variables: Vec::new(),
        })
    }

    /// Sets variables for all that is run.
    pub(crate) fn with(
        mut self,
        variables: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Self {
        self.variables.extend(variables);
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// A person, and the file with the identity.
    pub(crate) fn person(&self, file: &str) -> AgePair {
        let person = AgePair::make();
        self.write(file, &person.identity);
        person
    }

    pub(crate) fn command(&self, program: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(args)
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    pub(crate) fn seal(&self, args: &[&str], stdin: &str) -> Done {
        run(&mut self.command(&self.program, args), stdin)
    }

    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    /// What it says on success.
    #[track_caller]
    pub(crate) fn done(&self, args: &[&str], stdin: &str) -> String {
        let done = self.seal(args, stdin);
        assert_eq!(done.code, 0, "{args:?}: {}", done.said);
        done.said
    }

    /// What it says when it does not, with this code; `file` is as it was.
    #[track_caller]
    pub(crate) fn refused(&self, file: &str, code: i32, args: &[&str]) -> String {
        let before = std::fs::read(self.path(file)).unwrap();
        let done = self.seal(args, "");
        assert_eq!(done.code, code, "{args:?}: {}", done.said);
        assert_eq!(std::fs::read(self.path(file)).unwrap(), before, "{args:?}");
        done.said
    }

    /// The value of an item, opened with the arguments.
    #[track_caller]
    pub(crate) fn value(&self, file: &str, item: &str, keys: &[&str]) -> String {
        let done = self.seal(&[&["open", file, "--key", item], keys].concat(), "");
        assert_eq!(done.code, 0, "{item}: {}", done.said);
        String::from_utf8(done.out).unwrap()
    }
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command, stdin: &str) -> Done {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    // Not everybody reads it.
    let _ = input.write_all(stdin.as_bytes());
    drop(input);
    let output = child.wait_with_output().unwrap();
    Done {
        code: output.status.code().unwrap(),
        out: output.stdout,
        said: String::from_utf8(output.stderr).unwrap(),
    }
}

/// One of the certificates of the vectors.
pub(crate) fn certificate(name: &str) -> String {
    let path = vectors().join("certificates").join(name);
    path.to_str().unwrap().to_owned()
}
