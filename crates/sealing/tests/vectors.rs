//! Every file of `tests/vectors/sealed-secrets`, opened as the controller opens a value: header
//! lines say with which key and where, and what must come of it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test reads its vectors from files and fails by panicking"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use seal_api::SealedSecretSpec;
use seal_keys::{Identity as _, PrivateKey, RsaIdentity};
use sealing::{Answers, NoSessionKey, Opening};
use template::{GoTemplate, Limits};

struct Vector {
    name: String,
    header: BTreeMap<String, String>,
    body: String,
}

impl Vector {
    fn get(&self, field: &str) -> &str {
        let found = self.header.get(field);
        found.unwrap_or_else(|| panic!("{}: no {field}", self.name))
    }
}

fn folder(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors")).join(name)
}

fn vectors() -> Vec<Vector> {
    let files = fs::read_dir(folder("sealed-secrets")).unwrap();
    files
        .map(|file| {
            let path = file.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            let (header, body) = text.split_once("\n\n").unwrap();
            let fields = header.lines().map(|line| {
                let (field, value) = line.split_once(':').unwrap();
                (field.to_owned(), value.trim().to_owned())
            });
            Vector {
                name: path.file_stem().unwrap().to_string_lossy().into_owned(),
                header: fields.collect(),
                body: body.to_owned(),
            }
        })
        .collect()
}

/// The outcome in the words of the header, with the plaintext in hexadecimal.
fn open(vector: &Vector, identity: &RsaIdentity) -> (String, Option<String>) {
    let spec = SealedSecretSpec {
        encrypted_data: [(
            "item".to_owned(),
            vector.body.trim_end_matches('\n').to_owned(),
        )]
        .into(),
        ..SealedSecretSpec::default()
    };
    let scope = vector.get("scope").parse().unwrap();
    let opened = Opening::prepare(&spec, scope, vector.get("namespace"), vector.get("name"))
        .and_then(|opening| {
            let keys: Vec<_> = opening
                .needs()
                .map(|need| {
                    identity
                        .unwrap(need.wrapped, need.label)
                        .map_err(|_| NoSessionKey::NoKey)
                })
                .collect();
            opening.finish(
                &Answers {
                    session_keys: keys,
                    ..Answers::default()
                },
                &GoTemplate::new(Limits::default()),
            )
        });
    match opened {
        Ok(secret) => {
            let bytes = secret.data["item"].iter();
            let hex = bytes
                .map(|byte| format!("{byte:02x}"))
                .collect::<Vec<_>>()
                .concat();
            ("success".to_owned(), Some(hex))
        }
        Err(error) => match error.to_string().as_str() {
            "no key could decrypt secret (item)" => ("no-key".to_owned(), None),
            other => {
                let at = other
                    .strip_prefix("illegal base64 data at input byte ")
                    .and_then(|rest| rest.strip_suffix(" (item)"));
                let at = at.unwrap_or_else(|| panic!("{}: {other}", vector.name));
                (format!("bad-base64 {at}"), None)
            }
        },
    }
}

#[test]
fn every_vector_ends_as_its_header_says() {
    let vectors = vectors();
    assert!(vectors.len() > 30, "only {} vectors", vectors.len());
    let mut identities = BTreeMap::new();
    let mut wrong = Vec::new();
    for vector in &vectors {
        let file = vector.get("key");
        let identity = identities.entry(file).or_insert_with(|| {
            let pem = fs::read(folder("keys").join(file)).unwrap();
            RsaIdentity::new(&PrivateKey::from_pem(&pem).unwrap()).unwrap()
        });
        let plaintext = vector.header.get("plaintext-hex").cloned();
        let expected = (vector.get("expect").to_owned(), plaintext);
        assert_eq!(
            expected.0 == "success",
            expected.1.is_some(),
            "{}",
            vector.name
        );
        let found = open(vector, identity);
        if found != expected {
            wrong.push(format!("{}: {expected:?}, found {found:?}", vector.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
