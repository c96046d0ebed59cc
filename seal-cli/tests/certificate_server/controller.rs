//! What the controller's two endpoints for SealedSecrets answer: it has both test keys, and seals for
//! that of 4,096 bits.

use std::collections::BTreeMap;

use seal_format::{Envelope, SessionKey};
use seal_keys::{Identity as _, PrivateKey, Recipient as _, RsaIdentity};
use sealing::scope_of;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

const KEYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/keys");

/// Which controller is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// As it should be.
    Sound,
    /// Renders templates, as Sealed Secrets did before 0.40.
    Rendering,
    /// Leaves an item out.
    Forgetful,
    /// Seals for the whole cluster.
    Widening,
}

/// What `/v1/verify` answers.
pub(super) fn verify(sealed: &[u8]) -> &'static str {
    let Some(sealed) = parse(sealed) else {
        return "500 Internal Server Error";
    };
    if open(&sealed).is_some() {
        "200 OK"
    } else {
        "409 Conflict"
    }
}

/// What `/v1/rotate` answers; nothing if it cannot.
pub(super) fn rotate(sealed: &[u8], kind: Kind) -> Option<Vec<u8>> {
    let sealed = parse(sealed)?;
    let mut values = open(&sealed)?;
    match kind {
        Kind::Rendering => {
            let templates = sealed["spec"]["template"]["data"].as_object().cloned();
            let rendered = templates.unwrap_or_default().into_iter();
            values.extend(rendered.map(|(item, _)| (item, b"rendered".to_vec())));
        }
        Kind::Forgetful => drop(values.pop_first()),
        Kind::Sound | Kind::Widening => {}
    }
    let newest = keys().pop()?.recipient()?;
    let label = label(&sealed);
    let seal = |value: &[u8]| {
        let key = SessionKey::from_fresh_bytes(Zeroizing::new([7; SessionKey::LEN]));
        let envelope = Envelope {
            wrapped_key: newest.wrap(key.expose(), &label).ok()?,
            payload: key.seal(value).ok()?,
        };
        envelope.to_text().ok()
    };
    let mut items = Map::new();
    for (item, value) in values {
        items.insert(item, json!(seal(&value)?));
    }
    let mut metadata = sealed["metadata"].clone();
    if kind == Kind::Widening {
        metadata["annotations"] = json!({"sealedsecrets.bitnami.com/cluster-wide": "true"});
    }
    let mut template = json!({"metadata": metadata});
    for field in ["type", "immutable"] {
        if let Some(value) = sealed["spec"]["template"].get(field) {
            template[field] = value.clone();
        }
    }
    let answer = json!({
        "metadata": metadata,
        "spec": {"template": template, "encryptedData": items},
    });
    Some(answer.to_string().into_bytes())
}

fn parse(sealed: &[u8]) -> Option<Value> {
    let sealed: Value = serde_json::from_slice(sealed).ok()?;
    let is_sealed =
        sealed["kind"] == "SealedSecret" && sealed["apiVersion"] == "bitnami.com/v1alpha1";
    is_sealed.then_some(sealed)
}

fn open(sealed: &Value) -> Option<BTreeMap<String, Vec<u8>>> {
    let keys = keys();
    let label = label(sealed);
    let items = sealed["spec"]["encryptedData"].as_object()?;
    let opened = items.iter().map(|(item, value)| {
        let envelope = Envelope::from_text(value.as_str()?).ok()?;
        let mut keys = keys.iter();
        let key = keys.find_map(|key| key.unwrap(&envelope.wrapped_key, &label).ok())?;
        let value = SessionKey::from_unwrapped(&key)
            .ok()?
            .open(&envelope.payload);
        Some((item.clone(), value.ok()?.to_vec()))
    });
    opened.collect()
}

fn label(sealed: &Value) -> Vec<u8> {
    let metadata = &sealed["metadata"];
    let text = |field: &str| metadata[field].as_str().unwrap_or_default();
    let annotations = serde_json::from_value(metadata["annotations"].clone()).ok();
    scope_of(annotations.as_ref()).label(text("namespace"), text("name"))
}

/// The newest last.
fn keys() -> Vec<RsaIdentity> {
    let read = |name: &str| {
        let pem = std::fs::read(format!("{KEYS}/{name}.pem")).unwrap();
        RsaIdentity::new(&PrivateKey::from_pem(&pem).unwrap()).unwrap()
    };
    ["rsa-2048", "rsa-4096"].map(read).into()
}
