//! Files with private keys, in every shape that people keep them in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pem::Pem;
use seal_keys::PrivateKey;
use serde_json::{Value, json};

use crate::reveal::VECTORS;

/// Name and text of each. The key of 2,048 bits opens what the tests seal.
pub(crate) fn all() -> Vec<(&'static str, String)> {
    let (good, other) = (pkcs1("rsa-2048"), pkcs1("rsa-4096"));
    let (first, second) = (secret(&other), secret(&good));
    let keyless = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}, "data": {"other": "YQ=="}});
    let list = |kind: &str, items: &[&Value]| {
        json!({"apiVersion": "v1", "kind": kind, "metadata": {}, "items": items}).to_string()
    };
    let yaml = seal_manifest::write_yaml;
    vec![
        ("pkcs1.pem", good.clone()),
        ("pkcs8.pem", pkcs8("rsa-2048")),
        ("with, comma.pem", good.clone()),
        ("words.pem", format!("Our key\n\n{good}end\n")),
        ("crlf.pem", good.replace('\n', "\r\n")),
        (
            "certificate-and-key.pem",
            format!("{}{good}", certificate()),
        ),
        ("certificate.pem", certificate()),
        ("ec.pem", pem::encode(&Pem::new("EC PRIVATE KEY", ec_key()))),
        ("two.pem", format!("{other}{good}")),
        ("secret.json", second.to_string()),
        ("secret.yaml", yaml(&second)),
        ("other.yaml", yaml(&first)),
        (
            "documents.yaml",
            format!("---\n{}---\n{}", yaml(&first), yaml(&second)),
        ),
        ("one-after-the-other.json", format!("{first}\n{second}\n")),
        ("list.json", list("List", &[&first, &second])),
        (
            "list.yaml",
            yaml(&json!({"apiVersion": "v1", "kind": "List", "items": [first, second]})),
        ),
        ("secret-list.json", list("SecretList", &[&first, &second])),
        ("empty-list.json", list("List", &[])),
        ("keyless.json", keyless.to_string()),
        ("keyless-beside.json", list("List", &[&keyless, &second])),
        (
            "string-data.yaml",
            yaml(&json!({"apiVersion": "v1", "kind": "Secret", "stringData": {"tls.key": good}})),
        ),
        ("no-key-in-it.yaml", yaml(&secret("garbage"))),
        ("garbage", "garbage\n".to_owned()),
        ("empty", String::new()),
    ]
}

fn secret(key: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": "sealed-secrets-keyabcde",
            "namespace": "kube-system",
            "labels": {"sealedsecrets.bitnami.com/sealed-secrets-key": "active"},
        },
        "type": "kubernetes.io/tls",
        "data": {"tls.crt": STANDARD.encode(certificate()), "tls.key": STANDARD.encode(key)},
    })
}

fn key(name: &str) -> PrivateKey {
    let pem = std::fs::read(format!("{VECTORS}/keys/{name}.pem")).unwrap();
    PrivateKey::from_pem(&pem).unwrap()
}

fn pkcs1(name: &str) -> String {
    key(name).to_pkcs1_pem().unwrap().to_string()
}

fn pkcs8(name: &str) -> String {
    let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
    pem::encode_config(&Pem::new("PRIVATE KEY", key(name).pkcs8_der()), config)
}

fn certificate() -> String {
    let text = std::fs::read_to_string(format!("{VECTORS}/certificates/rsa-2048.pem")).unwrap();
    let start = text.find("-----BEGIN").unwrap();
    text[start..].to_owned()
}

/// On P-256: the private value 1, and no public half.
fn ec_key() -> Vec<u8> {
    let mut der = vec![0x30, 0x31, 2, 1, 1, 4, 0x20];
    der.extend([0; 31]);
    der.extend([1, 0xa0, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7]);
    der
}
