//! The CRD has the shape that clusters have today (contract §2).
#![allow(clippy::unwrap_used, reason = "a test")]

use serde_json::{Value, json};

fn schema() -> Value {
    let crd = serde_json::to_value(seal_api::sealed_secret_crd()).unwrap();
    crd["spec"]["versions"][0].clone()
}

#[test]
fn names_columns_and_subresource() {
    let crd = serde_json::to_value(seal_api::sealed_secret_crd()).unwrap();
    assert_eq!(crd["metadata"]["name"], "sealedsecrets.bitnami.com");
    assert_eq!(crd["spec"]["scope"], "Namespaced");
    assert_eq!(crd["spec"]["names"]["plural"], "sealedsecrets");
    let version = schema();
    assert_eq!(version["name"], "v1alpha1");
    assert_eq!(version["subresources"]["status"], json!({}));
    let columns: Vec<_> = version["additionalPrinterColumns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| {
            (
                column["name"].as_str().unwrap(),
                column["jsonPath"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        columns,
        [
            ("Status", ".status.conditions[0].message"),
            ("Synced", ".status.conditions[0].status"),
            ("Age", ".metadata.creationTimestamp"),
        ]
    );
}

/// Field path below `openAPIV3Schema.properties` and what the schema says there.
const FIELDS: &[(&str, &str)] = &[
    ("spec", r#"{"required":["encryptedData"],"type":"object"}"#),
    ("spec/data", r#"{"format":"byte","type":"string"}"#),
    (
        "spec/encryptedData",
        r#"{"additionalProperties":{"type":"string"},"type":"object","x-kubernetes-preserve-unknown-fields":true}"#,
    ),
    ("spec/template", r#"{"type":"object"}"#),
    ("spec/template/type", r#"{"type":"string"}"#),
    ("spec/template/immutable", r#"{"type":"boolean"}"#),
    (
        "spec/template/data",
        r#"{"additionalProperties":{"type":"string","nullable":true},"nullable":true,"type":"object"}"#,
    ),
    (
        "spec/template/metadata",
        r#"{"nullable":true,"type":"object","x-kubernetes-preserve-unknown-fields":true}"#,
    ),
    (
        "spec/template/metadata/labels",
        r#"{"additionalProperties":{"type":"string"},"type":"object"}"#,
    ),
    (
        "spec/template/metadata/finalizers",
        r#"{"items":{"type":"string"},"type":"array"}"#,
    ),
    ("status", r#"{"type":"object"}"#),
    (
        "status/observedGeneration",
        r#"{"format":"int64","type":"integer"}"#,
    ),
    ("status/conditions", r#"{"type":"array"}"#),
];

#[test]
fn fields_are_typed_as_upstream() {
    let root = schema()["schema"]["openAPIV3Schema"].clone();
    assert_eq!(root["required"], json!(["spec"]));
    for (path, expected) in FIELDS {
        let mut found = path.split('/').fold(root.clone(), |schema, name| {
            schema["properties"][name].clone()
        });
        let fields = found
            .as_object_mut()
            .unwrap_or_else(|| unreachable!("{path} is missing"));
        fields.remove("description");
        fields.remove("properties");
        if *path == "status/conditions" {
            fields.remove("items");
        }
        assert_eq!(
            found,
            serde_json::from_str::<Value>(expected).unwrap(),
            "{path}"
        );
    }
    let condition = &root["properties"]["status"]["properties"]["conditions"]["items"];
    assert_eq!(condition["required"], json!(["status", "type"]));
    assert_eq!(
        condition["properties"]["lastUpdateTime"]["format"],
        "date-time"
    );
}
