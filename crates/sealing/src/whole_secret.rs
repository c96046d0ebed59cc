//! `spec.data`, the format of kubeseal before 0.7: a whole Secret in JSON as one value (§1.4).

use std::collections::BTreeMap;

use seal_api::TemplateMetadata;
use seal_format::go_base64;
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

use crate::open::OpenedSecret;

/// The decrypted bytes hold no Secret.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("spec.data opens, but holds no Secret in JSON")]
pub struct WholeSecretError;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WholeSecret {
    #[serde(default)]
    metadata: Option<TemplateMetadata>,
    #[serde(rename = "type", default)]
    secret_type: Option<String>,
    #[serde(default)]
    immutable: Option<bool>,
    #[serde(default)]
    data: Option<BTreeMap<String, Base64>>,
    #[serde(default)]
    string_data: Option<BTreeMap<String, Zeroizing<String>>>,
}

struct Base64(Zeroizing<Vec<u8>>);

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(Option::<String>::deserialize(deserializer)?.unwrap_or_default());
        go_base64::decode(&text)
            .map(|bytes| Self(Zeroizing::new(bytes)))
            .map_err(|_| serde::de::Error::custom("not base64"))
    }
}

/// Reads the Secret; the error tells nothing of it.
pub(crate) fn parse(json: &[u8]) -> Result<OpenedSecret, WholeSecretError> {
    let secret: WholeSecret = serde_json::from_slice(json).map_err(|_| WholeSecretError)?;
    let mut data: BTreeMap<_, _> = secret
        .data
        .unwrap_or_default()
        .into_iter()
        .map(|(name, value)| (name, value.0))
        .collect();
    for (name, value) in secret.string_data.unwrap_or_default() {
        data.insert(name, Zeroizing::new(value.as_bytes().to_vec()));
    }
    let metadata = secret.metadata.unwrap_or_default();
    Ok(OpenedSecret {
        data,
        // What an API server wrote into the object when it was sealed is not part of it.
        metadata: TemplateMetadata {
            labels: metadata.labels,
            annotations: metadata.annotations,
            finalizers: metadata.finalizers,
            ..TemplateMetadata::default()
        },
        secret_type: secret.secret_type.filter(|kind| !kind.is_empty()),
        immutable: secret.immutable,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_kubeseal_used_to_seal() {
        let json = br#"{"kind":"Secret","apiVersion":"v1","metadata":{"name":"db","creationTimestamp":null,"labels":{"a":"b"}},"data":{"a":"Yg==","n":null},"stringData":{"a":"c"},"type":"Opaque"}"#;
        let secret = parse(json).unwrap();
        assert_eq!(secret.data["a"].as_slice(), b"c");
        assert_eq!(secret.data["n"].as_slice(), b"");
        assert_eq!(secret.secret_type.as_deref(), Some("Opaque"));
        assert_eq!(secret.metadata.labels.unwrap()["a"], "b");
        assert_eq!(
            parse(br#"{"data":{"a":"not base64!"}}"#).err(),
            Some(WholeSecretError)
        );
    }
}
