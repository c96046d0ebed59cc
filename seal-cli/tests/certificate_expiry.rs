//! A certificate that ends soon is used, and people are told.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, and says why"
)]

use std::process::Command;

use jiff::{SignedDuration, Timestamp};

const SECRET: &str =
    "kind: Secret\nmetadata: {name: app, namespace: demo}\nstringData: {password: hunter2}\n";

#[test]
fn a_certificate_that_ends_soon_is_told_of() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("app.yaml"), SECRET).unwrap();
    for (days, told) in [(10, true), (365, false)] {
        let validity = SignedDuration::from_hours(24 * days);
        let issued = seal_keys::issue(2048, "", Timestamp::now(), validity).unwrap();
        std::fs::write(folder.path().join("pub.pem"), issued.certificate.to_pem()).unwrap();
        let mut seal = Command::new(env!("CARGO_BIN_EXE_seal"));
        seal.args(["--cert", "pub.pem", "-f", "app.yaml"])
            .current_dir(folder.path())
            .env_clear();
        let output = seal.output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{stderr}");
        let warned = stderr.starts_with("warning: the certificate from pub.pem expires on 20");
        assert_eq!(warned, told, "{stderr}");
    }
}
