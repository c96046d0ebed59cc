//! One case of a transcript: what is typed, and all that comes of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde::Deserialize;
use testkit::Canary;

use crate::reveal::{Keys, VECTORS};

/// A file of cases about one subject.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Transcript {
    /// What the cases have in common, for the reader.
    pub(crate) about: String,
    /// The cases.
    pub(crate) case: Vec<Case>,
}

/// Typed, and expected.
#[derive(Deserialize, Clone, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// What is to be seen.
    pub(crate) name: String,
    /// A line for `sh`; `seal` is the program under test.
    pub(crate) run: String,
    /// Variables, besides `PATH` and `HOME`.
    #[serde(default)]
    pub(crate) env: BTreeMap<String, String>,
    /// Input of the line.
    #[serde(default)]
    pub(crate) stdin: String,
    /// How the input is written as bytes: `utf-8`, `utf-16le`, `utf-16be`.
    #[serde(default)]
    pub(crate) encoding: String,
    /// Files of the working folder beforehand.
    #[serde(default)]
    pub(crate) files: BTreeMap<String, String>,
    /// Exit code.
    pub(crate) exit: i32,
    /// Results.
    #[serde(default)]
    pub(crate) stdout: String,
    /// Everything else.
    #[serde(default)]
    pub(crate) stderr: String,
    /// Files that were made or changed; every other file must be as before.
    #[serde(default)]
    pub(crate) after: BTreeMap<String, String>,
}

/// What cases run with.
pub(crate) struct Stage {
    keys: Keys,
    canary: Canary,
    /// Address of the certificate server.
    http: String,
}

impl Stage {
    pub(crate) fn new(http: String) -> Self {
        let canary = Canary::new("value").unwrap();
        Self {
            keys: Keys::of_tests(),
            canary,
            http,
        }
    }

    /// Runs a case and gives it with what really happened.
    pub(crate) fn play(&self, case: &Case) -> Case {
        let folder = tempfile::tempdir().unwrap();
        let certificates = format!("{VECTORS}/certificates");
        std::os::unix::fs::symlink(certificates, folder.path().join("certs")).unwrap();
        for (name, text) in &case.files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, self.filled(text)).unwrap();
        }
        let output = self.run(case, folder.path());
        for (place, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
            self.canary
                .assert_absent(&format!("{place} of {:?}", case.name), bytes);
        }
        let mut after = BTreeMap::new();
        files(folder.path(), folder.path(), &mut after);
        for (name, text) in &case.files {
            if after.get(name) == Some(&self.filled(text)) {
                after.remove(name);
            } else {
                after
                    .entry(name.clone())
                    .or_insert_with(|| "(removed)".to_owned());
            }
        }
        let whole = folder.path().canonicalize().unwrap();
        let whole = whole.to_str().unwrap();
        let shown = |bytes: &[u8]| {
            let text = self.shown(&String::from_utf8_lossy(bytes));
            text.replace(whole, "{folder}")
        };
        Case {
            exit: output.status.code().unwrap_or(-1),
            stdout: shown(&output.stdout),
            stderr: shown(&output.stderr),
            after: after
                .into_iter()
                .map(|(name, text)| (name, shown(text.as_bytes())))
                .collect(),
            ..case.clone()
        }
    }

    fn run(&self, case: &Case, folder: &Path) -> std::process::Output {
        let seal = Path::new(env!("CARGO_BIN_EXE_seal")).parent().unwrap();
        let path = std::env::var("PATH").unwrap();
        let mut child = Command::new("sh")
            .args(["-c", &self.filled(&case.run)])
            .current_dir(folder)
            .env_clear()
            .env("PATH", format!("{}:{path}", seal.display()))
            .env("HOME", folder)
            .envs(
                case.env
                    .iter()
                    .map(|(name, value)| (name, self.filled(value))),
            )
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A program that fails early does not read its input.
        let _ = stdin.write_all(&encoded(&self.filled(&case.stdin), &case.encoding));
        drop(stdin);
        child.wait_with_output().unwrap()
    }

    fn filled(&self, text: &str) -> String {
        text.replace("{canary}", self.canary.text())
            .replace("{canary64}", &self.canary.base64())
            .replace("{http}", &self.http)
    }

    /// Sealed values opened, and what changes from run to run named.
    fn shown(&self, text: &str) -> String {
        self.keys
            .reveal(text)
            .replace(self.canary.text(), "{canary}")
            .replace(&self.http, "{http}")
    }
}

fn encoded(text: &str, encoding: &str) -> Vec<u8> {
    let units = text.encode_utf16();
    match encoding {
        "" | "utf-8" => text.into(),
        "utf-16le" => units.flat_map(u16::to_le_bytes).collect(),
        "utf-16be" => units.flat_map(u16::to_be_bytes).collect(),
        other => panic!("unknown encoding {other}"),
    }
}

/// Text of every file below `folder`, by its path; links (the certificates) are left out.
fn files(root: &Path, folder: &Path, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            files(root, &entry.path(), found);
        } else if kind.is_file() {
            let path = entry.path();
            let name = path.strip_prefix(root).unwrap().display().to_string();
            let text = fs::read(&path).unwrap();
            found.insert(name, String::from_utf8_lossy(&text).into_owned());
        }
    }
}

impl Transcript {
    /// The text of the file.
    pub(crate) fn write(&self) -> String {
        let mut text = format!("about = {}\n", string(&self.about));
        for case in &self.case {
            case.write(&mut text);
        }
        text
    }
}

impl Case {
    fn write(&self, text: &mut String) {
        let _ = writeln!(text, "\n[[case]]\nname = {}", string(&self.name));
        let mut field = |name: &str, value: &str| {
            if !value.is_empty() {
                let _ = writeln!(text, "{name} = {}", string(value));
            }
        };
        field("run", &self.run);
        field("encoding", &self.encoding);
        field("stdin", &self.stdin);
        let _ = writeln!(text, "exit = {}", self.exit);
        let mut field = |name: &str, value: &str| {
            if !value.is_empty() {
                let _ = writeln!(text, "{name} = {}", string(value));
            }
        };
        field("stdout", &self.stdout);
        field("stderr", &self.stderr);
        for (name, table) in [
            ("env", &self.env),
            ("files", &self.files),
            ("after", &self.after),
        ] {
            if !table.is_empty() {
                let _ = writeln!(text, "[case.{name}]");
            }
            for (key, value) in table {
                let _ = writeln!(text, "{key:?} = {}", string(value));
            }
        }
    }
}

/// A TOML string that shows the text as it is, where that can be.
fn string(text: &str) -> String {
    let odd = |c: char| (c.is_control() && c != '\n' && c != '\t') || c == '\u{feff}';
    if text.contains(odd) || text.contains("'''") {
        let escaped = text.chars().map(|c| match c {
            c if odd(c) || c == '"' || c == '\\' => format!("\\u{:04x}", u32::from(c)),
            '\n' => "\\n".to_owned(),
            c => c.to_string(),
        });
        return format!("\"{}\"", escaped.collect::<String>());
    }
    if text.contains('\n') {
        return format!("'''\n{text}'''");
    }
    if text.contains(['"', '\\']) && !text.contains('\'') {
        return format!("'{text}'");
    }
    if text.contains(['"', '\\']) {
        return format!("'''{text}'''");
    }
    format!("\"{text}\"")
}
