//! An object that is as large as it can be.

use serde_json::Value;
use suite::vectors;

use crate::desk::{Desk, certificate};

/// Bytes of an object (docs/format.md, Limits).
const LIMIT: usize = 3_145_728;

/// What counts: names of items, ids, and all texts.
fn counted(object: &Value) -> usize {
    let spec = &object["spec"];
    ["encryptedData", "dataKeys"]
        .iter()
        .flat_map(|block| spec[block].as_object().unwrap())
        .map(|(name, value)| name.len() + texts(value))
        .sum()
}

fn texts(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(texts).sum(),
        Value::Object(fields) => fields.values().map(texts).sum(),
        _ => 0,
    }
}

/// Readers would refuse the file afterwards, so it stays.
#[test]
fn nobody_is_added_to_an_object_that_is_full() {
    let Some(desk) = Desk::find() else { return };
    let secret = |rest: usize| {
        let large = "x".repeat(1_000_000);
        let rest = "x".repeat(rest);
        format!(
            "kind: Secret\nmetadata: {{name: db, namespace: prod}}\nstringData: {{A: {large}, B: {large}, C: {rest}}}\n"
        )
    };
    let certificate_2048 = certificate("rsa-2048.pem");
    let seal = [
        "-w",
        "db.json",
        "--format-version",
        "se1",
        "--cert",
        &certificate_2048,
    ];
    let size = || counted(&serde_json::from_str(&desk.read("db.json")).unwrap());
    desk.done(&seal, &secret(1));
    desk.done(&seal, &secret((LIMIT - 300 - size()) / 4 * 3));
    assert!((LIMIT - 310..LIMIT).contains(&size()), "{}", size());
    let key = vectors().join("keys/rsa-2048.pem");
    let other = format!("cert:{}", certificate("rsa-4096.pem"));
    let add = ["recipients", "add", "db.json", "-r", &other];
    let keys = ["--private-key", key.to_str().unwrap()];
    let said = desk.refused("db.json", 4, &[&add[..], &keys].concat());
    assert!(said.contains("nothing was changed"), "{said}");
}
