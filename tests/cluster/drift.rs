//! Live Secrets that someone edits are repaired; what is not ours is left.

use k8s_openapi::api::core::v1::Secret;
use seal_api::{ConditionStatus, SealedSecret};
use serde_json::json;
use suite::{data, text};

use crate::scene;

#[test]
fn edits_are_undone() {
    let (namespace, certificate) = scene("drift");
    let plain = namespace.plain("db").item("a", "1").item("b", "2");
    namespace.create(&plain.label("app", "shop").seal(certificate));
    namespace.wait_synced("db", ConditionStatus::True);
    for (title, edit) in [
        ("a value", json!({"stringData": {"a": "edited"}})),
        ("an item removed", json!({"data": {"a": null}})),
        ("an item added", json!({"stringData": {"c": "3"}})),
        ("everything removed", json!({"data": null})),
        ("a label", json!({"metadata": {"labels": {"app": "other"}}})),
        ("the owner", json!({"metadata": {"ownerReferences": null}})),
    ] {
        // Of an owner reference only its absence from a Secret of ours is told from a foreign one
        // by the `managed` annotation, so that it can be taken back.
        if title == "the owner" {
            let managed = json!({"metadata": {"annotations": {seal_api::MANAGED: "true"}}});
            namespace.patch::<Secret>("db", &managed);
        }
        let edited: Secret = namespace.patch("db", &edit);
        let edited = edited.metadata.resource_version;
        namespace.wait_for(
            "db",
            &format!("to be repaired after {title}"),
            |secret: &Secret| {
                let labels = secret.metadata.labels.as_ref();
                secret.metadata.resource_version != edited
                    && data(secret) == text(&[("a", "1"), ("b", "2")])
                    && labels.is_some_and(|labels| labels["app"] == "shop")
                    && secret.metadata.owner_references.is_some()
            },
        );
    }
    namespace.wait_synced("db", ConditionStatus::True);
}

#[test]
fn labels_of_others_stay() {
    let (namespace, certificate) = scene("drift-labels");
    let plain = namespace.plain("db").item("a", "1");
    namespace.create(&plain.seal(certificate));
    namespace.wait_synced("db", ConditionStatus::True);
    let theirs = json!({"metadata": {"labels": {"theirs": "1"}}});
    namespace.patch::<Secret>("db", &theirs);
    // A repair afterwards shows that the controller has seen the label.
    namespace.patch::<Secret>("db", &json!({"stringData": {"a": "edited"}}));
    let secret = namespace.wait_for("db", "to be repaired", |secret: &Secret| {
        data(secret) == text(&[("a", "1")])
    });
    assert_eq!(secret.metadata.labels, Some(text(&[("theirs", "1")])));
}

#[test]
fn a_status_that_someone_else_wrote_is_put_right() {
    let (namespace, certificate) = scene("drift-status");
    let plain = namespace.plain("db").item("a", "1");
    namespace.create(&plain.seal(certificate));
    namespace.wait_synced("db", ConditionStatus::True);
    let lie = json!({"conditions": [{"type": "Synced", "status": "False", "message": "a lie"}]});
    let lied: SealedSecret = namespace.patch_status("db", &json!({"status": lie}));
    assert_eq!(lied.status.unwrap().conditions.len(), 1);
    let right = namespace.wait_synced("db", ConditionStatus::True);
    assert_eq!(right.status.unwrap().conditions.len(), 2);
}
