//! SealedSecrets in the other notation, whole, laid out as kubeseal does.

use seal_manifest::Document;
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::Value;

use crate::error::CliError;
use crate::output::Format;

/// Fields before others, in the order of Go's structs.
const ROOT: &[&str] = &["kind", "apiVersion", "metadata", "spec", "status"];
const SPEC: &[&str] = &["template", "data", "dataKeys", "encryptedData"];
const TEMPLATE: &[&str] = &["metadata", "type", "immutable", "data"];
const METADATA: &[&str] = &[
    "name",
    "generateName",
    "namespace",
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "managedFields",
];

/// Every document of a text, written anew.
pub(super) fn all(text: &str, format: Format, from: &str) -> Result<String, CliError> {
    let documents = seal_manifest::read(text.as_bytes()).map_err(|reason| CliError::Manifest {
        from: from.to_owned(),
        reason,
    })?;
    documents
        .iter()
        .map(|document| one(document, format))
        .collect()
}

fn one(document: &Document, format: Format) -> Result<String, CliError> {
    let value = document.root().to_json();
    match format {
        Format::Yaml => Ok(format!("---\n{}", seal_manifest::write_sealed_yaml(&value))),
        Format::Json => seal_manifest::write_json(&Ordered(&value, Place::Root))
            .map_err(|_| CliError::EncodeSecret(document.index())),
    }
}

/// A tree with its fields in order.
struct Ordered<'v>(&'v Value, Place);

#[derive(Clone, Copy)]
enum Place {
    Root,
    Metadata,
    Spec,
    Template,
    Anywhere,
}

impl Place {
    fn first(self) -> &'static [&'static str] {
        match self {
            Self::Root => ROOT,
            Self::Metadata => METADATA,
            Self::Spec => SPEC,
            Self::Template => TEMPLATE,
            Self::Anywhere => &[],
        }
    }

    fn entry(self, key: &str) -> Self {
        match (self, key) {
            (Self::Root | Self::Template, "metadata") => Self::Metadata,
            (Self::Root, "spec") => Self::Spec,
            (Self::Spec, "template") => Self::Template,
            _ => Self::Anywhere,
        }
    }
}

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(value, place) = self;
        match value {
            Value::Object(fields) => {
                let first = place.first();
                let rank = |key: &str| first.iter().position(|known| *known == key);
                let mut entries: Vec<_> = fields.iter().collect();
                // Stable: the others stay in the order of their names.
                entries.sort_by_key(|(key, _)| rank(key).unwrap_or(first.len()));
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(key, &Ordered(value, place.entry(key)))?;
                }
                map.end()
            }
            Value::Array(items) => {
                serializer.collect_seq(items.iter().map(|item| Ordered(item, Place::Anywhere)))
            }
            scalar => scalar.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_notations_are_laid_out_as_kubeseal_does() {
        let yaml = "---\napiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata:\n  annotations:\n    a: b\n  name: db\n  namespace: prod\nspec:\n  encryptedData:\n    a: AgA=\n  template:\n    data:\n      c: null\n    metadata:\n      labels:\n        x: \"y\"\n      name: db\n    type: Opaque\n";
        let json = r#"{
  "kind": "SealedSecret",
  "apiVersion": "bitnami.com/v1alpha1",
  "metadata": {
    "name": "db",
    "namespace": "prod",
    "annotations": {
      "a": "b"
    }
  },
  "spec": {
    "template": {
      "metadata": {
        "name": "db",
        "labels": {
          "x": "y"
        }
      },
      "type": "Opaque",
      "data": {
        "c": null
      }
    },
    "encryptedData": {
      "a": "AgA="
    }
  }
}
"#;
        assert_eq!(all(yaml, Format::Json, "stdin").unwrap(), json);
        assert_eq!(all(json, Format::Yaml, "stdin").unwrap(), yaml);
    }
}
