//! A certificate that ends soon is used, and people are told; one that never ends is used, and nothing is told.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, and says why"
)]

use std::path::Path;
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

/// RFC 5280 writes it as the end of the year 9999.
#[test]
fn a_certificate_without_an_end_is_used() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("app.yaml"), SECRET).unwrap();
    let issued = seal_keys::issue(2048, "", Timestamp::now(), SignedDuration::ZERO).unwrap();
    let key = issued.key.pkcs8_der().into();
    let algorithm = &rcgen::PKCS_RSA_SHA256;
    let key = rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&key, algorithm).unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.not_before = rcgen::date_time_ymd(1950, 1, 1);
    params.not_after = rcgen::date_time_ymd(9999, 12, 31);
    let pem = params.self_signed(&key).unwrap().pem();
    std::fs::write(folder.path().join("pub.pem"), pem).unwrap();
    let ours = Path::new(env!("CARGO_BIN_EXE_seal")).to_owned();
    let theirs = testkit::peers::kubeseal().ok();
    let raw = "--cert=pub.pem --raw --scope=cluster-wide --from-file=app.yaml";
    for program in [Some(ours.clone()), theirs].into_iter().flatten() {
        for line in ["--cert=pub.pem -f app.yaml", raw] {
            let output = Command::new(&program)
                .args(line.split(' '))
                .current_dir(folder.path())
                .env_clear()
                .output()
                .unwrap();
            let stderr = String::from_utf8(output.stderr).unwrap();
            assert_eq!(
                (output.status.code(), stderr.as_str()),
                (Some(0), ""),
                "{line}"
            );
        }
    }
    let mut check = Command::new(ours);
    check.args(["check", "--cert", "pub.pem", "app.yaml"]);
    let output = check.current_dir(folder.path()).output().unwrap();
    let found = String::from_utf8(output.stdout).unwrap();
    assert!(found.contains("plain-secret"), "{found}");
    assert!(!found.contains("certificate"), "{found}");
}
