//! Someone's desk: a folder, and a shell that finds the programs on its PATH.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;
use testkit::{assets, peers, python};

use crate::{program, text};

/// With `seal`, `kubectl`, the stock `kubeseal` and `age`, `aws`, and a `python3` that has `cryptography`.
pub(crate) struct Desk {
    /// The work, and beside it the programs and the people's homes.
    folder: TempDir,
    path: OsString,
}

/// Nothing of whoever runs the tests, but for the PATH.
const GIT: [(&str, &str); 6] = [
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_CONFIG_SYSTEM", "/dev/null"),
    ("GIT_AUTHOR_NAME", "someone"),
    ("GIT_AUTHOR_EMAIL", "someone@example.com"),
    ("GIT_COMMITTER_NAME", "someone"),
    ("GIT_COMMITTER_EMAIL", "someone@example.com"),
];

impl Desk {
    /// An empty one; `None`, and why, where `seal` was not built.
    pub(crate) fn new() -> Option<Self> {
        let seal = program("SEAL_BIN")?;
        let folder = tempfile::tempdir().unwrap();
        let programs = folder.path().join("programs");
        for made in [&programs, &folder.path().join("work")] {
            std::fs::create_dir(made).unwrap();
        }
        let python = python().unwrap();
        // A link would lose the environment that the interpreter belongs to.
        for (name, module) in [("python3", ""), ("aws", "-m awscli")] {
            let script = format!("#!/bin/sh\nexec '{}' {module} \"$@\"\n", python.display());
            let file = programs.join(name);
            std::fs::write(&file, script).unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        let inherited = std::env::var_os("PATH").unwrap();
        let (age, kubectl) = (peers::age().unwrap(), assets::find().unwrap().kubectl);
        let kubeseal = peers::kubeseal().unwrap();
        let folders =
            [&seal, &age, &kubectl, &kubeseal].map(|program| program.parent().unwrap().to_owned());
        let path = [programs]
            .into_iter()
            .chain(folders)
            .chain(std::env::split_paths(&inherited));
        Some(Self {
            path: std::env::join_paths(path).unwrap(),
            folder,
        })
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join("work").join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let file = self.file(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap()
    }

    /// Names of what lies there.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.file("")).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Where a person keeps what is nobody else's.
    pub(crate) fn home(&self, person: &str) -> PathBuf {
        self.folder.path().join("home").join(person)
    }

    /// Runs a script; gives what it printed.
    pub(crate) fn run(&self, script: &str, variables: &[(&str, &str)]) -> String {
        self.run_as("anyone", script, variables)
    }

    /// The same as a certain person.
    pub(crate) fn run_as(&self, person: &str, script: &str, variables: &[(&str, &str)]) -> String {
        let output = self.output_as(person, script, variables);
        assert!(
            output.status.success(),
            "{script}\n{}\n{}",
            text(&output.stdout),
            text(&output.stderr)
        );
        text(&output.stdout)
    }

    /// The same, however it ends.
    pub(crate) fn output_as(
        &self,
        person: &str,
        script: &str,
        variables: &[(&str, &str)],
    ) -> Output {
        let home = self.home(person);
        std::fs::create_dir_all(&home).unwrap();
        Command::new("sh")
            .args(["-euc", script])
            .current_dir(self.file(""))
            .env_clear()
            .env("PATH", &self.path)
            .env("HOME", home)
            .envs(GIT)
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }
}
