//! Whoever may write a template, but not read Secrets, learns from a failure that there was one.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test reads its keys from files and fails by panicking"
)]

use std::fs;

use seal_api::SealedSecretSpec;
use seal_format::Scope;
use seal_keys::{Certificate, Identity as _, PrivateKey, Recipient as _, RsaIdentity};
use sealing::{Answers, NoSessionKey, Opening, PlainSecret, Sealing};
use template::{GoTemplate, Limits};
use zeroize::Zeroizing;

/// Templates that go wrong in a way of their own for each password.
const ORACLES: &[&[(&str, &str)]] = &[
    // The line.
    &[(
        "line",
        "{{ if eq .password \"one\" }}{{ fail \"\" }}{{ end }}\n{{ if eq .password \"two\" }}{{ fail \"\" }}{{ end }}",
    )],
    // The item.
    &[
        ("a", "{{ if eq .password \"one\" }}{{ fail \"\" }}{{ end }}"),
        ("b", "{{ if eq .password \"two\" }}{{ fail \"\" }}{{ end }}"),
    ],
    // How many items.
    &[
        ("a", "{{ fail \"\" }}"),
        ("b", "{{ if eq .password \"two\" }}{{ fail \"\" }}{{ end }}"),
    ],
    // The function and the kind.
    &[(
        "kind",
        "{{ if eq .password \"one\" }}{{ div 1 0 }}{{ else }}{{ template \"none\" }}{{ end }}",
    )],
    // The limit.
    &[(
        "limit",
        "{{ define \"down\" }}{{ template \"down\" . }}{{ end }}{{ if eq .password \"one\" }}{{ range until 90000 }}{{ range until 90000 }}{{ end }}{{ end }}{{ else if eq .password \"two\" }}{{ template \"down\" . }}{{ end }}",
    )],
    // What the template says.
    &[("text", "{{ fail .password }}")],
];

fn vector(path: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors");
    fs::read(format!("{folder}/{path}")).unwrap()
}

fn sealed(password: &str) -> SealedSecretSpec {
    let mut plain = PlainSecret::default();
    plain.metadata.namespace = Some("ns".to_owned());
    plain.metadata.name = Some("name".to_owned());
    let password = Zeroizing::new(password.as_bytes().to_vec());
    plain.data.insert("password".to_owned(), password);
    // Any bytes will do: the values are no secrets here.
    let mut random = || Some(Zeroizing::new([7; 32]));
    let sealing = Sealing::prepare(plain, Scope::Strict, &mut random).unwrap();
    let certificate = Certificate::from_pem(&vector("certificates/rsa-2048.pem")).unwrap();
    let recipient = certificate.recipient(certificate.not_before()).unwrap();
    let wraps = sealing
        .needs()
        .map(|need| recipient.wrap(need.key, need.label).unwrap())
        .collect();
    let manifest = serde_json::to_value(sealing.finish(wraps).unwrap()).unwrap();
    serde_json::from_value(manifest["spec"].clone()).unwrap()
}

/// All that a caller can learn from the error.
fn error(password: &str, templates: &[(&str, &str)]) -> [String; 3] {
    let mut spec = sealed(password);
    let entries = templates
        .iter()
        .map(|(name, text)| ((*name).to_owned(), Some((*text).to_owned())));
    spec.template.get_or_insert_default().data = Some(entries.collect());
    let key = PrivateKey::from_pem(&vector("keys/rsa-2048.pem")).unwrap();
    let identity = RsaIdentity::new(&key).unwrap();
    let opening = Opening::prepare(&spec, Scope::Strict, "ns", "name").unwrap();
    let keys: Vec<_> = opening
        .needs()
        .map(|need| {
            identity
                .unwrap(need.wrapped, need.label)
                .map_err(|_| NoSessionKey::NoKey)
        })
        .collect();
    let opened = opening.finish(
        &Answers {
            session_keys: keys,
            ..Answers::default()
        },
        &GoTemplate::new(Limits::default()),
    );
    let error = opened.err().unwrap();
    let reasons = format!("{:?}", error.reasons());
    [error.to_string(), format!("{error:?}"), reasons]
}

#[test]
fn all_failures_look_the_same() {
    let expected = error("any", &[("fails", "{{ fail \"\" }}")]);
    assert_eq!(
        expected[0],
        "a template failed while it was rendered; check its functions and limits against the items (which template, where and why is never told: it can depend on values)"
    );
    for templates in ORACLES {
        for password in ["one", "two"] {
            assert_eq!(error(password, templates), expected, "{templates:?}");
        }
    }
}

#[test]
fn what_the_text_alone_decides_is_told_with_its_place() {
    let templates = [
        ("fails", "{{ fail .password }}"),
        ("clock", "{{ .password }}\n {{ now }}"),
        ("typo", "{{ hunter2 }}"),
    ];
    let expected = [
        "template: template function now at line 2, column 5 is not supported: it reads the clock, so the Secret would change with every render (clock)",
        "template: template calls an unknown function at line 1, column 4 (typo)",
    ];
    for password in ["one", "two"] {
        assert_eq!(error(password, &templates)[0], expected.join("\n"));
    }
}
