//! The stock programs work, with each other and with what they are to open of ours.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use testkit::{peers, skip};

/// Runs it to its end and returns its standard output.
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

/// A folder with the file `plain` in it.
fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("plain");
    fs::write(&plain, "hunter2").unwrap();
    (folder, plain)
}

fn recipient(keygen: &Path, identity: &Path) -> String {
    run(Command::new(keygen).arg("-y").arg(identity))
        .trim()
        .to_owned()
}

#[test]
fn age_and_rage_open_each_other_s_files() {
    let programs = [peers::age().unwrap(), peers::rage().unwrap()];
    let keygens = [peers::age_keygen().unwrap(), peers::rage_keygen().unwrap()];
    let (folder, plain) = folder();
    for (index, keygen) in keygens.iter().enumerate() {
        let identity = folder.path().join(format!("identity-{index}"));
        run(Command::new(keygen).arg("-o").arg(&identity));
        let recipient = recipient(keygen, &identity);
        assert!(recipient.starts_with("age1"), "{recipient}");
        for (writer, reader) in [(0, 1), (1, 0)] {
            let sealed = folder.path().join(format!("{index}-{writer}.age"));
            run(Command::new(&programs[writer])
                .args(["-a", "-r", &recipient, "-o"])
                .args([&sealed, &plain]));
            let opened = run(Command::new(&programs[reader])
                .args(["-d", "-i"])
                .args([&identity, &sealed]));
            assert_eq!(opened, "hunter2");
        }
    }
}

#[test]
fn age_has_post_quantum_keys() {
    let (folder, plain) = folder();
    let identity = folder.path().join("identity");
    let keygen = peers::age_keygen().unwrap();
    run(Command::new(&keygen).args(["-pq", "-o"]).arg(&identity));
    let recipient = recipient(&keygen, &identity);
    assert!(recipient.starts_with("age1pq1"), "{recipient}");
    let sealed = folder.path().join("sealed");
    let age = peers::age().unwrap();
    run(Command::new(&age)
        .args(["-r", &recipient, "-o"])
        .args([&sealed, &plain]));
    let kind = run(Command::new(peers::age_inspect().unwrap())
        .arg("--json")
        .arg(&sealed));
    assert!(kind.contains("mlkem768x25519"), "{kind}");
    let opened = run(Command::new(&age)
        .args(["-d", "-i"])
        .args([&identity, &sealed]));
    assert_eq!(opened, "hunter2");
}

#[test]
fn a_plug_in_is_found_on_the_path() {
    let (folder, plain) = folder();
    let sealed = folder.path().join("sealed");
    let age = || {
        let mut age = Command::new(peers::age().unwrap());
        age.env("PATH", peers::age_plugins().unwrap())
            .env("AGE_PASSPHRASE", "correct horse")
            .env("AGE_PASSPHRASE_WORK_FACTOR", "4");
        age
    };
    run(age()
        .args(["-e", "-j", "batchpass", "-o"])
        .args([&sealed, &plain]));
    let opened = run(age().args(["-d", "-j", "batchpass"]).arg(&sealed));
    assert_eq!(opened, "hunter2");
}

#[test]
fn versions_are_the_ones_we_speak_of() {
    for (program, version) in [
        (peers::age().unwrap(), "1.3.2"),
        (peers::rage().unwrap(), "0.12.1"),
        (peers::kubeseal().unwrap(), "0.40.0"),
    ] {
        let said = run(Command::new(&program).arg("--version"));
        assert!(said.contains(version), "{}: {said}", program.display());
    }
}

#[test]
fn openssl_opens_oaep_with_sha256() {
    let Some(openssl) = peers::openssl() else {
        return skip("no openssl on the PATH");
    };
    let (folder, _) = folder();
    let [key, public, sealed] = ["key", "public", "sealed"].map(|name| folder.path().join(name));
    run(Command::new(&openssl)
        .args(["genpkey", "-quiet", "-algorithm", "RSA"])
        .args(["-pkeyopt", "rsa_keygen_bits:2048", "-out"])
        .arg(&key));
    run(Command::new(&openssl)
        .args(["pkey", "-pubout", "-outform", "DER", "-in"])
        .arg(&key)
        .arg("-out")
        .arg(&public));
    let public = PublicEncryptingKey::from_der(&fs::read(public).unwrap()).unwrap();
    let public = OaepPublicEncryptingKey::new(public).unwrap();
    let mut blob = vec![0; public.ciphertext_size()];
    public
        .encrypt(&OAEP_SHA256_MGF1SHA256, b"hunter2", &mut blob, None)
        .unwrap();
    fs::write(&sealed, blob).unwrap();
    let opened = run(Command::new(&openssl)
        .args(["pkeyutl", "-decrypt", "-inkey"])
        .arg(&key)
        .arg("-in")
        .arg(&sealed)
        .args(["-pkeyopt", "rsa_padding_mode:oaep"])
        .args(["-pkeyopt", "rsa_oaep_md:sha256"])
        .args(["-pkeyopt", "rsa_mgf1_md:sha256"]));
    assert_eq!(opened, "hunter2");
}
