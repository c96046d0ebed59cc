//! The SealedSecret itself.
#![allow(
    clippy::duplicated_attributes,
    reason = "three printer columns share their type; clippy reads them as one attribute"
)]

use std::collections::BTreeMap;

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::data_key::DataKeyEntry;
use crate::status::SealedSecretStatus;
use crate::template::SecretTemplate;

/// Specification of a sealed secret. Field order is the order in which kubeseal writes JSON.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, CustomResource)]
#[kube(
    group = "bitnami.com",
    version = "v1alpha1",
    kind = "SealedSecret",
    plural = "sealedsecrets",
    singular = "sealedsecret",
    namespaced,
    status = "SealedSecretStatus",
    derive = "PartialEq",
    doc = "A Secret that was sealed for a cluster's key; the controller makes the Secret from it.",
    printcolumn(
        name = "Status",
        type_ = "string",
        json_path = ".status.conditions[0].message"
    ),
    printcolumn(
        name = "Synced",
        type_ = "string",
        json_path = ".status.conditions[0].status"
    ),
    printcolumn(
        name = "Age",
        type_ = "date",
        json_path = ".metadata.creationTimestamp"
    )
)]
#[serde(rename_all = "camelCase")]
pub struct SealedSecretSpec {
    /// The structure of the Secret to make.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<SecretTemplate>,

    /// Deprecated since kubeseal 0.7: a whole Secret sealed as one value, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,

    /// The data keys of values that begin with `se1.`, by id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub data_keys: BTreeMap<String, DataKeyEntry>,

    /// The sealed values by item name.
    #[serde(default)]
    pub encrypted_data: BTreeMap<String, String>,
}
