//! Objects that the definition lets pass although they are no SealedSecrets.

use k8s_openapi::api::core::v1::Secret;
use seal_api::ConditionStatus;
use serde_json::{Value, json};
use suite::{data, text};
use testkit::eventually;

use crate::{bed, scene};

/// As the API server has it, whatever our types say.
fn raw(namespace: &str, name: &str) -> Value {
    let namespace = format!("--namespace={namespace}");
    let args = ["get", "sealedsecret", name, &namespace, "--output=json"];
    serde_json::from_str(&bed().cluster.plane().run(&args).unwrap()).unwrap()
}

#[test]
fn a_malformed_one_says_so_and_stops_nobody() {
    let (namespace, certificate) = scene("malformed");
    let good = namespace.plain("good").item("a", "1").seal(certificate);
    let value = good.spec.encrypted_data["a"].clone();
    for (name, metadata) in [
        ("generate-name", json!({"generateName": 5})),
        ("a-list", json!({"generateName": ["marker-in-object"]})),
    ] {
        let object = json!({
            "apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret",
            "metadata": {"name": name, "namespace": "malformed"},
            "spec": {"encryptedData": {"a": value}, "template": {"metadata": metadata}},
        });
        bed().cluster.plane().apply(&object).unwrap();
        let status = eventually("a status", suite::PATIENCE, || {
            let object = raw("malformed", name);
            let condition = &object["status"]["conditions"][0];
            condition.is_object().then(|| condition.clone())
        });
        assert_eq!(status["type"], "Synced");
        assert_eq!(status["status"], "False");
        assert_eq!(status["reason"], "Malformed");
        let event = namespace.wait_event(name, "ErrUnsealFailed");
        for message in [status["message"].as_str(), event.message.as_deref()] {
            let message = message.unwrap();
            assert!(
                message.contains("not a well-formed SealedSecret"),
                "{message}"
            );
            assert!(!message.contains("marker"), "{message}");
        }
        assert!(namespace.secret(name).is_none());
    }
    namespace.create(&good);
    namespace.wait_synced("good", ConditionStatus::True);

    // Mended, it works like any other.
    let mended = namespace.plain("generate-name").item("a", "2");
    let mended = mended.seal(certificate);
    let patch = json!({"spec": {
        "encryptedData": mended.spec.encrypted_data,
        "template": {"metadata": {"generateName": null}},
    }});
    let patch = format!("--patch={patch}");
    let args = [
        "patch",
        "sealedsecret",
        "generate-name",
        "--namespace=malformed",
        "--type=merge",
    ];
    bed()
        .cluster
        .plane()
        .run(&[&args[..], &[&patch]].concat())
        .unwrap();
    let secret = namespace.wait_for("generate-name", "to exist", |_: &Secret| true);
    assert_eq!(data(&secret), text(&[("a", "2")]));
}

#[test]
fn garbage_for_a_value_is_named() {
    let (namespace, certificate) = scene("garbage");
    let good = namespace.plain("db").item("a", "1").seal(certificate);
    for (name, value, expected) in [
        (
            "no-base64",
            "%%marker",
            "illegal base64 data at input byte 0 (a)",
        ),
        ("no-envelope", "bWFya2Vy", "no key could decrypt secret (a)"),
        ("empty", "", "no key could decrypt secret (a)"),
    ] {
        let mut sealed = good.clone();
        sealed.metadata.name = Some(name.to_owned());
        sealed
            .spec
            .encrypted_data
            .insert("a".to_owned(), value.to_owned());
        namespace.create(&sealed);
        let sealed = namespace.wait_synced(name, ConditionStatus::False);
        assert_eq!(suite::condition(&sealed).message.unwrap(), expected);
        namespace.wait_event(name, "ErrUnsealFailed");
    }
}

#[test]
fn what_the_api_server_refuses_is_told_without_the_value() {
    let (namespace, certificate) = scene("refused");
    // The item's name and the label are no names that Kubernetes takes.
    let plain = namespace.plain("item").item("not a key", "marker");
    namespace.create(&plain.seal(certificate));
    let plain = namespace.plain("label").item("a", "1");
    namespace.create(&plain.label("app", "marker / marker").seal(certificate));
    for (name, field) in [("item", "data[not a key]"), ("label", "metadata.labels")] {
        let sealed = namespace.wait_synced(name, ConditionStatus::False);
        let message = suite::condition(&sealed).message.unwrap();
        assert!(message.contains(field), "{message}");
        assert!(!message.contains("marker"), "{message}");
        namespace.wait_event(name, "ErrUpdateFailed");
    }
}
