//! Immutable Secrets (contract §9.1, 16 and 17).

use k8s_openapi::api::core::v1::Secret;
use seal_api::{ConditionStatus, SealedSecret};
use suite::{condition, data, text};

use crate::scene;

#[test]
fn an_immutable_one_is_made_and_never_changed() {
    let (namespace, certificate) = scene("immutable");
    let first = namespace
        .plain("db")
        .item("password", "hunter2")
        .immutable();
    namespace.create(&first.seal(certificate));
    let secret = namespace.wait_secret("db");
    assert_eq!(secret.immutable, Some(true));
    namespace.wait_synced("db", ConditionStatus::True);

    let second = namespace
        .plain("db")
        .item("password", "hunter3")
        .immutable();
    let second = second.seal(certificate);
    namespace.edit("db", |sealed: &mut SealedSecret| {
        sealed.spec = second.spec.clone();
    });
    let sealed = namespace.wait_synced("db", ConditionStatus::False);
    assert_eq!(sealed.status.as_ref().unwrap().observed_generation, Some(2));
    let message = condition(&sealed).message.unwrap();
    assert!(
        message.contains("the target Secret is immutable"),
        "{message}"
    );
    let event = namespace.wait_event("db", "ErrUpdateFailed");
    let message = event.message.unwrap();
    assert!(
        message.contains("the target Secret is immutable"),
        "{message}"
    );
    let secret = namespace.wait_secret("db");
    assert_eq!(data(&secret), text(&[("password", "hunter2")]));

    // The way out that the message names.
    namespace.delete::<Secret>("db");
    namespace.wait_for("db", "to hold the new value", |secret: &Secret| {
        data(secret) == text(&[("password", "hunter3")])
    });
    namespace.wait_synced("db", ConditionStatus::True);
}

#[test]
fn one_becomes_immutable_later() {
    let (namespace, certificate) = scene("immutable-later");
    let plain = namespace.plain("db").item("password", "hunter2");
    namespace.create(&plain.seal(certificate));
    namespace.wait_synced("db", ConditionStatus::True);
    namespace.edit("db", |sealed: &mut SealedSecret| {
        sealed.spec.template.get_or_insert_default().immutable = Some(true);
    });
    namespace.wait_for("db", "to become immutable", |secret: &Secret| {
        secret.immutable == Some(true)
    });
    namespace.wait_synced("db", ConditionStatus::True);
}

#[test]
fn a_type_cannot_change_and_the_status_says_so() {
    let (namespace, certificate) = scene("type-change");
    let plain = namespace.plain("db").item("a", "b").kind("example.com/one");
    namespace.create(&plain.seal(certificate));
    namespace.wait_synced("db", ConditionStatus::True);
    namespace.edit("db", |sealed: &mut SealedSecret| {
        let template = sealed.spec.template.get_or_insert_default();
        template.secret_type = Some("example.com/other".to_owned());
    });
    let sealed = namespace.wait_synced("db", ConditionStatus::False);
    assert_eq!(condition(&sealed).reason.as_deref(), Some("TypeChange"));
    namespace.wait_event("db", "ErrUpdateFailed");
    namespace.delete::<Secret>("db");
    namespace.wait_for("db", "to have the new type", |secret: &Secret| {
        secret.type_.as_deref() == Some("example.com/other")
    });
}
