//! SealedSecrets of the size and shape of real ones, and `seal set` on them.

use crate::model;
use seal_manifest::{BlockEdit, edit, write_sealed_yaml};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use testkit::Dice;

const BASE_32: &str = "abcdefghijklmnopqrstuvwxyz234567";

/// A file with these items, sealed at once or one after the other.
pub(crate) fn sealed(items: &[String], dice: &mut Dice) -> String {
    let recipients = 1 + dice.below(3);
    let at_once = dice.is_one_in(2);
    let mut data_keys = Map::new();
    let mut values = Map::new();
    let mut id = data_key_id(dice);
    for item in items {
        if !at_once && dice.below(3) > 0 {
            id = data_key_id(dice);
        }
        values.insert(item.clone(), json!(value(&id, dice)));
        if !data_keys.contains_key(&id) {
            data_keys.insert(id.clone(), entry(recipients, dice));
        }
    }
    write_sealed_yaml(&json!({
        "apiVersion": "bitnami.com/v1alpha1",
        "kind": "SealedSecret",
        "metadata": {"name": "db", "namespace": "prod"},
        "spec": {"dataKeys": data_keys, "encryptedData": values, "template": {"type": "Opaque"}},
    }))
}

/// Gives an item a new value under a fresh data key, and drops the data key that nothing names
/// any more.
pub(crate) fn set(text: &str, item: &str, dice: &mut Dice) -> String {
    let id = data_key_id(dice);
    let mut edits = vec![
        BlockEdit::SetItem {
            item: item.to_owned(),
            value: value(&id, dice),
        },
        BlockEdit::SetDataKey {
            id,
            item: item.to_owned(),
            entry: entry(2, dice),
        },
    ];
    let document = model::document(text, 1);
    let values = document["spec"]["encryptedData"].as_object().unwrap();
    let others = values.iter().filter(|(other, _)| *other != item);
    let named: BTreeSet<&str> = others.filter_map(|(_, value)| data_key_of(value)).collect();
    if let Some(old) = values.get(item).and_then(data_key_of)
        && !named.contains(old)
    {
        edits.push(BlockEdit::RemoveDataKey { id: old.to_owned() });
    }
    edit(text, 1, &edits).unwrap_or_else(|error| panic!("{error}:\n{text}"))
}

pub(crate) fn data_key_of(value: &Value) -> Option<&str> {
    value.as_str()?.split('.').nth(1)
}

fn data_key_id(dice: &mut Dice) -> String {
    format!("k{}", dice.word(BASE_32, 11))
}

fn value(id: &str, dice: &mut Dice) -> String {
    let length = 28 + dice.below(60);
    format!("se1.{id}.{}", dice.base64(length))
}

fn entry(recipients: usize, dice: &mut Dice) -> Value {
    let mut wraps = vec![json!({
        "to": format!("age1{}", dice.word("qpzry9x8gf2tvdw0s3jn54khce6mua7l", 58)),
        "enc": armor(dice),
    })];
    if recipients > 1 {
        wraps.push(json!({"to": "arn:aws:kms:eu-central-1:111122223333:key/1234", "enc": dice.base64(190)}));
    }
    if recipients > 2 {
        wraps.push(json!({"to": "rsa:0123456789abcdef", "enc": dice.base64(512)}));
    }
    json!({
        "boundTo": "strict/prod/db",
        "commit": dice.base64(32),
        "mac": dice.base64(32),
        "wraps": wraps,
    })
}

fn armor(dice: &mut Dice) -> String {
    let body = dice.base64(240);
    let lines: Vec<&str> = (0..body.len())
        .step_by(64)
        .map(|at| &body[at..body.len().min(at + 64)])
        .collect();
    format!(
        "-----BEGIN AGE ENCRYPTED FILE-----\n{}\n-----END AGE ENCRYPTED FILE-----\n",
        lines.join("\n")
    )
}
