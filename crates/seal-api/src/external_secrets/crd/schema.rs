//! Changes of schemas: patterns, defaults and rules.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSON, JSONSchemaProps, JSONSchemaPropsOrArray, ValidationRule,
};
use serde_json::Value;

/// A name of an object.
pub(super) const NAME: &str = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
/// A key of a Secret.
pub(super) const KEY: &str = "^[-._a-zA-Z0-9]+$";
/// A name of a namespace.
pub(super) const NAMESPACE: &str = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";

/// A duration as Go writes it.
const DURATION: &str = r"^[-+]?(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$";

/// Optional fields may be left out, not null, and have no defaults but those that are set here.
pub(super) fn plain(schema: &mut JSONSchemaProps) {
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
pub(super) fn at<'a>(
    schema: &'a mut JSONSchemaProps,
    path: &str,
) -> Option<&'a mut JSONSchemaProps> {
    path.split('.')
        .try_fold(schema, |schema, step| match (step, &mut schema.items) {
            ("[]", Some(JSONSchemaPropsOrArray::Schema(items))) => Some(&mut **items),
            ("[]", _) => None,
            (name, _) => schema.properties.as_mut()?.get_mut(name),
        })
}

pub(super) fn named(schema: &mut JSONSchemaProps, path: &str, pattern: &str, length: i64) {
    if let Some(name) = at(schema, path) {
        name.pattern = Some(pattern.to_owned());
        name.min_length = Some(1);
        name.max_length = Some(length);
    }
}

pub(super) fn default(schema: &mut JSONSchemaProps, path: &str, value: Value) {
    if let Some(field) = at(schema, path) {
        field.default = Some(JSON(value));
    }
}

pub(super) fn one_of(schema: &mut JSONSchemaProps, path: &str) {
    if let Some(choice) = at(schema, path) {
        choice.min_properties = Some(1);
        choice.max_properties = Some(1);
    }
}

pub(super) fn rule(schema: &mut JSONSchemaProps, rule: &str, message: &str) {
    let rules = schema.x_kubernetes_validations.get_or_insert_default();
    rules.push(ValidationRule {
        rule: rule.to_owned(),
        message: Some(message.to_owned()),
        ..ValidationRule::default()
    });
}

/// A duration such as 1h30m.
pub(super) fn duration(schema: &mut JSONSchemaProps, path: &str) {
    if let Some(duration) = at(schema, path) {
        duration.pattern = Some(DURATION.to_owned());
    }
}

/// Label selectors are written as a whole, as upstream's are.
pub(super) fn atomic_selectors(schema: &mut JSONSchemaProps) {
    if at(schema, "matchExpressions").is_some() && at(schema, "matchLabels").is_some() {
        schema.x_kubernetes_map_type = Some("atomic".to_owned());
        for list in ["matchExpressions", "matchExpressions.[].values"] {
            if let Some(list) = at(schema, list) {
                list.x_kubernetes_list_type = Some("atomic".to_owned());
            }
        }
        return;
    }
    for property in schema.properties.iter_mut().flatten() {
        atomic_selectors(property.1);
    }
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &mut schema.items {
        atomic_selectors(items);
    }
}
