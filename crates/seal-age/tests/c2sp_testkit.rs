//! The C2SP test kit for age, as the crate `age` ships it, through our opener. Its post-quantum
//! `hybrid` files are not in there; they are refused by name.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use age::secrecy::SecretString;
use seal_age::{FileError, open_file};
use sha2::{Digest as _, Sha256};

/// As many as version 0.12.1 of the crate has: fewer means that the search went astray.
const VECTORS: usize = 123;

#[test]
fn every_file_gives_the_expected_class() {
    let mut seen = 0;
    let mut wrong = Vec::new();
    for path in vectors() {
        let vector = Vector::read(&path);
        let given = vector.open();
        if given != vector.expected {
            wrong.push(format!("{}: {given} for {}", vector.name, vector.expected));
        }
        seen += 1;
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(seen, VECTORS);
}

#[test]
fn a_hybrid_file_is_refused_by_name() {
    let identity = age::x25519::Identity::generate();
    let file = [
        b"age-encryption.org/v1\n-> mlkem768x25519 AAAA\nAAAA\n--- ".as_slice(),
        "A".repeat(43).as_bytes(),
        b"\n",
        &[0; 48],
    ]
    .concat();
    assert_eq!(
        open_file(&[&identity], &file).err(),
        Some(FileError::PostQuantum)
    );
}

/// One file of the kit: a text of `key: value` lines, an empty line, the age file.
struct Vector {
    name: String,
    expected: String,
    identities: Vec<age::x25519::Identity>,
    passphrases: Vec<String>,
    file: Vec<u8>,
}

impl Vector {
    fn read(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap();
        let end = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap();
        let text = std::str::from_utf8(&bytes[..end]).unwrap();
        let values = |key: &str| -> Vec<&str> {
            text.lines()
                .filter_map(|line| line.strip_prefix(key)?.strip_prefix(": "))
                .collect()
        };
        let mut file = bytes[end + 2..].to_vec();
        if values("compressed") == ["zlib"] {
            let mut plain = Vec::new();
            flate2::read::ZlibDecoder::new(&file[..])
                .read_to_end(&mut plain)
                .unwrap();
            file = plain;
        }
        let mut expected = values("expect")[0].to_owned();
        if expected == "success" {
            expected = format!("payload {}", values("payload")[0]);
        }
        Self {
            name: path.file_name().unwrap().to_string_lossy().into_owned(),
            expected,
            identities: values("identity")
                .iter()
                .map(|key| key.parse().unwrap())
                .collect(),
            passphrases: values("passphrase")
                .iter()
                .map(|&text| text.into())
                .collect(),
            file,
        }
    }

    /// The class in the kit's words, or the payload's digest.
    fn open(&self) -> String {
        let passphrases: Vec<_> = self
            .passphrases
            .iter()
            .map(|text| {
                let mut key = age::scrypt::Identity::new(SecretString::from(text.clone()));
                // The kit's largest is 10, and 23 is what must be refused.
                key.set_max_work_factor(16);
                key
            })
            .collect();
        let identities: Vec<&dyn age::Identity> = self
            .identities
            .iter()
            .map(|key| key as &dyn age::Identity)
            .chain(passphrases.iter().map(|key| key as &dyn age::Identity))
            .collect();
        match open_file(&identities, &self.file) {
            Ok(payload) => {
                let digest: Vec<_> = Sha256::digest(&payload)
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect();
                format!("payload {}", digest.concat())
            }
            Err(FileError::Armor) => "armor failure".into(),
            Err(FileError::Header | FileError::ExcessiveWork) => "header failure".into(),
            Err(FileError::Mac) => "HMAC failure".into(),
            Err(FileError::NoMatch) => "no match".into(),
            Err(FileError::Payload) => "payload failure".into(),
            Err(other) => format!("{other:?}"),
        }
    }
}

/// The kit's files, wherever Cargo keeps the crate's source.
fn vectors() -> Vec<PathBuf> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "cargo metadata failed");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let manifest = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .find(|package| package["name"] == "age")
        .and_then(|package| package["manifest_path"].as_str())
        .expect("age is a dependency");
    let kit = Path::new(manifest).with_file_name("tests/testdata/testkit");
    let mut files: Vec<_> = fs::read_dir(&kit)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}
