//! What `seal` writes, opened by the tools of others: a stock `age`, and KMS (an emulator of it).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, and says why"
)]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use testkit::aws::{Emulator, Kind, REGION};

const SECRET: &str =
    "kind: Secret\nmetadata: {name: db, namespace: prod}\nstringData: {password: hunter2}\n";

fn run(command: &mut Command, stdin: &str) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(stdin.as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    output
}

fn seal(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seal"));
    command
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("AWS_ACCESS_KEY_ID", "testing")
        .env("AWS_SECRET_ACCESS_KEY", "testing")
        .env("AWS_REGION", REGION);
    command
}

fn wraps(sealed: &[u8]) -> Vec<Value> {
    let object: Value = serde_json::from_slice(sealed).unwrap();
    let keys = object["spec"]["dataKeys"].as_object().unwrap();
    let mut keys = keys.values();
    let wraps = keys.next().unwrap()["wraps"].as_array().unwrap().clone();
    assert!(keys.next().is_none(), "one data key for all values");
    wraps
}

#[test]
fn a_stock_age_opens_the_wrap_of_its_owner() {
    let (age, keygen) = match (testkit::peers::age(), testkit::peers::age_keygen()) {
        (Ok(age), Ok(keygen)) => (age, keygen),
        (Err(error), _) | (_, Err(error)) => {
            testkit::skip(&format!("there is no age to open with: {error:#}"));
            return;
        }
    };
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key.txt");
    run(Command::new(&keygen).arg("-o").arg(&key), "");
    let public = run(Command::new(&keygen).arg("-y").arg(&key), "");
    std::fs::write(folder.path().join("team.txt"), &public.stdout).unwrap();
    let sealed = run(seal(folder.path()).args(["-R", "team.txt"]), SECRET);
    let wraps = wraps(&sealed.stdout);
    let [wrap] = wraps.as_slice() else {
        panic!("{} wraps", wraps.len());
    };
    let public = String::from_utf8(public.stdout).unwrap();
    assert_eq!(wrap["to"].as_str(), Some(public.trim()));
    let enc = wrap["enc"].as_str().unwrap();
    let opened = run(Command::new(age).args(["-d", "-i"]).arg(&key), enc);
    assert_eq!(opened.stdout.len(), 40);
    assert!(opened.stdout.starts_with(b"seal/se1"));
}

#[test]
fn an_alias_becomes_the_key_behind_it_and_that_key_opens() {
    let emulator = Emulator::start(Kind::Moto).expect("moto starts");
    let kms = emulator.kms();
    let key = kms.create_symmetric_key().unwrap();
    let (_, id) = key.rsplit_once('/').unwrap();
    kms.create_alias("sealing", id).unwrap();
    let folder = tempfile::tempdir().unwrap();
    // The alias and the key are one reader.
    let sealed = run(
        seal(folder.path())
            .args(["-r", "kms:alias/sealing", "-r", &key])
            .args(["--aws-endpoint-url", emulator.url()]),
        SECRET,
    );
    let wraps = wraps(&sealed.stdout);
    let to: Vec<_> = wraps.iter().map(|wrap| wrap["to"].as_str()).collect();
    assert_eq!(to, [Some(key.as_str())]);
    let said = String::from_utf8(sealed.stderr).unwrap();
    let expected = format!("sealed db (prod, strict) for: kms:alias/sealing ({key})\n");
    assert_eq!(said, expected);

    let file = folder.path().join("db.json");
    std::fs::write(&file, &sealed.stdout).unwrap();
    let edited = run(
        seal(folder.path())
            .args(["set", "db.json", "user", "-r", "kms:alias/sealing"])
            .args(["--aws-endpoint-url", emulator.url()]),
        "app",
    );
    assert!(edited.stdout.is_empty());
    for (item, value) in [("password", "hunter2"), ("user", "app")] {
        let opened = run(
            seal(folder.path())
                .args(["open", "db.json", "--key", item, "--kms-key", &key])
                .env("AWS_ENDPOINT_URL_KMS", emulator.url()),
            "",
        );
        assert_eq!(opened.stdout, value.as_bytes(), "{item}");
    }
}

#[test]
fn many_secrets_are_wrapped_side_by_side_each_for_its_own_place() {
    let emulator = Emulator::start(Kind::Moto).expect("moto starts");
    let key = emulator.kms().create_symmetric_key().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<_> = (0..20).map(|number| format!("s{number}")).collect();
    let secrets = names.iter().map(|name| {
        let secret = SECRET.replace("name: db", &format!("name: {name}"));
        format!("---\n{}", secret.replace("hunter2", name))
    });
    run(
        seal(folder.path())
            .args(["-r", &key, "-w", "all.yaml"])
            .args(["--aws-endpoint-url", emulator.url()]),
        &secrets.collect::<String>(),
    );
    // An answer in the wrong place would open nothing: the context names the object.
    for (document, name) in (1..).zip(&names) {
        let document = document.to_string();
        let opened = run(
            seal(folder.path())
                .args(["open", "all.yaml", "--key", "password"])
                .args(["--document", &document, "--kms-key", &key])
                .env("AWS_ENDPOINT_URL_KMS", emulator.url()),
            "",
        );
        assert_eq!(opened.stdout, name.as_bytes());
    }
}
