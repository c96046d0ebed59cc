//! What the API server checks of ExternalSecrets, alone and in ClusterExternalSecrets.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;
use serde_json::json;

use super::schema::{KEY, NAME, NAMESPACE, at, default, duration, named, one_of, rule};

/// Shapes the specification of ExternalSecrets.
pub(super) fn shape(spec: &mut JSONSchemaProps) {
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
    duration(spec, "refreshInterval");
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

/// Shapes the specification of ClusterExternalSecrets.
pub(super) fn shape_cluster(spec: &mut JSONSchemaProps) {
    duration(spec, "refreshTime");
    named(spec, "externalSecretName", NAME, 253);
    named(spec, "namespaces.[]", NAMESPACE, 63);
    if let Some(inner) = at(spec, "externalSecretSpec") {
        shape(inner);
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
    rule(
        target,
        "has(self.manifest) || !has(self.template) || !has(self.template.templateFrom) || \
         self.template.templateFrom.all(from, from.target.lowerAscii() in ['data', 'annotations', 'labels'])",
        "target of templateFrom must be Data, Annotations or Labels",
    );
    if let Some(of_template) = at(target, "template") {
        template(of_template);
    }
}

fn template(template: &mut JSONSchemaProps) {
    // The rules would be too dear without limits.
    if let Some(sources) = at(template, "templateFrom") {
        sources.max_items = Some(1000);
    }
    if let Some(target) = at(template, "templateFrom.[].target") {
        target.max_length = Some(253);
    }
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
    rule(
        template,
        "!has(self.type) || self.type != 'kubernetes.io/service-account-token' || \
         !has(self.templateFrom) || !self.templateFrom.exists(from, from.target.lowerAscii() == 'annotations')",
        "a Secret of type kubernetes.io/service-account-token gets the token of any account: \
         its annotations must not come from templates elsewhere",
    );
}
