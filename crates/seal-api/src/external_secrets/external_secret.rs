//! The ExternalSecret itself.
#![allow(
    clippy::duplicated_attributes,
    reason = "printer columns share their type; clippy reads them as one attribute"
)]

use jiff::Timestamp;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::condition::ReadyCondition;
use super::data_from::DataFrom;
use super::remote_ref::RemoteRef;
use super::store_ref::{SourceRef, StoreRef};
use super::target::Target;
use crate::status::DateTime;

/// Specification of an ExternalSecret.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, CustomResource,
)]
#[kube(
    group = "external-secrets.io",
    version = "v1",
    kind = "ExternalSecret",
    plural = "externalsecrets",
    singular = "externalsecret",
    shortname = "es",
    category = "external-secrets",
    namespaced,
    status = "ExternalSecretStatus",
    derive = "PartialEq",
    doc = "Values of a store, as a Secret.",
    selectable = ".spec.secretStoreRef.name",
    selectable = ".spec.secretStoreRef.kind",
    selectable = ".spec.target.name",
    selectable = ".spec.refreshInterval",
    printcolumn(
        name = "StoreType",
        type_ = "string",
        json_path = ".spec.secretStoreRef.kind"
    ),
    printcolumn(
        name = "Store",
        type_ = "string",
        json_path = ".spec.secretStoreRef.name"
    ),
    printcolumn(
        name = "Refresh Interval",
        type_ = "string",
        json_path = ".spec.refreshInterval"
    ),
    printcolumn(
        name = "Status",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].reason"#
    ),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].status"#
    ),
    printcolumn(name = "Last Sync", type_ = "date", json_path = ".status.refreshTime")
)]
#[serde(rename_all = "camelCase")]
pub struct ExternalSecretSpec {
    /// The store; may be left out if every entry names its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_store_ref: Option<StoreRef>,

    /// The Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,

    /// When values are fetched again; Periodic when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_policy: Option<RefreshPolicy>,

    /// How often, such as 1h; at most once if it is 0. One hour when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_interval: Option<String>,

    /// When periodic refreshes may happen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync_windows: Option<SyncWindows>,

    /// Values one by one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<Data>,

    /// Many values at once; those of data win.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data_from: Vec<DataFrom>,
}

/// When values are fetched again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RefreshPolicy {
    /// Never.
    CreatedOnce,
    /// After each interval.
    #[default]
    Periodic,
    /// When the ExternalSecret changes.
    OnChange,
}

/// When periodic refreshes may happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SyncWindows {
    /// Whether the windows allow or deny.
    pub kind: SyncWindowKind,

    /// The windows.
    pub windows: Vec<SyncWindow>,
}

/// Whether windows allow or deny.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SyncWindowKind {
    /// Refreshes happen only within a window.
    Allow,
    /// Refreshes happen only outside of all windows.
    Deny,
}

/// A window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SyncWindow {
    /// When it begins, as cron writes it.
    #[schemars(
        length(min = 1),
        regex(
            pattern = r"^(@(annually|yearly|monthly|weekly|daily|midnight|hourly)|@every [^\s]+.*|[^\s]+( [^\s]+){4})$"
        )
    )]
    pub schedule: String,

    /// How long it lasts, such as 30m.
    pub duration: String,
}

/// One value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Data {
    /// Its key in the Secret.
    pub secret_key: String,

    /// Where it comes from.
    pub remote_ref: RemoteRef,

    /// The store, if it is not that of the whole object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_ref: Option<SourceRef>,
}

/// What the controller last saw and did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExternalSecretStatus {
    /// The Secret that holds the values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding: Option<Binding>,

    /// Ready.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<ReadyCondition>,

    /// When the values were last fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<DateTime>")]
    pub refresh_time: Option<Timestamp>,

    /// Generation and a hash of labels and annotations, as they were then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub synced_resource_version: Option<String>,
}

/// A Secret by name, as the Service Binding specification has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Binding {
    /// Name of the Secret.
    #[serde(default)]
    pub name: String,
}

impl ExternalSecret {
    /// Name of the Secret that is made.
    pub fn target_name(&self) -> &str {
        let target = self.spec.target.as_ref();
        let named = target.and_then(|target| target.name.as_deref());
        let own = self.metadata.name.as_deref().unwrap_or_default();
        named.filter(|name| !name.is_empty()).unwrap_or(own)
    }
}
