//! The program as people meet it: every case of `tests/transcripts`, typed into a shell.
//!
//! Expected output holds `[SEALED scope place "value"]` where the program printed a sealed value:
//! the runner opens each with a test key. `{canary}` stands for a random text that is used as a
//! value; no case may print it. `{folder}` is the folder that a case runs in. `BLESS=1` writes what really happens into the files, to be read in
//! the diff.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says why"
)]

mod certificate_server;
mod reveal;
mod transcript;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use transcript::{Stage, Transcript};

fn transcripts() -> Vec<PathBuf> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/transcripts");
    let mut files: Vec<_> = fs::read_dir(root)
        .unwrap()
        .flat_map(|topic| fs::read_dir(topic.unwrap().path()).unwrap())
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    files
}

fn read(path: &Path) -> Transcript {
    let text = fs::read_to_string(path).unwrap();
    toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// `docs/reference/exit-codes.md` lists exactly the codes that the transcripts show.
#[test]
fn exit_codes_are_documented() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../docs/reference/exit-codes.md"
    );
    let text = fs::read_to_string(path).unwrap();
    let rows = text
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(' ').next());
    let documented: BTreeSet<i32> = rows.filter_map(|code| code.parse().ok()).collect();
    let shown: BTreeSet<i32> = transcripts()
        .iter()
        .flat_map(|path| read(path).case)
        .map(|case| case.exit)
        .collect();
    assert_eq!(documented, shown);
}

#[test]
fn every_transcript_is_true() {
    let certificate = fs::read(format!("{}/certificates/rsa-2048.pem", reveal::VECTORS)).unwrap();
    let stage = Stage::new(certificate_server::start(certificate));
    let bless = std::env::var_os("BLESS").is_some();
    let (mut cases, mut wrong) = (0, 0);
    for path in transcripts() {
        let expected = read(&path);
        let about = expected.about;
        let mut found = Vec::new();
        for case in &expected.case {
            let played = stage.play(case);
            cases += 1;
            if played != *case {
                wrong += 1;
                eprintln!(
                    "=== {}: {}\nexpected {case:#?}\nfound {played:#?}",
                    path.display(),
                    case.name
                );
            }
            found.push(played);
        }
        let found = Transcript { about, case: found };
        if bless {
            fs::write(&path, found.write()).unwrap();
        }
    }
    assert!(cases > 80, "only {cases} cases were found");
    assert!(bless || wrong == 0, "{wrong} of {cases} cases differ");
}
