//! The definitions that we ship, for clusters that do not have External Secrets Operator's: its fields
//! and defaults, and what its webhook checks as rules. Providers of others are kept as they are.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps,
};
use kube::CustomResourceExt as _;
use serde_json::json;

mod external_secret;
mod schema;
mod store;

use schema::{at, atomic_selectors, default, plain};

use super::{ClusterExternalSecret, ClusterSecretStore, ExternalSecret, SecretStore};

/// All of them: ExternalSecret, SecretStore, ClusterSecretStore, ClusterExternalSecret.
pub fn external_secrets_crds() -> Vec<CustomResourceDefinition> {
    let mut crds = vec![
        ExternalSecret::crd(),
        SecretStore::crd(),
        ClusterSecretStore::crd(),
        ClusterExternalSecret::crd(),
    ];
    for crd in &mut crds {
        // As upstream's: selects them in dashboards and in clean-up scripts.
        let labels = crd.metadata.labels.get_or_insert_default();
        labels.insert(
            "external-secrets.io/component".to_owned(),
            "controller".to_owned(),
        );
        for version in &mut crd.spec.versions {
            let schema = version.schema.as_mut();
            if let Some(root) = schema.and_then(|schema| schema.open_api_v3_schema.as_mut()) {
                shape(root, &crd.spec.names.kind);
            }
        }
    }
    crds
}

fn shape(root: &mut JSONSchemaProps, kind: &str) {
    plain(root);
    atomic_selectors(root);
    let Some(spec) = at(root, "spec") else {
        return;
    };
    match kind {
        "ExternalSecret" => external_secret::shape(spec),
        "ClusterExternalSecret" => external_secret::shape_cluster(spec),
        _ => store::shape(spec),
    }
    if let Some(status) = at(root, "status") {
        status_of(status);
    }
}

fn status_of(status: &mut JSONSchemaProps) {
    if let Some(time) = at(status, "refreshTime") {
        time.nullable = Some(true);
    }
    if let Some(binding) = at(status, "binding") {
        binding.x_kubernetes_map_type = Some("atomic".to_owned());
    }
    default(status, "binding.name", json!(""));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_above_leads_somewhere() {
        let crds = external_secrets_crds();
        let text = serde_json::to_string(&crds).unwrap();
        // 4 definitions; ExternalSecret's specification is in two of them.
        assert_eq!(text.matches("1h0m0s").count(), 2);
        assert_eq!(
            text.matches("kubernetes.io/service-account.name").count(),
            2
        );
        assert_eq!(text.matches(r#""default":"Values""#).count(), 4);
        assert_eq!(text.matches("esoStoreKind").count(), 4);
        assert_eq!(text.matches(r#""maxProperties":1"#).count(), 8);
        assert_eq!(
            text.matches(r#""x-kubernetes-preserve-unknown-fields":true"#)
                .count(),
            4
        );
        assert!(!text.contains("anyOf"), "not structural");
    }
}
