//! SealedSecrets become Secrets (contract §9.1, 1 to 4 and 15).

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Event, Secret};
use seal_api::{ConditionStatus, SealedSecret};
use suite::{condition, data, text};
use testkit::eventually;

use crate::scene;

#[test]
fn a_new_one_becomes_a_secret() {
    let (namespace, certificate) = scene("new");
    let plain = namespace.plain("db").item("password", "hunter2");
    let sealed = namespace.create(&plain.label("app", "shop").seal(certificate));

    let secret = namespace.wait_secret("db");
    assert_eq!(data(&secret), text(&[("password", "hunter2")]));
    assert_eq!(secret.type_.as_deref(), Some("Opaque"));
    assert_eq!(secret.metadata.labels, Some(text(&[("app", "shop")])));
    let owners = secret.metadata.owner_references.unwrap();
    assert_eq!(owners.len(), 1);
    assert_eq!(owners[0].kind, "SealedSecret");
    assert_eq!(owners[0].controller, Some(true));
    assert_eq!(Some(&owners[0].uid), sealed.metadata.uid.as_ref());

    let synced = condition(&namespace.wait_synced("db", ConditionStatus::True));
    assert!(synced.last_update_time.is_some());
    assert_eq!(synced.last_transition_time, synced.last_update_time);
    assert_eq!(synced.message.as_deref().unwrap_or_default(), "");
    let event = namespace.wait_event("db", "Unsealed");
    assert_eq!(event.type_.as_deref(), Some("Normal"));
    assert_eq!(
        event.source.unwrap().component.as_deref(),
        Some("sealed-secrets")
    );
}

#[test]
fn a_changed_one_changes_the_secret() {
    let (namespace, certificate) = scene("changed");
    let first = namespace.plain("db").item("password", "hunter2");
    namespace.create(&first.seal(certificate));
    let synced = condition(&namespace.wait_synced("db", ConditionStatus::True));
    // Times have whole seconds.
    eventually("the next second", suite::PATIENCE, || {
        (Timestamp::now().as_second() > synced.last_update_time?.as_second()).then_some(())
    });

    let second = namespace.plain("db").item("password", "hunter3");
    let second = second.seal(certificate);
    namespace.edit("db", |sealed: &mut SealedSecret| {
        sealed.spec = second.spec.clone();
    });
    namespace.wait_for("db", "to hold the new value", |secret: &Secret| {
        data(secret) == text(&[("password", "hunter3")])
    });
    let sealed = namespace.wait_synced("db", ConditionStatus::True);
    assert_eq!(sealed.status.as_ref().unwrap().observed_generation, Some(2));
    let updated = condition(&sealed);
    assert_eq!(updated.last_transition_time, synced.last_transition_time);
    assert_ne!(updated.last_transition_time, updated.last_update_time);
}

#[test]
fn items_are_renamed_added_and_removed() {
    let (namespace, certificate) = scene("items");
    let one = namespace.plain("db").item("old", "1").item("stays", "2");
    namespace.create(&one.seal(certificate));
    namespace.wait_secret("db");
    let holds = |items: &[(&str, &str)]| {
        let expected = text(items);
        namespace.wait_for("db", "to hold other items", |secret: &Secret| {
            data(secret) == expected
        });
    };

    namespace.edit("db", |sealed: &mut SealedSecret| {
        let value = sealed.spec.encrypted_data.remove("old").unwrap();
        sealed.spec.encrypted_data.insert("new".to_owned(), value);
    });
    holds(&[("new", "1"), ("stays", "2")]);

    let mut other = namespace.plain("db").item("more", "3").seal(certificate);
    let more = other.spec.encrypted_data.remove("more").unwrap();
    namespace.edit("db", |sealed: &mut SealedSecret| {
        let items = &mut sealed.spec.encrypted_data;
        items.insert("more".to_owned(), more.clone());
    });
    holds(&[("more", "3"), ("new", "1"), ("stays", "2")]);

    namespace.edit("db", |sealed: &mut SealedSecret| {
        sealed.spec.encrypted_data.remove("new").unwrap();
    });
    holds(&[("more", "3"), ("stays", "2")]);
}

