//! The Secret as kubeseal prints it, but for what `kubectl apply` would stumble over: an owner
//! without a uid, and what an API server once wrote into the template's metadata.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sealing::{OpenedSecret, SealedDocument};
use serde::{Serialize, Serializer};
use zeroize::Zeroizing;

use crate::output::Format;
use crate::wiped_json::wipe;

/// Fields in the order of Go's struct.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest<'a> {
    kind: &'static str,
    api_version: &'static str,
    metadata: Metadata<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    immutable: Option<bool>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    data: BTreeMap<&'a str, Base64>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    secret_type: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    generate_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<&'a BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<&'a BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finalizers: Option<&'a Vec<String>>,
}

/// Wiped when dropped.
struct Base64(Zeroizing<String>);

impl Serialize for Base64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// One document. Copies of values that are made here are wiped.
pub(super) fn manifest(
    sealed: &SealedDocument,
    opened: &OpenedSecret,
    format: Format,
) -> Result<Zeroizing<Vec<u8>>, serde_json::Error> {
    let of_template = &opened.metadata;
    let values = opened.data.iter().map(|(item, value)| {
        let text = STANDARD.encode(value.as_slice());
        (item.as_str(), Base64(Zeroizing::new(text)))
    });
    let manifest = Manifest {
        kind: "Secret",
        api_version: "v1",
        metadata: Metadata {
            name: &sealed.name,
            generate_name: of_template
                .generate_name
                .as_deref()
                .filter(|prefix| !prefix.is_empty()),
            namespace: sealed.namespace.as_deref(),
            labels: of_template.labels.as_ref().filter(|map| !map.is_empty()),
            annotations: of_template
                .annotations
                .as_ref()
                .filter(|map| !map.is_empty()),
            finalizers: of_template
                .finalizers
                .as_ref()
                .filter(|list| !list.is_empty()),
        },
        immutable: opened.immutable,
        data: values.collect(),
        secret_type: opened.secret_type.as_deref(),
    };
    let text = match format {
        Format::Json => Zeroizing::new(seal_manifest::write_json(&manifest)?),
        Format::Yaml => {
            let mut value = serde_json::to_value(&manifest)?;
            let text = Zeroizing::new(seal_manifest::write_yaml(&value));
            wipe(&mut value);
            Zeroizing::new(["---\n", text.as_str()].concat())
        }
    };
    Ok(Zeroizing::new(text.as_bytes().to_vec()))
}
