//! Several people, or jobs, who change one file at the same time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, and says why"
)]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const WRITERS: usize = 12;

fn seal(folder: &Path, arguments: &[&str], stdin: &str) -> Output {
    let certificate = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/vectors/certificates/rsa-2048.pem");
    let mut child = Command::new(env!("CARGO_BIN_EXE_seal"))
        .args(arguments)
        .arg("--cert")
        .arg(certificate)
        .args(["--format-version", "se1"])
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(stdin.as_bytes()).unwrap();
    drop(input);
    child.wait_with_output().unwrap()
}

/// Who is told that it is done must find it done; who is told that somebody else was faster tries
/// again.
#[test]
fn nobody_who_was_told_that_it_is_done_loses_an_item() {
    let folder = tempfile::tempdir().unwrap();
    let secret = "kind: Secret\nmetadata: {name: db, namespace: prod}\nstringData: {a: b}\n";
    let sealed = seal(folder.path(), &["-w", "db.yaml"], secret);
    assert!(sealed.status.success(), "{sealed:?}");
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let folder = folder.path();
            scope.spawn(move || {
                let item = format!("item{writer}");
                loop {
                    let set = seal(folder, &["set", "db.yaml", &item], "value");
                    if set.status.success() {
                        break;
                    }
                    let said = String::from_utf8(set.stderr).unwrap();
                    assert!(said.contains("by somebody else meanwhile"), "{said}");
                }
            });
        }
    });
    let text = std::fs::read_to_string(folder.path().join("db.yaml")).unwrap();
    for writer in 0..WRITERS {
        let line = format!("\n    item{writer}: se1.");
        assert!(text.contains(&line), "item{writer} is lost:\n{text}");
    }
}