#[test]
fn bytes_stay_bytes() {
    let (namespace, certificate) = scene("bytes");
    let every: Vec<u8> = (0..=255).collect();
    let large = vec![0xa5; 300_000];
    let plain = namespace.plain("files").item("empty", "");
    let plain = plain.item("every", &every).item("large", &large);
    namespace.create(&plain.seal(certificate));
    let secret = namespace.wait_secret("files");
    let items = secret.data.unwrap();
    assert_eq!(items["empty"].0, b"");
    assert_eq!(items["every"].0, every);
    assert!(items["large"].0 == large);
}

#[test]
fn types_are_kept() {
    let (namespace, certificate) = scene("types");
    let config = r#"{"auths":{}}"#;
    for (name, kind, item, value) in [
        (
            "docker",
            "kubernetes.io/dockerconfigjson",
            ".dockerconfigjson",
            config,
        ),
        ("login", "kubernetes.io/basic-auth", "username", "root"),
        ("own", "example.com/any", "a", "b"),
    ] {
        let plain = namespace.plain(name).kind(kind).item(item, value);
        namespace.create(&plain.seal(certificate));
        let secret = namespace.wait_secret(name);
        assert_eq!(secret.type_.as_deref(), Some(kind));
        assert_eq!(data(&secret), text(&[(item, value)]));
    }
}

#[test]
fn without_items_there_is_an_empty_secret() {
    let (namespace, certificate) = scene("empty");
    namespace.create(&namespace.plain("none").seal(certificate));
    assert_eq!(namespace.wait_secret("none").data, None);
    namespace.wait_synced("none", ConditionStatus::True);
}

#[test]
fn a_deleted_one_takes_its_secret_along() {
    let (namespace, certificate) = scene("deleted");
    if !crate::bed().cluster.plane().has_controller_manager() {
        return testkit::skip("no kube-controller-manager: garbage collection");
    }
    let plain = namespace.plain("db").item("password", "hunter2");
    namespace.create(&plain.seal(certificate));
    namespace.wait_synced("db", ConditionStatus::True);
    namespace.delete::<SealedSecret>("db");
    namespace.wait_gone::<Secret>("db");
    eventually("the metric to go as well", suite::PATIENCE, || {
        let page = crate::bed().controller.metrics().body;
        (!page.contains(r#"namespace="deleted""#)).then_some(())
    });

    // And a new one of the same name starts from nothing.
    let plain = namespace.plain("db").item("password", "hunter3");
    namespace.create(&plain.seal(certificate));
    assert_eq!(
        data(&namespace.wait_secret("db")),
        text(&[("password", "hunter3")])
    );
}

#[test]
fn a_pass_without_change_says_nothing() {
    let (namespace, certificate) = scene("quiet");
    let plain = namespace.plain("db").item("password", "hunter2");
    namespace.create(&plain.seal(certificate));
    namespace.wait_synced("db", ConditionStatus::True);
    namespace.wait_event("db", "Unsealed");
    let events: Vec<Event> = namespace.list("");
    assert_eq!(events.len(), 1, "{events:?}");
}

#[test]
fn one_that_is_made_anew_at_once_gets_its_secret() {
    let (namespace, certificate) = scene("anew");
    if !crate::bed().cluster.plane().has_controller_manager() {
        return testkit::skip("no kube-controller-manager: garbage collection");
    }
    let plain = namespace.plain("db").item("password", "hunter2");
    let sealed = plain.seal(certificate);
    namespace.create(&sealed);
    namespace.wait_synced("db", ConditionStatus::True);
    // The old Secret is in the way until the garbage collector comes.
    namespace.delete::<SealedSecret>("db");
    let uid = namespace.create(&sealed).metadata.uid;
    namespace.wait_for("db", "to belong to the new one", |secret: &Secret| {
        let owners = secret.metadata.owner_references.iter().flatten();
        owners.map(|owner| &owner.uid).eq(&uid)
    });
    namespace.wait_synced("db", ConditionStatus::True);
}
