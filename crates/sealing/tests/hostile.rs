//! The bodies of the fuzz targets on bytes that are nearly right.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test: what does not hold should stop it"
)]

mod fuzzed;

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use seal_format::se1::{Binding, RecipientName, Wrap};
use sealing::SealedItems;
use zeroize::Zeroizing;

/// A file, its data key with its id, and its value: all well-formed.
fn samples() -> [Vec<u8>; 3] {
    let object = Binding::from_text("strict/prod/db").unwrap();
    let items = BTreeMap::from([("A".to_owned(), Zeroizing::new(b"one".to_vec()))]);
    let mut random = |bytes: &mut [u8]| {
        bytes.fill(9);
        true
    };
    let items = SealedItems::seal(&items, object, &mut random).unwrap();
    let wraps = ["age1qqqqqqq".to_owned(), format!("rsa:{}", "0".repeat(64))];
    let wraps = wraps.map(|to| Wrap {
        to: RecipientName::from_text(&to).unwrap(),
        blob: vec![5; 100],
    });
    let finished = items.finish(wraps.to_vec()).unwrap();
    let value = finished.values["A"].clone().into_bytes();
    let key = serde_json::to_vec(&(&finished.id, &finished.entry)).unwrap();
    let file = serde_json::json!({
        "apiVersion": "bitnami.com/v1alpha1",
        "kind": "SealedSecret",
        "metadata": { "name": "db", "namespace": "prod" },
        "spec": {
            "dataKeys": BTreeMap::from([(&finished.id, &finished.entry)]),
            "encryptedData": finished.values,
        },
    });
    let file = format!("---\n{}", seal_manifest::write_sealed_yaml(&file)).into_bytes();
    [file, key, value]
}

#[derive(Clone, Debug)]
enum Change {
    Set(Index, u8),
    Remove(Index),
    Insert(Index, u8),
    Cut(Index),
    Repeat(Index, Index),
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        at().prop_map(Change::Remove),
        (at(), any::<u8>()).prop_map(|(at, byte)| Change::Insert(at, byte)),
        at().prop_map(Change::Cut),
        (at(), at()).prop_map(|(from, to)| Change::Repeat(from, to)),
    ]
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    if bytes.is_empty() {
        return;
    }
    let length = bytes.len();
    match change {
        Change::Set(at, byte) => bytes[at.index(length)] = *byte,
        Change::Remove(at) => {
            bytes.remove(at.index(length));
        }
        Change::Insert(at, byte) => bytes.insert(at.index(length), *byte),
        Change::Cut(at) => bytes.truncate(at.index(length)),
        Change::Repeat(from, to) => {
            let (from, to) = (from.index(length), to.index(length));
            let copy = bytes[from.min(to)..from.max(to)].to_vec();
            bytes.extend(copy);
        }
    }
}

#[test]
fn the_samples_are_read() {
    let [file, key, value] = samples();
    let documents = seal_manifest::read(&file).unwrap();
    assert!(sealing::read_sealed(&documents[0]).is_ok());
    assert!(serde_json::from_slice::<(String, seal_api::DataKeyEntry)>(&key).is_ok());
    assert!(value.starts_with(b"se1."));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn nearly_right_bytes(changes in vec(change(), 1..4), random in vec(any::<u8>(), 0..64)) {
        fuzzed::value(&random);
        fuzzed::data_key(&random);
        fuzzed::file(&random);
        let [mut file, mut key, mut value] = samples();
        for change in &changes {
            apply(&mut file, change);
            apply(&mut key, change);
            apply(&mut value, change);
        }
        fuzzed::value(&value);
        fuzzed::data_key(&key);
        fuzzed::file(&file);
    }
}

/// A Secret, a List, and values as they come out of files.
const INPUTS: [&str; 4] = [
    "apiVersion: v1\nkind: Secret\nmetadata:\n  name: app\n  labels: {a: b}\nstringData:\n  port: 8080\n  \
     text: |\n    one\n    two\n  quoted: \"a\\tb\"\ndata: {bytes: AAEC}\nimmutable: true\n",
    r#"{"kind":"List","items":[{"kind":"Secret","metadata":{"name":"a"},"data":{"x":"eA=="}}]}"#,
    "a: &x [1, 2.5, 1e3, ~, yes, 0o17, 2001-01-01]\nb: *x\n---\nc: 'd'\n? e\n: >-\n  f\n  g\n",
    "AgBvZ2FyYmFnZQ==",
];

#[test]
fn nearly_right_input() {
    let mut dice = testkit::Dice::new(6);
    for round in 0..10_000 {
        let mut input = INPUTS[round % INPUTS.len()].as_bytes().to_vec();
        dice.damage(&mut input);
        fuzzed::document(&input);
        fuzzed::legacy(&input);
    }
}
