//! `spec.template`: the shape of the Secret to make (contract §2.1).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The structure of the Secret that is made from a sealed secret.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretTemplate {
    /// Metadata of the Secret. Name and namespace are always the SealedSecret's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<TemplateMetadata>,

    /// Type of the Secret, `Opaque` when left out.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub secret_type: Option<String>,

    /// If true, the data of the Secret cannot be changed any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub immutable: Option<bool>,

    /// Items rendered as Go templates from the decrypted items. A null value leaves the item of
    /// that name out of the Secret, so that it serves templates only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<BTreeMap<String, Option<String>>>,
}

/// Metadata as Kubernetes writes it, in its order; fields that we do not read are kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TemplateMetadata {
    /// Ignored: the Secret takes the SealedSecret's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,

    /// Prefix for a generated name; kept, never used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub generate_name: Option<String>,

    /// Ignored: the Secret takes the SealedSecret's namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,

    /// Labels of the Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, String>>,

    /// Annotations of the Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<BTreeMap<String, String>>,

    /// Finalizers of the Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finalizers: Option<Vec<String>>,

    /// Whatever else the metadata holds.
    #[serde(flatten)]
    #[schemars(skip)]
    pub other: BTreeMap<String, Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_metadata_and_null_items_survive() {
        let text = r#"{"metadata":{"name":"db","labels":{"a":"b"},"managedFields":[{"manager":"x"}]},"type":"Opaque","data":{"gone":null,"kept":"{{ .a }}"}}"#;
        let template: SecretTemplate = serde_json::from_str(text).unwrap();
        assert_eq!(template.data.as_ref().unwrap()["gone"], None);
        assert_eq!(serde_json::to_string(&template).unwrap(), text);
    }
}
