//! The AWS emulators do what tests rely on, and leave nothing behind.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use testkit::aws::{self, AwsError, Emulator, Kind, Kms};
use testkit::{eventually, is_alive};

const MINUTE: Duration = Duration::from_mins(1);

fn encrypt(kms: &Kms, key: &str, text: &str, context: &Value) -> Value {
    let plaintext = STANDARD.encode(text);
    let request = json!({"KeyId": key, "Plaintext": plaintext, "EncryptionContext": context});
    let mut answer = kms.call("Encrypt", &request).unwrap();
    answer["CiphertextBlob"].take()
}

fn plaintext(answer: &Value) -> String {
    let bytes = STANDARD
        .decode(answer["Plaintext"].as_str().unwrap())
        .unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Name of the exception that the operation ends with.
fn refusal(kms: &Kms, operation: &str, request: &Value) -> String {
    let error = kms.call(operation, request).unwrap_err();
    let refused = error.downcast_ref::<AwsError>();
    refused.map_or_else(|| panic!("{error:#}"), |refused| refused.kind.clone())
}

#[test]
fn both_start_forget_and_stop() {
    for kind in [Kind::Moto, Kind::Ministack] {
        let emulator = Emulator::start(kind).unwrap();
        let kms = emulator.kms();
        let key = kms.create_symmetric_key().unwrap();
        let prefix = format!("arn:aws:kms:{}:", aws::REGION);
        assert!(key.starts_with(&prefix), "{key}");
        let alias = kms.create_alias("seal", &key).unwrap();
        assert!(
            alias.starts_with(&prefix) && alias.ends_with(":alias/seal"),
            "{alias}"
        );
        assert_eq!(kms.describe("alias/seal").unwrap(), key, "{kind:?}");

        let abroad = kms.in_region("eu-west-1");
        let foreign = abroad.create_symmetric_key().unwrap();
        assert!(foreign.starts_with("arn:aws:kms:eu-west-1:"), "{foreign}");

        emulator.reset().unwrap();
        for name in [key.as_str(), "alias/seal"] {
            let found = refusal(&kms, "DescribeKey", &json!({"KeyId": name}));
            assert_eq!(found, "NotFoundException", "{kind:?}");
        }

        let (server, supervisor) = (emulator.pid(), emulator.supervisor_pid());
        let address = emulator.url().strip_prefix("http://").unwrap().to_owned();
        drop(emulator);
        assert!(!is_alive(server) && !is_alive(supervisor), "{kind:?}");
        TcpStream::connect(address).unwrap_err();
    }
}

#[test]
fn two_of_each_do_not_meet() {
    for kind in [Kind::Moto, Kind::Ministack] {
        let (one, other) = (
            Emulator::start(kind).unwrap(),
            Emulator::start(kind).unwrap(),
        );
        let key = one.kms().create_symmetric_key().unwrap();
        let found = refusal(&other.kms(), "DescribeKey", &json!({"KeyId": key}));
        assert_eq!(found, "NotFoundException", "{kind:?}");
    }
}

#[test]
fn nothing_listens_beyond_this_machine() {
    for kind in [Kind::Moto, Kind::Ministack] {
        let emulator = Emulator::start(kind).unwrap();
        let listening = listeners(emulator.pid());
        // 127.0.0.1, as /proc writes it.
        let open: Vec<_> = listening
            .iter()
            .filter(|at| !at.starts_with("0100007F:"))
            .collect();
        assert!(
            open.is_empty() && listening.len() == 1,
            "{kind:?}: {listening:?}"
        );
    }
}

/// Addresses that a process listens on, in the hexadecimal of /proc.
fn listeners(pid: u32) -> Vec<String> {
    let sockets: Vec<_> = std::fs::read_dir(format!("/proc/{pid}/fd"))
        .unwrap()
        .filter_map(|fd| std::fs::read_link(fd.unwrap().path()).ok())
        .filter_map(|link| {
            let inode = link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?;
            Some(inode.to_owned())
        })
        .collect();
    let tables = ["tcp", "tcp6"]
        .map(|name| std::fs::read_to_string(format!("/proc/{pid}/net/{name}")).unwrap_or_default());
    let rows = tables.iter().flat_map(|table| table.lines().skip(1));
    rows.map(|row| row.split_whitespace().collect::<Vec<_>>())
        .filter(|row| row[3] == "0A" && sockets.iter().any(|inode| inode == row[9]))
        .map(|row| row[1].to_owned())
        .collect()
}

#[test]
fn moto_enforces_the_encryption_context() {
    let emulator = Emulator::start(Kind::Moto).unwrap();
    let kms = emulator.kms();
    let key = kms.create_symmetric_key().unwrap();
    let context = json!({"seal-format": "se1", "seal-scope": "strict"});
    let blob = encrypt(&kms, &key, "hunter2", &context);

    let decrypt = |blob: &Value, context: &Value| json!({"KeyId": key, "CiphertextBlob": blob, "EncryptionContext": context});
    let opened = kms.call("Decrypt", &decrypt(&blob, &context)).unwrap();
    assert_eq!(plaintext(&opened), "hunter2");
    assert_eq!(opened["KeyId"], key);

    let mut tampered = STANDARD.decode(blob.as_str().unwrap()).unwrap();
    *tampered.last_mut().unwrap() ^= 1;
    let tampered = json!(STANDARD.encode(tampered));
    for request in [
        decrypt(&blob, &json!({})),
        decrypt(&blob, &json!({"seal-format": "se1"})),
        decrypt(&tampered, &context),
    ] {
        let found = refusal(&kms, "Decrypt", &request);
        assert_eq!(found, "InvalidCiphertextException", "{request}");
    }
}

#[test]
fn ministack_opens_what_a_public_key_sealed() {
    let emulator = Emulator::start(Kind::Ministack).unwrap();
    let kms = emulator.kms();
    for bits in [2048, 3072, 4096] {
        let key = kms.create_rsa_key(bits).unwrap();
        let public = PublicEncryptingKey::from_der(&kms.public_key(&key).unwrap()).unwrap();
        assert_eq!(public.key_size_bits(), usize::try_from(bits).unwrap());
        let public = OaepPublicEncryptingKey::new(public).unwrap();
        let mut sealed = vec![0; public.ciphertext_size()];
        public
            .encrypt(&OAEP_SHA256_MGF1SHA256, b"hunter2", &mut sealed, None)
            .unwrap();
        let request = |sealed: &[u8]| {
            json!({
                "KeyId": key,
                "EncryptionAlgorithm": "RSAES_OAEP_SHA_256",
                "CiphertextBlob": STANDARD.encode(sealed),
            })
        };
        let opened = kms.call("Decrypt", &request(&sealed)).unwrap();
        assert_eq!(plaintext(&opened), "hunter2");

        sealed[7] ^= 1;
        let found = refusal(&kms, "Decrypt", &request(&sealed));
        assert_eq!(found, "InvalidCiphertextException");
    }
}

#[test]
fn ministack_refuses_disabled_and_doomed_keys() {
    let emulator = Emulator::start(Kind::Ministack).unwrap();
    let kms = emulator.kms();
    let key = kms.create_symmetric_key().unwrap();
    let blob = encrypt(&kms, &key, "hunter2", &json!({}));
    let decrypt = json!({"KeyId": key, "CiphertextBlob": blob});

    kms.disable_key(&key).unwrap();
    assert_eq!(refusal(&kms, "Decrypt", &decrypt), "DisabledException");
    kms.enable_key(&key).unwrap();
    let opened = kms.call("Decrypt", &decrypt).unwrap();
    assert_eq!(plaintext(&opened), "hunter2");
    kms.schedule_deletion(&key).unwrap();
    let found = refusal(&kms, "Decrypt", &decrypt);
    assert_eq!(found, "KMSInvalidStateException");
}

/// Set in the process that [`being_killed_leaves_nothing`] kills.
const VICTIM: &str = "TESTKIT_TEST_VICTIM";

/// Runs itself in a second process, which starts both emulators and is killed.
#[test]
fn being_killed_leaves_nothing() {
    if std::env::var_os(VICTIM).is_some() {
        for kind in [Kind::Moto, Kind::Ministack] {
            let emulator = Emulator::start(kind).unwrap();
            println!("\nSTARTED {} {}", emulator.pid(), emulator.supervisor_pid());
            // Its destructor must not be what ends it.
            std::mem::forget(emulator);
        }
        loop {
            std::thread::park();
        }
    }
    let mut owner = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "being_killed_leaves_nothing", "--nocapture"])
        .env(VICTIM, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(owner.stdout.take().unwrap()).lines();
    let started: Vec<_> = lines
        .filter_map(|line| Some(line.unwrap().strip_prefix("STARTED ")?.to_owned()))
        .take(2)
        .collect();
    let pids: Vec<u32> = started
        .iter()
        .flat_map(|pids| pids.split(' '))
        .map(|pid| pid.parse().unwrap())
        .collect();
    assert!(
        pids.len() == 4 && pids.iter().all(|&pid| is_alive(pid)),
        "{pids:?}"
    );

    owner.kill().unwrap();
    owner.wait().unwrap();
    for pid in pids {
        let gone = || (!is_alive(pid)).then_some(());
        eventually("the emulators and their supervisors to end", MINUTE, gone);
    }
}
