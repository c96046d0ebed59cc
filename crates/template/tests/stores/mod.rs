//! PKCS#12 files cross over: what we make, Go and OpenSSL open, and the other way round. Salts are random,
//! so that the bytes themselves can never be equal.

use std::path::Path;
use std::process::Command;

use template::{Dialect, Engine, GoTemplate, Items, Limits};
use zeroize::Zeroizing;

use crate::go::{self, Question};

/// What makes a file, and whether it holds a key.
const MADE: &[(&str, bool)] = &[
    (
        "{{ pemToPkcs12Pass .leafCrt .leafKey \"pass\" | b64dec }}",
        true,
    ),
    (
        "{{ pemToPkcs12Pass .rootCrt .rootKey \"pass\" | b64dec }}",
        true,
    ),
    (
        "{{ fullPemToPkcs12Pass .chain .leafPkcs1 \"pass\" | b64dec }}",
        true,
    ),
    (
        "{{ fullPemToPkcs12Pass .shuffled .edKey \"pass\" | b64dec }}",
        true,
    ),
    (
        "{{ pemTruststoreToPKCS12Pass .rootCrt \"pass\" | b64dec }}",
        false,
    ),
    (
        "{{ pemTruststoreToPKCS12Pass .shuffled \"pass\" | b64dec }}",
        false,
    ),
];
const OPEN: &str = "{{ pkcs12keyPass \"pass\" .file }}{{ pkcs12certPass \"pass\" .file }}";

fn engine(seed: u8) -> GoTemplate {
    GoTemplate::of(Dialect::ExternalSecrets, Limits::default())
        .with_entropy(Zeroizing::new([seed; 32]))
}

fn render(template: &str, items: &Items) -> Vec<u8> {
    engine(1).render(template, items).unwrap().to_vec()
}

#[test]
fn each_opens_what_the_other_makes() {
    let Some(oracle) = go::build_oracle("eso-template", "stores") else {
        return;
    };
    let made: Vec<Question<'_>> = MADE
        .iter()
        .map(|(template, _)| (*template, &[][..]))
        .collect();
    let theirs: Vec<Vec<u8>> = go::answers(&oracle, &made)
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let ours: Vec<Vec<u8>> = MADE
        .iter()
        .map(|(template, _)| render(template, &go::items(template)))
        .collect();
    for (((template, has_key), ours), theirs) in MADE.iter().zip(&ours).zip(&theirs) {
        assert_ne!(ours, theirs, "{template}: random salts");
        if *has_key {
            let [by_go, by_us]: [&[u8]; 2] = [ours, theirs];
            let answers = go::answers(&oracle, &[(OPEN, &[("file", by_go)])]);
            let mut items = Items::new();
            items.insert("file", Zeroizing::new(by_us.to_vec()));
            assert_eq!(
                *answers[0].as_ref().unwrap(),
                render(OPEN, &items),
                "{template}"
            );
        }
        same_for_openssl(template, ours, theirs);
    }
}

/// Contents, names and algorithms, as OpenSSL lists them.
fn same_for_openssl(template: &str, ours: &[u8], theirs: &[u8]) {
    let Some(theirs) = listed(theirs) else {
        testkit::skip("the comparison with OpenSSL needs the program `openssl`");
        return;
    };
    // Where a certificate has no attributes, Go writes an empty set of them, OpenSSL and we write none.
    let theirs = theirs.replace("<Empty Attributes>", "<No Attributes>");
    let ours = listed(ours).unwrap();
    assert!(ours.contains("-----BEGIN CERTIFICATE-----"), "{ours}");
    let differing: Vec<_> = ours
        .lines()
        .zip(theirs.lines())
        .filter(|(one, other)| one != other)
        .collect();
    assert!(differing.is_empty(), "{template}: {differing:?}");
    assert_eq!(ours.lines().count(), theirs.lines().count(), "{template}");
}

fn listed(file: &[u8]) -> Option<String> {
    let mut written = tempfile::NamedTempFile::new().ok()?;
    std::io::Write::write_all(&mut written, file).ok()?;
    let output = Command::new("openssl")
        .args(["pkcs12", "-info", "-nodes", "-passin", "pass:pass", "-in"])
        .arg(written.path())
        .output()
        .ok()?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    Some(format!(
        "{}{stderr}",
        String::from_utf8_lossy(&output.stdout)
    ))
}

#[test]
fn a_file_follows_from_its_seed_and_contents() {
    let (template, _) = MADE[0];
    let items = go::items(template);
    let made = |seed, template: &str| engine(seed).render(template, &items).unwrap().to_vec();
    assert_eq!(made(1, template), made(1, template));
    assert_ne!(made(1, template), made(2, template));
    // The salt stands before what it encrypts: another content, another salt.
    let one = engine(1)
        .render_entry("a", "{{ pemToPkcs12 .crt .key }}", &named("leaf"))
        .unwrap();
    let other = engine(1)
        .render_entry("a", "{{ pemToPkcs12 .crt .key }}", &named("root"))
        .unwrap();
    assert_ne!(one[one.len() - 40..], other[other.len() - 40..]);
}

fn named(what: &str) -> Items {
    let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys");
    let mut items = Items::new();
    for end in ["crt", "key"] {
        let text = std::fs::read(keys.join(format!("{what}.{end}"))).unwrap();
        items.insert(end, Zeroizing::new(text));
    }
    items
}

/// As `htpasswd -s` writes it.
#[test]
fn a_line_of_the_kind_sha_is_apaches() {
    let line = render(
        "{{ htpasswd \"user\" \"password\" \"sha\" }}",
        &Items::new(),
    );
    assert_eq!(line, b"user:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=");
}

#[test]
fn drawn_keys_are_read_by_go() {
    let Some(oracle) = go::build_oracle("eso-template", "keys") else {
        return;
    };
    for kind in ["ecdsa", "ed25519"] {
        let key = render(
            &format!("{{{{ genPrivateKey \"{kind}\" }}}}"),
            &Items::new(),
        );
        let repeat = "{{ pemToPkcs12 .leafCrt .key | b64dec | pkcs12key }}";
        let answers = go::answers(&oracle, &[(repeat, &[("key", &key)])]);
        let mut items = go::items(repeat);
        items.insert("key", Zeroizing::new(key));
        assert_eq!(
            *answers[0].as_ref().unwrap(),
            render(repeat, &items),
            "{kind}"
        );
    }
}

#[test]
fn hashes_are_verified_by_go() {
    let Some(oracle) = go::build_oracle("eso-template", "hashes") else {
        return;
    };
    for password in ["", "s3cr3t", "größe", "0123456789"] {
        let mut items = Items::new();
        items.insert("password", Zeroizing::new(password.as_bytes().to_vec()));
        let hash = render("{{ bcrypt .password }}", &items);
        let more: [(&str, &[u8]); 2] = [("hash", &hash), ("given", password.as_bytes())];
        let check =
            "{{ bcryptMatches .hash .given }}{{ bcryptMatches .hash (print .given \"x\") }}";
        let answers = go::answers(&oracle, &[(check, &more)]);
        assert_eq!(
            answers[0].as_deref(),
            Ok(b"truefalse".as_slice()),
            "{password}"
        );
        let sealed = render("{{ encryptAES \"key\" (print .password \"!\") }}", &items);
        let more: [(&str, &[u8]); 1] = [("sealed", &sealed)];
        let answers = go::answers(&oracle, &[("{{ decryptAES \"key\" .sealed }}", &more)]);
        assert_eq!(
            answers[0].as_deref(),
            Ok(format!("{password}!").as_bytes()),
            "{password}"
        );
    }
}
