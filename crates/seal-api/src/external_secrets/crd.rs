//! The definitions that we ship, for clusters that do not have External Secrets Operator's: its fields
//! and defaults, and what its webhook checks as rules. Providers of others are kept as they are.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSON, JSONSchemaProps, JSONSchemaPropsOrArray, ValidationRule,
};
use kube::CustomResourceExt as _;
use serde_json::{Value, json};

use super::{ClusterExternalSecret, ClusterSecretStore, ExternalSecret, SecretStore};

/// A name of an object.
const NAME: &str = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
/// A key of a Secret.
const KEY: &str = "^[-._a-zA-Z0-9]+$";
/// A name of a namespace.
const NAMESPACE: &str = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";

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
    let Some(spec) = at(root, "spec") else {
        return;
    };
    match kind {
        "ExternalSecret" => external_secret(spec),
        "ClusterExternalSecret" => cluster_external_secret(spec),
        _ => store(spec),
    }
    if let Some(status) = at(root, "status") {
        status_of(status);
    }
}

fn external_secret(spec: &mut JSONSchemaProps) {
    rule(
        spec,
        "has(self.data) && size(self.data) > 0 || has(self.dataFrom) && size(self.dataFrom) > 0",
        "either data or dataFrom should be specified",
    );
    rule(
        spec,
        "!has(self.target) || self.target.deletionPolicy != 'Delete' || \
         !(self.target.creationPolicy in ['Merge', 'None', 'CreateOrMerge'])",
        "deletionPolicy=Delete must not be used when the controller doesn't own the secret: \
         creationPolicy is Merge, None or CreateOrMerge",
    );
    rule(
        spec,
        "!has(self.target) || self.target.deletionPolicy != 'Merge' || self.target.creationPolicy != 'None'",
        "deletionPolicy=Merge must not be used with creationPolicy=None: there is no Secret to merge with",
    );
    default(spec, "refreshInterval", json!("1h0m0s"));
    default(
        spec,
        "target",
        json!({ "creationPolicy": "Owner", "deletionPolicy": "Retain" }),
    );
    entries(spec);
    if let Some(of_target) = at(spec, "target") {
        target(of_target);
    }
}

/// `data` and `dataFrom`, and where their values come from.
fn entries(spec: &mut JSONSchemaProps) {
    for store in [
        "secretStoreRef",
        "data.[].sourceRef.storeRef",
        "dataFrom.[].sourceRef.storeRef",
    ] {
        named(spec, &format!("{store}.name"), NAME, 253);
    }
    for source in [
        "data.[].sourceRef",
        "dataFrom.[].sourceRef",
        "dataFrom.[].rewrite.[]",
    ] {
        one_of(spec, source);
    }
    for generator in [
        "data.[].sourceRef.generatorRef",
        "dataFrom.[].sourceRef.generatorRef",
    ] {
        named(spec, &format!("{generator}.name"), NAME, 253);
        default(
            spec,
            &format!("{generator}.apiVersion"),
            json!("generators.external-secrets.io/v1alpha1"),
        );
    }
    named(spec, "data.[].secretKey", KEY, 253);
    if let Some(entry) = at(spec, "dataFrom.[]") {
        rule(
            entry,
            // Without a list: its elements are too dear for the API server where there may be many entries.
            "(has(self.extract) ? 1 : 0) + (has(self.find) ? 1 : 0) + \
             (has(self.sourceRef) && has(self.sourceRef.generatorRef) ? 1 : 0) == 1",
            "extract, find, or generatorRef: exactly one of them",
        );
    }
    if let Some(windows) = at(spec, "syncWindows.windows") {
        windows.min_items = Some(1);
    }
    for (field, value) in [
        ("priorityPolicy", json!("Strict")),
        ("conflictPolicy", json!("Error")),
        ("strategy", json!("Extract")),
        ("into", json!("")),
    ] {
        default(
            spec,
            &format!("dataFrom.[].rewrite.[].merge.{field}"),
            value,
        );
    }
}

