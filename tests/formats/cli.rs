//! The vectors through `seal open`.

use std::collections::BTreeMap;
use std::env;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use suite::{Se1Vector, vectors};
use tempfile::TempDir;

use crate::reader::Items;
use crate::se1::agree;

#[test]
fn the_program_agrees_with_every_vector() {
    let Some(seal) = env::var_os("SEAL_BIN").map(PathBuf::from) else {
        return testkit::skip("SEAL_BIN is not set: run `cargo xtask test`");
    };
    let home = TempDir::new().unwrap();
    let with_age = help(&seal).contains("--identity");
    let vectors = Se1Vector::all().into_iter();
    let vectors =
        vectors.filter(|vector| with_age || !vector.identities.iter().any(|name| is_age(name)));
    agree(vectors, |vector| open(&seal, home.path(), vector));
}

fn help(seal: &Path) -> String {
    let output = Command::new(seal).args(["open", "--help"]).output();
    String::from_utf8(output.unwrap().stdout).unwrap()
}

fn is_age(identity: &str) -> bool {
    !identity.contains("rsa") && !identity.starts_with("arn:")
}

fn open(seal: &Path, home: &Path, vector: &Se1Vector) -> Result<Items, String> {
    let mut command = Command::new(seal);
    command.args(["open", "--output=json"]);
    for identity in &vector.identities {
        let path = vectors().join(identity);
        match path.extension().and_then(|end| end.to_str()) {
            Some("pem") if identity.contains("rsa") => command.arg("--private-key").arg(path),
            Some("pem" | "txt") => command.arg("--identity").arg(path),
            _ => command.arg("--kms-key").arg(identity),
        };
    }
    // Nothing of this user's; and a KMS where nobody listens.
    command
        .env_clear()
        .env("HOME", home)
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_MAX_ATTEMPTS", "1")
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut process = command.spawn().unwrap();
    let mut stdin = process.stdin.take().unwrap();
    // A program that has seen enough closes its end.
    let _ = stdin.write_all(vector.text.as_bytes());
    drop(stdin);
    let output = process.wait_with_output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    let code = output.status.code().unwrap();
    if code == 0 {
        return Ok(items(&output.stdout));
    }
    assert!(output.stdout.is_empty(), "{}: {message}", vector.name);
    let class = class(&message);
    let fits = match class.as_str() {
        "no-identity" => 3,
        "legacy" if message.contains("no key could decrypt secret") => 3,
        "unavailable" => 5,
        "duplicate" | "legacy" => 1,
        // Of a field that is missing, or of the wrong type, the line is told, not the class.
        "malformed" if !message.contains("[malformed]") => 1,
        _ => 4,
    };
    assert_eq!(code, fits, "{}: {message}", vector.name);
    Err(class)
}

/// The class in brackets; where there is none, what the message is about.
fn class(message: &str) -> String {
    let bracketed = message.rfind(" [").and_then(|at| {
        let (class, _) = message[at + 2..].split_once(']')?;
        Some(class.to_owned())
    });
    bracketed.unwrap_or_else(|| {
        let says = |text: &str| message.contains(text);
        if says("this key was already given") {
            "duplicate".to_owned()
        } else if says("no key could decrypt secret") || says("illegal base64 data") {
            "legacy".to_owned()
        } else if says("document 1, line ") {
            "malformed".to_owned()
        } else {
            message.to_owned()
        }
    })
}

fn items(stdout: &[u8]) -> Items {
    let secret: Value = serde_json::from_slice(stdout).unwrap();
    let data: BTreeMap<String, String> = serde_json::from_value(secret["data"].clone()).unwrap();
    data.into_iter()
        .map(|(item, value)| (item, STANDARD.decode(value).unwrap()))
        .collect()
}
