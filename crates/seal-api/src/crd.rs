//! The CRD as it is installed: generated from the types, then brought to the shape that is in
//! clusters today (contract §2).

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray,
};
use kube::CustomResourceExt as _;

use crate::SealedSecret;

/// `sealedsecrets.bitnami.com`.
pub fn sealed_secret_crd() -> CustomResourceDefinition {
    let mut crd = SealedSecret::crd();
    for version in &mut crd.spec.versions {
        if let Some(schema) = version
            .schema
            .as_mut()
            .and_then(|schema| schema.open_api_v3_schema.as_mut())
        {
            shape(schema);
        }
    }
    crd
}

/// What the types cannot say: the API server must keep what it does not know in two places, and
/// `encryptedData` is required although readers take objects without it.
fn shape(root: &mut JSONSchemaProps) {
    not_nullable(root);
    let Some(spec) = property(root, "spec") else {
        return;
    };
    spec.required = Some(vec!["encryptedData".to_owned()]);
    if let Some(values) = property(spec, "encryptedData") {
        values.x_kubernetes_preserve_unknown_fields = Some(true);
        values.default = None;
    }
    if let Some(data) = property(spec, "data") {
        data.format = Some("byte".to_owned());
    }
    let Some(template) = property(spec, "template") else {
        return;
    };
    if let Some(metadata) = property(template, "metadata") {
        metadata.nullable = Some(true);
        metadata.x_kubernetes_preserve_unknown_fields = Some(true);
    }
    if let Some(data) = property(template, "data") {
        data.nullable = Some(true);
    }
}

/// Optional fields of ours may be left out, not null; only values inside maps keep their null.
fn not_nullable(schema: &mut JSONSchemaProps) {
    schema.nullable = None;
    for property in schema.properties.iter_mut().flatten() {
        not_nullable(property.1);
    }
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &mut schema.items {
        not_nullable(items);
    }
}

fn property<'a>(schema: &'a mut JSONSchemaProps, name: &str) -> Option<&'a mut JSONSchemaProps> {
    schema.properties.as_mut()?.get_mut(name)
}