fn target(target: &mut JSONSchemaProps) {
    named(target, "name", NAME, 253);
    default(target, "creationPolicy", json!("Owner"));
    default(target, "deletionPolicy", json!("Retain"));
    default(target, "template.engineVersion", json!("v2"));
    default(target, "template.mergePolicy", json!("Replace"));
    default(target, "template.templateFrom.[].target", json!("Data"));
    for source in ["configMap", "secret"] {
        let source = format!("template.templateFrom.[].{source}");
        named(target, &format!("{source}.name"), NAME, 253);
        named(target, &format!("{source}.items.[].key"), KEY, 253);
        default(
            target,
            &format!("{source}.items.[].templateAs"),
            json!("Values"),
        );
    }
    if let Some(template) = at(target, "template") {
        rule(
            template,
            "!has(self.type) || self.type != 'bootstrap.kubernetes.io/token'",
            "a Secret of type bootstrap.kubernetes.io/token lets its owner join nodes to the cluster",
        );
        rule(
            template,
            "!has(self.type) || self.type != 'kubernetes.io/service-account-token' || \
             !has(self.metadata) || !has(self.metadata.annotations) || \
             !('kubernetes.io/service-account.name' in self.metadata.annotations)",
            "a Secret of type kubernetes.io/service-account-token gets the token of any account",
        );
    }
}

fn cluster_external_secret(spec: &mut JSONSchemaProps) {
    named(spec, "externalSecretName", NAME, 253);
    named(spec, "namespaces.[]", NAMESPACE, 63);
    if let Some(inner) = at(spec, "externalSecretSpec") {
        external_secret(inner);
    }
}

fn store(spec: &mut JSONSchemaProps) {
    named(spec, "conditions.[].namespaces.[]", NAMESPACE, 63);
    if let Some(provider) = at(spec, "provider") {
        provider.x_kubernetes_preserve_unknown_fields = Some(true);
        provider.min_properties = Some(1);
        provider.max_properties = Some(1);
    }
    let Some(aws) = at(spec, "provider.aws") else {
        return;
    };
    // What only PushSecrets need is another's, too.
    aws.x_kubernetes_preserve_unknown_fields = Some(true);
    let account = "auth.jwt.serviceAccountRef";
    named(aws, &format!("{account}.name"), NAME, 253);
    named(aws, &format!("{account}.namespace"), NAMESPACE, 63);
    for key in [
        "accessKeyIDSecretRef",
        "secretAccessKeySecretRef",
        "sessionTokenSecretRef",
    ] {
        let key = format!("auth.secretRef.{key}");
        named(aws, &format!("{key}.name"), NAME, 253);
        named(aws, &format!("{key}.namespace"), NAMESPACE, 63);
        named(aws, &format!("{key}.key"), KEY, 253);
    }
    if let Some(tags) = at(aws, "customSessionTags") {
        rule(
            tags,
            "!('esoNamespace' in self) && !('esoStoreName' in self) && !('esoStoreKind' in self)",
            "esoNamespace, esoStoreName and esoStoreKind are set by the controller",
        );
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

/// Optional fields may be left out, not null, and have no defaults but those that are set here.
fn plain(schema: &mut JSONSchemaProps) {
    schema.nullable = None;
    schema.default = None;
    for property in schema.properties.iter_mut().flatten() {
        plain(property.1);
    }
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &mut schema.items {
        plain(items);
    }
}

/// What is at a path of properties; `[]` are the elements of a list.
fn at<'a>(schema: &'a mut JSONSchemaProps, path: &str) -> Option<&'a mut JSONSchemaProps> {
    path.split('.')
        .try_fold(schema, |schema, step| match (step, &mut schema.items) {
            ("[]", Some(JSONSchemaPropsOrArray::Schema(items))) => Some(&mut **items),
            ("[]", _) => None,
            (name, _) => schema.properties.as_mut()?.get_mut(name),
        })
}

fn named(schema: &mut JSONSchemaProps, path: &str, pattern: &str, length: i64) {
    if let Some(name) = at(schema, path) {
        name.pattern = Some(pattern.to_owned());
        name.min_length = Some(1);
        name.max_length = Some(length);
    }
}

fn default(schema: &mut JSONSchemaProps, path: &str, value: Value) {
    if let Some(field) = at(schema, path) {
        field.default = Some(JSON(value));
    }
}

fn one_of(schema: &mut JSONSchemaProps, path: &str) {
    if let Some(choice) = at(schema, path) {
        choice.min_properties = Some(1);
        choice.max_properties = Some(1);
    }
}

fn rule(schema: &mut JSONSchemaProps, rule: &str, message: &str) {
    let rules = schema.x_kubernetes_validations.get_or_insert_default();
    rules.push(ValidationRule {
        rule: rule.to_owned(),
        message: Some(message.to_owned()),
        ..ValidationRule::default()
    });
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
