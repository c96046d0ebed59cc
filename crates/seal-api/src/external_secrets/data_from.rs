//! `spec.dataFrom`: many values at once, and their keys rewritten.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::remote_ref::{ConversionStrategy, DecodingStrategy, NullBytePolicy, RemoteRef};
use super::store_ref::SourceRef;

/// All values of one secret, or of all secrets that are found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DataFrom {
    /// Every member of a secret's JSON object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extract: Option<RemoteRef>,

    /// Every secret that matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub find: Option<Find>,

    /// Changes of the keys, one after another.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rewrite: Vec<Rewrite>,

    /// The store, if it is not that of the whole object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_ref: Option<SourceRef>,
}

/// Which secrets of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Find {
    /// Beginning of their names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,

    /// Their names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<FindName>,

    /// Tags that they have, all of them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,

    /// How characters that no key may have are replaced; Default when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversion_strategy: Option<ConversionStrategy>,

    /// How values are decoded; None when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decoding_strategy: Option<DecodingStrategy>,

    /// Whether a zero byte in a value is an error; Ignore when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub null_byte_policy: Option<NullBytePolicy>,
}

/// Names by regular expression.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindName {
    /// In Go's syntax, anywhere in the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regexp: Option<String>,
}

/// One change of the keys. Exactly one of its fields is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rewrite {
    /// Values that are JSON objects are taken apart or put together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge: Option<Merge>,

    /// By regular expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regexp: Option<Regexp>,

    /// By template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transform: Option<Transform>,
}

/// Values that are JSON objects, merged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Merge {
    /// Key of the merged object, for strategy JSON.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub into: String,

    /// Keys that come last, in this order, so that they win.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub priority: Vec<String>,

    /// Whether all of them must exist; Strict when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority_policy: Option<PriorityPolicy>,

    /// Whether two objects may have the same member; Error when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflict_policy: Option<ConflictPolicy>,

    /// What comes out; Extract when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<MergeStrategy>,
}

/// What a missing key in `priority` is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PriorityPolicy {
    /// Nothing.
    IgnoreNotFound,
    /// An error.
    #[default]
    Strict,
}

/// What the same member in two objects is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ConflictPolicy {
    /// Nothing; the last wins.
    Ignore,
    /// An error.
    #[default]
    Error,
}

/// What comes out of a merge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum MergeStrategy {
    /// The members, each under its own key.
    #[default]
    Extract,
    /// What was there, and one key with all of it as JSON.
    #[serde(rename = "JSON")]
    Json,
}

/// Keys rewritten by regular expression.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Regexp {
    /// In Go's syntax.
    pub source: String,

    /// What each match is replaced with, in Go's syntax.
    pub target: String,
}

/// Keys rewritten by template.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Transform {
    /// Gets the key as .value.
    pub template: String,
}
