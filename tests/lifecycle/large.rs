//! An object as large as etcd takes.

use seal_api::SealedSecret;
use serde_json::{Value, json};
use suite::{Cluster, Controller, PATIENCE};
use testkit::eventually;

/// Bytes as JSON: etcd takes 1.5 MiB with what belongs to the request, and a status needs several hundred.
const STORED: usize = 1_572_600;
const COLLECTION: &str = "/apis/bitnami.com/v1alpha1/namespaces/large/sealedsecrets";

/// No key opens it. No item is longer than the definition allows.
fn sealed(name: &str, length: usize) -> Value {
    let items = json!({"a": "A".repeat(length / 2), "b": "A".repeat(length - length / 2)});
    json!({
        "apiVersion": "bitnami.com/v1alpha1",
        "kind": "SealedSecret",
        "metadata": {"name": name, "namespace": "large"},
        "spec": {"encryptedData": items},
    })
}

#[test]
fn what_has_no_room_for_a_status_has_an_event() {
    let cluster = Cluster::start();
    let namespace = cluster.namespace("large");
    let create = |name: &str, length: usize| {
        let text = sealed(name, length).to_string();
        assert!(cluster.create_text(COLLECTION, &text));
    };
    create("small", 0);
    let raw = format!("{COLLECTION}/small");
    let small = cluster.plane().run(&["get", "--raw", &raw]).unwrap();
    create("large", STORED - small.trim().len());

    let controller = Controller::start(&cluster);
    let event = namespace.wait_event("large", "ErrUnsealFailed");
    let message = event.message.unwrap();
    assert!(message.contains("too large"), "{message}");
    assert!(message.contains("Failed to unseal: "), "{message}");
    let large: SealedSecret = namespace.get("large").unwrap();
    assert!(large.status.is_none(), "it has room for a status");

    // Once, however often it is tried.
    let errors = "sealed_secrets_controller_unseal_errors_total";
    eventually("more tries", PATIENCE, || {
        let tries = controller.metric(errors, &["reason=\"status\"", "namespace=\"large\""]);
        (tries > 3.5).then_some(())
    });
    assert_eq!(namespace.events("large", "ErrUnsealFailed").len(), 1);
}
