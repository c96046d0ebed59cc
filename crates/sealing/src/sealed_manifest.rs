//! A SealedSecret as a file holds it, in kubeseal's field order (contract §3.5).

use std::collections::BTreeMap;

use seal_api::SealedSecretSpec;
use serde::{Deserialize, Serialize};

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
}
