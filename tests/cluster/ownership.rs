//! Secrets that were there before, and whose they are (contract §9.1, 5 to 12, §2.2).

use k8s_openapi::api::core::v1::{ResourceQuota, Secret};
use seal_api::{ConditionStatus, MANAGED, PATCH, SKIP_SET_OWNER_REFERENCES, SealedSecret};
use serde_json::json;
use suite::{PATIENCE, condition, data, text};
use testkit::eventually;

use crate::scene;

fn is_owned(secret: &Secret) -> bool {
    let owners = secret.metadata.owner_references.iter().flatten();
    owners.filter(|owner| owner.kind == "SealedSecret").count() == 1
}

#[test]
fn a_managed_one_is_replaced_and_owned() {
    let (namespace, certificate) = scene("managed");
    let before = json!({
        "metadata": {"annotations": {MANAGED: "true", "old": "1"}, "labels": {"old": "1"}},
        "stringData": {"old": "1", "password": "before"},
    });
    namespace.create_secret("db", &before);
    let plain = namespace.plain("db").item("password", "hunter2");
    let plain = plain.label("new", "2").annotation("new", "2");
    namespace.create(&plain.seal(certificate));

    namespace.wait_synced("db", ConditionStatus::True);
    let secret = namespace.wait_secret("db");
    assert_eq!(data(&secret), text(&[("password", "hunter2")]));
    assert_eq!(secret.metadata.labels, Some(text(&[("new", "2")])));
    assert_eq!(secret.metadata.annotations, Some(text(&[("new", "2")])));
    assert!(is_owned(&secret));
    namespace.wait_event("db", "Unsealed");
}

#[test]
fn a_quota_that_is_used_up_does_not_stand_in_the_way_of_what_is_there() {
    let (namespace, certificate) = scene("quota");
    let before = json!({"metadata": {"annotations": {MANAGED: "true"}}});
    namespace.create_secret("db", &before);
    let none = json!({"secrets": "0"});
    let quota = json!({"metadata": {"name": "none"}, "spec": {"hard": none}});
    namespace.create::<ResourceQuota>(&serde_json::from_value(quota).unwrap());
    // No quota controller runs here: this is what it would write.
    let used = json!({"status": {"hard": none, "used": {"secrets": "1"}}});
    namespace.patch_status::<ResourceQuota>("none", &used);
    eventually("the quota to be in force", PATIENCE, || {
        let name = format!("absent-{}", namespace.list::<SealedSecret>("").len());
        let sealed = namespace.plain(&name).item("a", "1").seal(certificate);
        namespace.create(&sealed);
        let sealed = namespace.wait_for(&name, "to be tried", |sealed: &SealedSecret| {
            sealed.status.is_some()
        });
        (condition(&sealed).status == ConditionStatus::False).then_some(())
    });
    let plain = namespace.plain("db");
    namespace.create(&plain.item("password", "hunter2").seal(certificate));
    namespace.wait_synced("db", ConditionStatus::True);
    let secret = namespace.wait_secret("db");
    assert_eq!(data(&secret), text(&[("password", "hunter2")]));
}

#[test]
fn a_patched_one_is_merged() {
    let (namespace, certificate) = scene("patched");
    for (name, managed, empty) in [
        ("patched", false, false),
        ("patched-and-managed", true, false),
        ("patched-empty", false, true),
    ] {
        let mut annotations = text(&[(PATCH, "true"), ("theirs", "1")]);
        if managed {
            annotations.insert(MANAGED.to_owned(), "true".to_owned());
        }
        let mut before = json!({"metadata": {"annotations": annotations}});
        let mut expected = text(&[("password", "hunter2")]);
        if !empty {
            before["metadata"]["labels"] = json!({"theirs": "1"});
            before["stringData"] = json!({"theirs": "1", "password": "before"});
            expected.insert("theirs".to_owned(), "1".to_owned());
        }
        namespace.create_secret(name, &before);
        let plain = namespace.plain(name).item("password", "hunter2");
        namespace.create(&plain.label("ours", "2").seal(certificate));

        namespace.wait_synced(name, ConditionStatus::True);
        let secret = namespace.wait_secret(name);
        assert_eq!(data(&secret), expected, "{name}");
        assert_eq!(is_owned(&secret), managed, "{name}");
        assert_eq!(secret.metadata.annotations, Some(annotations), "{name}");
        let labels = secret.metadata.labels.unwrap();
        assert_eq!(labels["ours"], "2", "{name}");
        assert_eq!(labels.contains_key("theirs"), !empty, "{name}");
    }
}

