//! `seal` before a KMS that makes trouble, and KMS keys that nobody has confirmed: emulators behind a
//! proxy that fails and counts calls.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, and says why"
)]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use testkit::aws::{self, Emulator, Fault, FaultProxy, Kind};

const SECRET: &str =
    "kind: Secret\nmetadata: {name: db, namespace: prod}\nstringData: {password: hunter2}\n";

/// A desk with a repository, and KMS behind a proxy.
struct Desk {
    folder: tempfile::TempDir,
    emulator: Emulator,
    proxy: FaultProxy,
}

impl Desk {
    fn new(kind: Kind) -> Self {
        let emulator = Emulator::start(kind).expect("the emulator starts");
        let proxy = FaultProxy::start(emulator.url()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        Self {
            folder,
            emulator,
            proxy,
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn seal(&self, args: &[&str], stdin: &str) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_seal"))
            .args(args)
            .current_dir(self.path())
            .env_clear()
            .env("HOME", self.path())
            .envs(aws::environment(self.proxy.url()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        // A program that fails early does not read its input.
        let _ = input.write_all(stdin.as_bytes());
        drop(input);
        child.wait_with_output().unwrap()
    }

    /// Exit code, and what was said.
    fn outcome(&self, args: &[&str]) -> (i32, String) {
        let output = self.seal(args, "");
        assert!(
            output.status.success() || output.stdout.is_empty(),
            "nothing is written on failure"
        );
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!said.contains("hunter2"), "{said}");
        (output.status.code().unwrap(), said)
    }

    /// Seals into `db.yaml`.
    fn seal_for(&self, args: &[&str]) {
        let output = self.seal(&[&["-w", "db.yaml"], args].concat(), SECRET);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
    }

    /// Opens the value, as the only thing that may come out.
    fn opens(&self, args: &[&str]) {
        let open = &["open", "db.yaml", "--key", "password"];
        let output = self.seal(&[open, args].concat(), "");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.stdout, b"hunter2", "{said}");
    }
}

#[test]
fn a_failing_decrypt_is_told_with_its_reason_and_is_no_lack_of_a_key() {
    let desk = Desk::new(Kind::Moto);
    let key = desk.emulator.kms().create_symmetric_key().unwrap();
    desk.seal_for(&["-r", &key]);
    let open = ["open", "db.yaml", "--kms-key", &key];
    for (fault, reason) in [
        (
            Fault::Throttling,
            "AWS answers only so many calls; try again later",
        ),
        (Fault::Unavailable, "no answer from AWS; try again"),
        (
            Fault::AccessDenied,
            "access denied; allow kms:Decrypt in the caller's IAM policy",
        ),
        (
            Fault::ExpiredToken,
            "the AWS credentials have expired; get new ones",
        ),
        (Fault::ClockSkew, "check the clock of this machine"),
        // 15 seconds, and no call is left hanging.
        (Fault::Stall, "no answer from AWS; try again"),
    ] {
        desk.proxy.fail("Decrypt", fault);
        let (code, said) = desk.outcome(&open);
        assert_eq!(code, 5, "{fault:?}: {said}");
        let begin = format!("kms:Decrypt with {key}: ");
        assert!(said.contains(&begin) && said.contains(reason), "{said}");
        assert!(said.contains("[unavailable]"), "{said}");
        desk.proxy.clear();
    }
    desk.opens(&["--kms-key", &key]);
}

/// Whether an `rsa:` wrap is for a key in KMS only KMS can tell.
#[test]
fn a_public_key_that_kms_does_not_give_now_is_no_lack_of_a_key() {
    let desk = Desk::new(Kind::Ministack);
    let kms = desk.emulator.kms();
    let key = kms.create_rsa_key(2048).unwrap();
    let spki = pem::Pem::new("PUBLIC KEY", kms.public_key(&key).unwrap());
    fs::write(desk.path().join("key.pem"), pem::encode(&spki)).unwrap();
    desk.seal_for(&["-r", "rsa:key.pem"]);
    let open = ["open", "db.yaml", "--kms-key", &key];
    for (fault, code, class, reason) in [
        (
            Fault::Throttling,
            5,
            "[unavailable]",
            "AWS answers only so many calls",
        ),
        (
            Fault::InternalError,
            5,
            "[unavailable]",
            "no answer from AWS",
        ),
        (
            Fault::ExpiredToken,
            5,
            "[unavailable]",
            "the AWS credentials have expired",
        ),
        // This will not pass by itself, and the key may be another one.
        (
            Fault::AccessDenied,
            3,
            "[no-identity]",
            "access denied; allow kms:GetPublicKey",
        ),
    ] {
        desk.proxy.fail("GetPublicKey", fault);
        let (exit, said) = desk.outcome(&open);
        assert_eq!(exit, code, "{fault:?}: {said}");
        let begin = format!("kms:GetPublicKey with {key}: ");
        assert!(said.contains(&begin) && said.contains(reason), "{said}");
        assert!(said.contains(class), "{said}");
        assert_eq!(desk.proxy.calls("Decrypt"), 0);
        desk.proxy.clear();
    }
    // A symmetric key besides has no public half, and that is no fault.
    let symmetric = kms.create_symmetric_key().unwrap();
    desk.opens(&["--kms-key", &symmetric, "--kms-key", &key]);
    let other = kms.create_rsa_key(2048).unwrap();
    let open = [
        "open",
        "db.yaml",
        "--kms-key",
        &symmetric,
        "--kms-key",
        &other,
    ];
    let (exit, said) = desk.outcome(&open);
    assert_eq!(exit, 3, "{said}");
    assert!(!said.contains("GetPublicKey"), "{said}");
}

/// Asking a key shows its owner who asks, and when.
#[test]
fn a_key_of_a_rule_is_asked_only_when_the_rule_is_confirmed() {
    let desk = Desk::new(Kind::Moto);
    let kms = desk.emulator.kms();
    let [ours, foreign] = [(); 2].map(|()| kms.create_symmetric_key().unwrap());
    let rule = |names: &str| {
        let text = format!(
            "recipients: {{ours: \"{ours}\", foreign: \"{foreign}\"}}\n\
             rules: [{{path: db.yaml, recipients: [{names}]}}]\n"
        );
        fs::write(desk.path().join(".seal.yaml"), text).unwrap();
    };
    let refused = |key: &str| {
        desk.proxy.forget_calls();
        let (exit, said) = desk.outcome(&["open", "db.yaml"]);
        assert_eq!(exit, 3, "{said}");
        let reason = format!(
            "{key} was not asked: the rule that names it (.seal.yaml, line 2) is not confirmed on this machine"
        );
        assert!(said.contains(&reason), "{said}");
        assert_eq!(desk.proxy.all_calls().len(), 0, "{said}");
    };
    rule("ours");
    desk.seal_for(&["-r", &ours]);
    refused(&ours);
    // By hand it may be asked, of course; and once the rule was looked at.
    desk.opens(&["--kms-key", &ours]);
    let (exit, said) = desk.outcome(&["config", "show", "--accept-new-recipients", "db.yaml"]);
    assert_eq!(exit, 0, "{said}");
    desk.opens(&[]);
    // The rule grew: who was known may be asked as before, who is new may not.
    rule("ours, foreign");
    desk.opens(&[]);
    desk.seal_for(&["-r", &foreign]);
    refused(&foreign);
}
