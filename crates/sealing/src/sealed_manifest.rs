//! A SealedSecret as a file holds it, in kubeseal's field order (contract §3.5).

use std::collections::BTreeMap;

use seal_api::SealedSecretSpec;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The document that is committed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SealedManifest {
    /// `SealedSecret`.
    pub kind: String,
    /// `bitnami.com/v1alpha1`.
    pub api_version: String,
    /// Name, namespace, and the scope's annotation.
    pub metadata: SealedMetadata,
    /// Values and template.
    pub spec: SealedSecretSpec,
}

/// Metadata of the SealedSecret itself; the input's labels go to the template only.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SealedMetadata {
    /// Name of SealedSecret and Secret.
    pub name: String,
    /// Namespace; may be missing for cluster-wide values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The scope's annotation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<BTreeMap<String, String>>,
}

impl SealedManifest {
    /// Puts kind and version in front.
    pub fn new(metadata: SealedMetadata, spec: SealedSecretSpec) -> Self {
        Self {
            kind: "SealedSecret".to_owned(),
            api_version: "bitnami.com/v1alpha1".to_owned(),
            metadata,
            spec,
        }
    }

    /// The same as JSON; the sealed values, which are most of it, are not copied.
    ///
    /// # Errors
    /// None that its types allow.
    pub fn into_json(mut self) -> serde_json::Result<Value> {
        let values = std::mem::take(&mut self.spec.encrypted_data);
        let mut json = serde_json::to_value(&self)?;
        let values = values.into_iter();
        json["spec"]["encryptedData"] = values
            .map(|(item, value)| (item, Value::String(value)))
            .collect();
        Ok(json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_what_it_serializes_to() {
        for values in [&[][..], &[("a", "AgA="), ("b", "AgB=")]] {
            let values = values
                .iter()
                .map(|(item, value)| ((*item).into(), (*value).into()));
            let spec = SealedSecretSpec {
                encrypted_data: values.collect(),
                ..SealedSecretSpec::default()
            };
            let metadata = SealedMetadata {
                name: "app".to_owned(),
                ..SealedMetadata::default()
            };
            let manifest = SealedManifest::new(metadata, spec);
            let expected = serde_json::to_value(&manifest).unwrap();
            assert_eq!(manifest.into_json().unwrap(), expected);
        }
    }
}