#[test]
fn a_foreign_one_is_left_alone_until_it_is_gone() {
    let (namespace, certificate) = scene("foreign");
    let before = json!({"stringData": {"theirs": "1"}});
    let foreign = namespace.create_secret("db", &before);
    let plain = namespace.plain("db").item("password", "hunter2");
    namespace.create(&plain.seal(certificate));

    let sealed = namespace.wait_synced("db", ConditionStatus::False);
    let message = "Resource \"db\" already exists and is not managed by SealedSecret";
    assert_eq!(condition(&sealed).message.as_deref(), Some(message));
    let event = namespace.wait_event("db", "ErrUpdateFailed");
    assert_eq!(event.message.as_deref(), Some(message));
    let unmanaged = [r#"reason="unmanaged""#, r#"namespace="foreign""#];
    let errors = "sealed_secrets_controller_unseal_errors_total";
    assert!(crate::bed().controller.metric(errors, &unmanaged) >= 1.0);
    let secret = namespace.wait_secret("db");
    assert_eq!(
        secret.metadata.resource_version,
        foreign.metadata.resource_version
    );

    // Nobody needs to touch the SealedSecret (deliberately unlike upstream).
    namespace.delete::<Secret>("db");
    let secret = namespace.wait_secret("db");
    assert_eq!(data(&secret), text(&[("password", "hunter2")]));
    assert!(is_owned(&secret));
    namespace.wait_synced("db", ConditionStatus::True);
}

#[test]
fn a_foreign_one_may_be_handed_over() {
    let (namespace, certificate) = scene("handed-over");
    namespace.create_secret("db", &json!({"stringData": {"theirs": "1"}}));
    let plain = namespace.plain("db").item("password", "hunter2");
    namespace.create(&plain.seal(certificate));
    namespace.wait_synced("db", ConditionStatus::False);

    let handed_over = json!({"metadata": {"annotations": {MANAGED: "true"}}});
    namespace.patch::<Secret>("db", &handed_over);
    namespace.wait_synced("db", ConditionStatus::True);
    assert!(is_owned(&namespace.wait_secret("db")));
}

#[test]
fn a_deleted_one_comes_back() {
    let (namespace, certificate) = scene("comes-back");
    // Managed, patched or neither; owned by us before or not.
    for (name, before) in [
        ("plain", None),
        ("managed", Some(json!({MANAGED: "true"}))),
        ("patched", Some(json!({PATCH: "true"}))),
    ] {
        if let Some(annotations) = before {
            let secret = json!({"metadata": {"annotations": annotations}});
            namespace.create_secret(name, &secret);
        }
        let plain = namespace.plain(name).item("password", "hunter2");
        namespace.create(&plain.seal(certificate));
        namespace.wait_synced(name, ConditionStatus::True);
        let uid = namespace.wait_secret(name).metadata.uid;
        namespace.delete::<Secret>(name);
        let secret = namespace.wait_for(name, "to be made anew", |secret: &Secret| {
            secret.metadata.uid != uid
        });
        assert_eq!(data(&secret), text(&[("password", "hunter2")]), "{name}");
        assert!(is_owned(&secret), "{name}");
    }
}

#[test]
fn one_without_owner_is_in_sync_as_well() {
    let (namespace, certificate) = scene("no-owner");
    let plain = namespace.plain("db").item("password", "hunter2");
    let plain = plain.annotation(SKIP_SET_OWNER_REFERENCES, "true");
    namespace.create(&plain.seal(certificate));
    namespace.wait_synced("db", ConditionStatus::True);
    let secret = namespace.wait_secret("db");
    assert_eq!(secret.metadata.owner_references, None);

    // And it stays ours: drift is repaired.
    let edit = json!({"stringData": {"password": "edited"}});
    namespace.patch::<Secret>("db", &edit);
    namespace.wait_for("db", "to be repaired", |secret: &Secret| {
        data(secret) == text(&[("password", "hunter2")])
    });
    namespace.delete::<seal_api::SealedSecret>("db");
    namespace.wait_gone::<seal_api::SealedSecret>("db");
    assert!(namespace.secret("db").is_some());
}
