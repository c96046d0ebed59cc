//! `spec.target`: the Secret that is made.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::template::Template;

/// The Secret that is made, and whose it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// Name of the Secret, that of the ExternalSecret when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,

    /// Who makes and owns the Secret; Owner when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creation_policy: Option<CreationPolicy>,

    /// What becomes of the Secret when the store has no values any more; Retain when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,

    /// Metadata, type and items of the Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<Template>,

    /// Something else than a Secret; not served here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<Manifest>,

    /// If true, the Secret is made once and never changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub immutable: Option<bool>,
}

/// Who makes and owns the Secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CreationPolicy {
    /// The ExternalSecret, with all its items.
    #[default]
    Owner,
    /// The ExternalSecret makes it, but it stays without it.
    Orphan,
    /// Someone else; items are added.
    Merge,
    /// Nobody: nothing is made.
    None,
    /// Someone else or the ExternalSecret; items are added.
    CreateOrMerge,
}

/// What becomes of the Secret when the store has no values any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DeletionPolicy {
    /// It is deleted.
    Delete,
    /// Its items are removed, but those of others.
    Merge,
    /// It stays.
    #[default]
    Retain,
}

/// A kind of object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// API group and version.
    pub api_version: String,

    /// Kind.
    pub kind: String,
}
