//! The CRD as it is installed: generated from the types, then brought to the shape that is in
//! clusters today (contract §2).

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
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
    if let Some(keys) = property(spec, "dataKeys") {
        limit_data_keys(keys);
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

/// The limits of the format (docs/format.md), so that the API server refuses what no reader takes.
fn limit_data_keys(keys: &mut JSONSchemaProps) {
    keys.max_properties = Some(64);
    keys.default = None;
    let Some(JSONSchemaPropsOrBool::Schema(key)) = &mut keys.additional_properties else {
        return;
    };
    for (field, length) in [("boundTo", 340), ("commit", 44), ("mac", 44)] {
        if let Some(field) = property(key, field) {
            field.max_length = Some(length);
        }
    }
    let Some(wraps) = property(key, "wraps") else {
        return;
    };
    wraps.min_items = Some(1);
    wraps.max_items = Some(16);
    if let Some(JSONSchemaPropsOrArray::Schema(wrap)) = &mut wraps.items {
        // 8 KiB in base64, or in armor with its line feeds and markers.
        for (field, length) in [("to", 4096), ("enc", 11_264)] {
            if let Some(field) = property(wrap, field) {
                field.max_length = Some(length);
            }
        }
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
