//! Which fields of a Secret one writer put there, as its managed fields tell (contract §3.5).

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::Secret;
use serde_json::Value;

/// Keys under `data`, `metadata.labels` and `metadata.annotations` that a writer owns.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ManagedFields {
    /// Under `data`.
    pub data: BTreeSet<String>,
    /// Under `metadata.labels`.
    pub labels: BTreeSet<String>,
    /// Under `metadata.annotations`.
    pub annotations: BTreeSet<String>,
}

impl ManagedFields {
    /// Those of `manager`, all its entries together.
    pub fn of(secret: &Secret, manager: &str) -> Self {
        let mut fields = Self::default();
        let entries = secret.metadata.managed_fields.iter().flatten();
        let ours = entries.filter(|entry| entry.manager.as_deref() == Some(manager));
        for tree in ours.filter_map(|entry| entry.fields_v1.as_ref()) {
            fields.data.extend(keys(&tree.0["f:data"]));
            let metadata = &tree.0["f:metadata"];
            fields.labels.extend(keys(&metadata["f:labels"]));
            fields.annotations.extend(keys(&metadata["f:annotations"]));
        }
        fields
    }
}

fn keys(tree: &Value) -> impl Iterator<Item = String> {
    let members = tree.as_object().into_iter().flatten();
    members.filter_map(|(name, _)| name.strip_prefix("f:").map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_writer_among_others() {
        let secret: Secret = serde_json::from_value(serde_json::json!({"metadata": {"managedFields": [
            {"manager": "us", "fieldsV1": {"f:data": {".": {}, "f:a": {}, "f:b.c": {}},
                "f:metadata": {"f:labels": {"f:app.kubernetes.io/name": {}}}}},
            {"manager": "us", "fieldsV1": {"f:metadata": {"f:annotations": {".": {}, "f:x": {}}}}},
            {"manager": "them", "fieldsV1": {"f:data": {"f:z": {}}}},
            {"manager": "us"},
        ]}}))
        .unwrap();
        let fields = ManagedFields::of(&secret, "us");
        let set = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
        assert_eq!(fields.data, set(&["a", "b.c"]));
        assert_eq!(fields.labels, set(&["app.kubernetes.io/name"]));
        assert_eq!(fields.annotations, set(&["x"]));
    }
}
