//! A second implementation agrees: the `rsa` crate on random keys, OpenSSL on what we write.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test runs OpenSSL and fails by panicking"
)]

use std::io::{ErrorKind, Write as _};
use std::process::{Command, Stdio};

use jiff::{SignedDuration, Timestamp};
use rand::rngs::OsRng;
use rsa::pkcs1::{DecodeRsaPrivateKey as _, EncodeRsaPrivateKey as _};
use rsa::pkcs8::{EncodePrivateKey as _, EncodePublicKey as _, LineEnding};
use rsa::{Oaep, RsaPrivateKey, RsaPublicKey};
use seal_keys::{
    Certificate, Identity as _, PrivateKey, Recipient as _, RsaIdentity, RsaRecipient,
};
use sha2::Sha256;

const LABELS: [&str; 4] = ["", "demo", "demo/app", "räksmörgås/øl"];

fn oaep(label: &str) -> Oaep {
    if label.is_empty() {
        Oaep::new::<Sha256>()
    } else {
        Oaep::new_with_label::<Sha256, _>(label)
    }
}

fn agrees(bits: usize) {
    let theirs = RsaPrivateKey::new(&mut OsRng, bits).unwrap();
    let public = RsaPublicKey::from(&theirs);
    let spki = public.to_public_key_der().unwrap();
    let recipient = RsaRecipient::from_spki(spki.as_bytes()).unwrap();
    assert_eq!(recipient.bits(), bits);
    let encodings = [
        theirs.to_pkcs1_pem(LineEnding::LF).unwrap(),
        theirs.to_pkcs1_pem(LineEnding::CRLF).unwrap(),
        theirs.to_pkcs8_pem(LineEnding::LF).unwrap(),
    ];
    for pem in &encodings {
        let ours = PrivateKey::from_pem(pem.as_bytes()).unwrap();
        let identity = RsaIdentity::new(&ours).unwrap();
        for label in LABELS {
            for data_key in [&[0_u8; 32][..], &[255; 32], &[7], &[]] {
                let wrapped = public.encrypt(&mut OsRng, oaep(label), data_key).unwrap();
                let unwrapped = identity.unwrap(&wrapped, label.as_bytes()).unwrap();
                assert_eq!(unwrapped.as_slice(), data_key, "they wrap, {label}");
                let wrapped = recipient.wrap(data_key, label.as_bytes()).unwrap();
                assert_eq!(wrapped.len(), bits / 8);
                let unwrapped = theirs.decrypt(oaep(label), &wrapped).unwrap();
                assert_eq!(unwrapped, data_key, "we wrap, {label}");
                let other = oaep("another/label");
                assert!(theirs.decrypt(other, &wrapped).is_err(), "{label}");
                assert!(identity.unwrap(&wrapped, b"another/label").is_err());
            }
        }
        let written = ours.to_pkcs1_pem().unwrap();
        assert_eq!(RsaPrivateKey::from_pkcs1_pem(&written).unwrap(), theirs);
        assert_eq!(*written, *encodings[0], "the same text as theirs");
    }
}

#[test]
fn rsa_2048_agrees() {
    agrees(2048);
}

#[test]
fn rsa_4096_agrees() {
    agrees(4096);
}

#[test]
fn too_small_keys_are_refused() {
    let theirs = RsaPrivateKey::new(&mut OsRng, 1024).unwrap();
    let spki = RsaPublicKey::from(&theirs).to_public_key_der().unwrap();
    assert!(RsaRecipient::from_spki(spki.as_bytes()).is_none());
    let pem = theirs.to_pkcs8_pem(LineEnding::LF).unwrap();
    let ours = PrivateKey::from_pem(pem.as_bytes()).unwrap();
    assert!(RsaIdentity::new(&ours).is_err());
}

/// What a key Secret of ours holds, as the standard library of most other programs reads it.
#[test]
fn openssl_reads_what_we_write() {
    match Command::new("openssl").arg("version").output() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return testkit::skip("openssl is not installed");
        }
        version => assert!(version.unwrap().status.success()),
    }
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    let year = SignedDuration::from_hours(365 * 24);
    let issued = seal_keys::issue(2048, "seal test", now, year).unwrap();
    let key = issued.key.to_pkcs1_pem().unwrap();
    let certificate = issued.certificate.to_pem();

    let modulus = openssl(&["rsa", "-noout", "-check", "-modulus"], key.as_bytes());
    let (modulus, checked) = modulus.trim_end().split_once('\n').unwrap();
    assert_eq!(checked, "RSA key ok");
    let of_certificate = openssl(&["x509", "-noout", "-modulus"], certificate.as_bytes());
    assert_eq!(of_certificate.trim_end(), modulus);
    let text = openssl(&["x509", "-noout", "-text"], certificate.as_bytes());
    for line in [
        "Signature Algorithm: sha256WithRSAEncryption",
        "Issuer: CN = seal test",
        "Not Before: Jan 15 08:00:00 2027 GMT",
        "Not After : Jan 15 08:00:00 2028 GMT",
        "Encipher Only",
        "CA:TRUE",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(Certificate::from_pem(certificate.as_bytes()).is_ok());
}

fn openssl(args: &[&str], stdin: &[u8]) -> String {
    let mut child = Command::new("openssl")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(stdin).unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {args:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}
