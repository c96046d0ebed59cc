//! Values open only where they were sealed for (contract §9.1, 13, 14 and 18 to 25).

use jiff::{SignedDuration, Timestamp};
use seal_api::ConditionStatus;
use seal_format::Scope;
use suite::{condition, data, text};

use crate::scene;

#[test]
fn a_value_opens_within_its_scope_only() {
    let (home, certificate) = scene("scope-home");
    let (away, _) = scene("scope-away");
    for (scope, title, renamed, moved) in [
        (Scope::Strict, "strict", false, false),
        (Scope::NamespaceWide, "namespace-wide", true, false),
        (Scope::ClusterWide, "cluster-wide", true, true),
    ] {
        let other_name = format!("{title}-renamed");
        for (namespace, name, opens) in [
            (&home, title, true),
            (&home, other_name.as_str(), renamed),
            (&away, title, moved),
            (&away, other_name.as_str(), renamed && moved),
        ] {
            let plain = home.plain(title).item("password", "hunter2").scope(scope);
            let mut sealed = plain.seal(certificate);
            sealed.metadata.name = Some(name.to_owned());
            namespace.create(&sealed);
            if opens {
                namespace.wait_synced(name, ConditionStatus::True);
                let secret = namespace.wait_secret(name);
                assert_eq!(data(&secret), text(&[("password", "hunter2")]), "{name}");
            } else {
                let sealed = namespace.wait_synced(name, ConditionStatus::False);
                let message = condition(&sealed).message.unwrap();
                assert_eq!(message, "no key could decrypt secret (password)");
                let event = namespace.wait_event(name, "ErrUnsealFailed");
                assert_eq!(event.type_.as_deref(), Some("Warning"));
                assert!(
                    namespace.secret(name).is_none(),
                    "{name} in {}",
                    namespace.name()
                );
            }
        }
    }
}

#[test]
fn a_scope_that_was_added_later_is_tried() {
    let (namespace, certificate) = scene("scope-later");
    let plain = namespace.plain("db").item("password", "hunter2");
    let sealed = plain.scope(Scope::ClusterWide).seal(certificate);
    let annotations = sealed.metadata.annotations.clone();
    let mut strict = sealed;
    strict.metadata.annotations = None;
    namespace.create(&strict);
    namespace.wait_synced("db", ConditionStatus::False);

    namespace.edit("db", |sealed: &mut seal_api::SealedSecret| {
        sealed.metadata.annotations.clone_from(&annotations);
    });
    namespace.wait_synced("db", ConditionStatus::True);
    namespace.wait_secret("db");
}

#[test]
fn another_clusters_key_opens_nothing() {
    let (namespace, certificate) = scene("wrong-key");
    let now = Timestamp::now();
    let stranger = seal_keys::issue(2048, "", now, SignedDuration::from_hours(1)).unwrap();
    let plain = namespace.plain("db").item("b", "2").item("a", "1");
    namespace.create(&plain.clone().seal(&stranger.certificate));
    let sealed = namespace.wait_synced("db", ConditionStatus::False);
    let condition = condition(&sealed);
    assert_eq!(
        condition.message.unwrap(),
        "no key could decrypt secret (a, b)"
    );
    assert_eq!(condition.reason.unwrap(), "UnsealFailed");
    namespace.wait_event("db", "ErrUnsealFailed");
    assert!(namespace.secret("db").is_none());

    // One bad item is enough: no half Secrets.
    let good = plain.seal(certificate);
    namespace.edit("db", |sealed: &mut seal_api::SealedSecret| {
        let value = good.spec.encrypted_data["a"].clone();
        sealed.spec.encrypted_data.insert("a".to_owned(), value);
    });
    let sealed = namespace.wait_synced("db", ConditionStatus::False);
    assert_eq!(
        suite::condition(&sealed).message.unwrap(),
        "no key could decrypt secret (b)"
    );
    assert!(namespace.secret("db").is_none());
}
