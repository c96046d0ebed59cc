//! The whole file in the other notation, if `--format` asks for that. Comments are lost.

use seal_manifest::{Node, read, write_json, write_sealed_yaml};
use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};
use serde_json::Value;

use crate::output::Format;

/// The text in `format`: as it is if it is in that already, `None` if it cannot be.
pub(super) fn convert(text: String, format: Format) -> Option<String> {
    if Format::of(&text) == format {
        return Some(text);
    }
    let documents = read(text.as_bytes()).ok()?;
    let values: Vec<_> = documents.iter().map(|d| d.root().to_json()).collect();
    let texts = values.iter().map(|value| match format {
        Format::Yaml => Some(format!("---\n{}", write_sealed_yaml(value))),
        Format::Json => write_json(&Ordered(value, &ROOT)).ok(),
    });
    let converted: String = texts.collect::<Option<Vec<_>>>()?.concat();
    let again = read(converted.as_bytes()).ok()?;
    let again = again.iter().map(|d| Node::to_json(d.root()));
    again.eq(values).then_some(converted)
}

/// Keys in the order of kubeseal's types, and what is under them; others follow by name.
struct Order(&'static [(&'static str, &'static Order)]);

const ANY: Order = Order(&[]);
const ROOT: Order = Order(&[
    ("kind", &ANY),
    ("apiVersion", &ANY),
    ("metadata", &METADATA),
    ("spec", &SPEC),
    ("status", &ANY),
]);
const METADATA: Order = Order(&[
    ("name", &ANY),
    ("generateName", &ANY),
    ("namespace", &ANY),
    ("selfLink", &ANY),
    ("uid", &ANY),
    ("resourceVersion", &ANY),
    ("generation", &ANY),
    ("creationTimestamp", &ANY),
    ("deletionTimestamp", &ANY),
    ("deletionGracePeriodSeconds", &ANY),
    ("labels", &ANY),
    ("annotations", &ANY),
    ("ownerReferences", &ANY),
    ("finalizers", &ANY),
    ("managedFields", &ANY),
]);
const SPEC: Order = Order(&[
    ("template", &TEMPLATE),
    ("data", &ANY),
    ("dataKeys", &ANY),
    ("encryptedData", &ANY),
]);
const TEMPLATE: Order = Order(&[
    ("metadata", &METADATA),
    ("type", &ANY),
    ("immutable", &ANY),
    ("data", &ANY),
]);

struct Ordered<'v>(&'v Value, &'static Order);

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(value, order) = self;
        let Value::Object(fields) = value else {
            return value.serialize(serializer);
        };
        let mut map = serializer.serialize_map(Some(fields.len()))?;
        for (key, order) in order.0 {
            if let Some(value) = fields.get(*key) {
                map.serialize_entry(key, &Ordered(value, order))?;
            }
        }
        for (key, value) in fields {
            if order.0.iter().all(|(known, _)| known != key) {
                map.serialize_entry(key, value)?;
            }
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_in_the_other_notation() {
        let yaml = "---\napiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata:\n  annotations:\n    x: \"1\"\n  name: app\n  zone: 1\nspec:\n  encryptedData:\n    a: AgA=\n  template:\n    immutable: true\n    metadata:\n      labels:\n        b: c\n      name: app\n---\nkind: Other\n";
        let json = convert(yaml.to_owned(), Format::Json).unwrap();
        let keys: Vec<_> = json.split('"').skip(1).step_by(2).collect();
        let expected = "kind SealedSecret apiVersion bitnami.com/v1alpha1 metadata name app annotations x 1 zone spec template metadata name app labels b c immutable encryptedData a AgA= kind Other";
        assert_eq!(keys.join(" "), expected);
        assert!(json.starts_with("{\n  \"kind\"") && json.ends_with("\n}\n"));
        assert_eq!(convert(json.clone(), Format::Yaml).as_deref(), Some(yaml));
        for (text, format) in [(yaml, Format::Yaml), (&json, Format::Json)] {
            let kept = format!("\n{text}\n");
            assert_eq!(convert(kept.clone(), format), Some(kept));
        }
    }
}
