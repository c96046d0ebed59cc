//! Sealed values made readable: what a reviewer and a comparison look at instead of random bytes.

mod se1;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use seal_age::AgeIdentity;
use seal_api::SealedSecretSpec;
use seal_keys::{Identity as _, PrivateKey, RsaIdentity};
use sealing::{Answers, NoSessionKey, Opening, scope_of};
use serde_json::Value;
use template::{GoTemplate, Limits};

/// The folder with keys and certificates of the tests.
pub(crate) const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors");

/// The test keys, which open what the tests seal.
pub(crate) struct Keys {
    rsa: Vec<RsaIdentity>,
    age: AgeIdentity,
}

/// The one of the worked example in docs/format.md.
const AGE: &str = "AGE-SECRET-KEY-1EKS335CV6WE3VCYHSRYGFMZLMNRGU802G0N57JJ6MA9GTA3D960S233EL6";

/// One sealed value and what is in it.
struct Revealed {
    sealed: String,
    shown: String,
}

impl Keys {
    /// Reads the keys of `tests/vectors/keys`.
    pub(crate) fn of_tests() -> Self {
        let names = ["rsa-2048", "rsa-4096"];
        let keys = names.map(|name| {
            let pem = std::fs::read(format!("{VECTORS}/keys/{name}.pem")).unwrap();
            RsaIdentity::new(&PrivateKey::from_pem(&pem).unwrap()).unwrap()
        });
        Self {
            rsa: keys.into(),
            age: AgeIdentity::parse(AGE).unwrap(),
        }
    }

    /// Replaces each sealed value of each SealedSecret in `text` by `[SEALED scope place "value"]`,
    /// opened the way a controller does it. What does not open stays as it is.
    pub(crate) fn reveal(&self, text: &str) -> String {
        let mut shown = text.to_owned();
        for object in objects(text) {
            for value in self.values(&object) {
                shown = shown.replace(&value.sealed, &value.shown);
            }
            shown = self.reveal_se1(&object, &shown);
        }
        shown
    }

    fn reveal_se1(&self, object: &Value, shown: &str) -> String {
        let metadata = &object["metadata"];
        let annotations = serde_json::from_value(metadata["annotations"].clone()).ok();
        let place = se1::Place {
            scope: scope_of(annotations.as_ref()),
            namespace: metadata["namespace"].as_str().unwrap_or_default(),
            name: metadata["name"].as_str().unwrap_or_default(),
        };
        match serde_json::from_value(object["spec"].clone()) {
            Ok(spec) => se1::reveal(self, &spec, &place, shown),
            Err(_) => shown.to_owned(),
        }
    }

    fn values(&self, object: &Value) -> Vec<Revealed> {
        let metadata = &object["metadata"];
        let text = |field: &str| metadata[field].as_str().unwrap_or_default();
        let annotations = serde_json::from_value(metadata["annotations"].clone()).ok();
        let scope = scope_of(annotations.as_ref());
        let Ok(spec) = serde_json::from_value::<SealedSecretSpec>(object["spec"].clone()) else {
            return Vec::new();
        };
        let engine = GoTemplate::new(Limits::default());
        // One by one: an item that does not open must not hide the others.
        let reveal = |(name, sealed): (&String, &String)| {
            let item = SealedSecretSpec {
                encrypted_data: [(name.clone(), sealed.clone())].into(),
                ..SealedSecretSpec::default()
            };
            let opening = Opening::prepare(&item, scope, text("namespace"), text("name")).ok()?;
            let keys: Vec<_> = opening
                .needs()
                .map(|need| {
                    self.rsa
                        .iter()
                        .find_map(|key| key.unwrap(need.wrapped, need.label).ok())
                        .ok_or(NoSessionKey::NoKey)
                })
                .collect();
            let opened = opening
                .finish(
                    &Answers {
                        session_keys: keys,
                        ..Answers::default()
                    },
                    &engine,
                )
                .ok()?;
            let label = scope.label(text("namespace"), text("name"));
            let place = String::from_utf8(label).unwrap();
            let space = if place.is_empty() { "" } else { " " };
            let value = show(&opened.data[name]);
            Some(Revealed {
                sealed: sealed.clone(),
                shown: format!("[SEALED {scope}{space}{place} {value}]"),
            })
        };
        spec.encrypted_data.iter().filter_map(reveal).collect()
    }
}

/// Every object of an output; none if it is no manifest.
pub(crate) fn objects(text: &str) -> Vec<Value> {
    let documents = seal_manifest::read(text.as_bytes()).unwrap_or_default();
    documents
        .iter()
        .map(|document| document.root().to_json())
        .collect()
}

fn show(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) => format!("{text:?}"),
        Err(_) => format!("base64 {}", STANDARD.encode(value)),
    }
}
