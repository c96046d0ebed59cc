//! Ours takes the place of the real controller on a running cluster, and gives it back.

use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt as _;
use seal_api::{ConditionStatus, KEY_LABEL, SealedSecret};
use suite::{Cluster, Controller, Namespace};

use crate::{SCOPES, certificate, items, real, values, versions};
use seal_keys::Certificate;

/// Seals one object per scope, and one with a template, under a prefix.
fn populate(namespace: &Namespace<'_>, prefix: &str, certificate: &Certificate) {
    for (title, scope) in SCOPES {
        let name = format!("{prefix}-{title}");
        let mut plain = namespace.plain(&name).scope(scope);
        for (item, value) in items() {
            plain = plain.item(&item, value);
        }
        let plain = plain.label("app", "shop").annotation("note", "kept");
        namespace.create(&plain.seal(certificate));
    }
    let plain = namespace
        .plain(&format!("{prefix}-templated"))
        .item("a", "1");
    let mut sealed = plain.seal(certificate);
    let template = sealed.spec.template.get_or_insert_default();
    template.data = Some([("b".to_owned(), Some("{{ .a }}2".to_owned()))].into());
    namespace.create(&sealed);
}

fn wait_all(namespace: &Namespace<'_>) {
    for sealed in namespace.list::<SealedSecret>("") {
        let name = sealed.name_any();
        namespace.wait_synced(&name, ConditionStatus::True);
        namespace.wait_secret(&name);
    }
}

#[test]
fn no_secret_changes_hands_twice() {
    let cluster = Cluster::bare();
    let namespace = cluster.namespace("shop");
    let system = cluster.existing("kube-system");
    let Some(theirs) = real(&cluster, &["--key-size=2048"]) else {
        return;
    };
    let their_certificate = certificate(&theirs);
    populate(&namespace, "theirs", &their_certificate);
    wait_all(&namespace);
    let made_by_them = versions(&namespace);
    assert_eq!(made_by_them.len(), 4);
    drop(theirs);

    // Ours on their keys, their definition replaced by ours.
    cluster.deploy();
    let ours = Controller::start(&cluster);
    let keys = system.list::<Secret>(KEY_LABEL);
    assert_eq!(keys.len(), 1, "no key is made where there is one");
    assert_eq!(
        ours.certificate().fingerprint(),
        their_certificate.fingerprint()
    );
    for sealed in namespace.list::<SealedSecret>("") {
        // A condition that only ours writes: it has looked at the object.
        namespace.wait_for(&sealed.name_any(), "to be ours", |sealed: &SealedSecret| {
            let conditions = &sealed.status.as_ref().unwrap().conditions;
            conditions.iter().any(|condition| condition.kind == "Ready")
        });
    }
    populate(&namespace, "ours", &ours.certificate());
    wait_all(&namespace);
    let mut found = versions(&namespace);
    let made_by_us: Vec<_> = found
        .extract_if(.., |name, _| name.starts_with("ours"))
        .collect();
    assert_eq!(made_by_us.len(), 4);
    assert_eq!(found, made_by_them, "taking over wrote to a Secret");
    assert_eq!(ours.process().stop().unwrap(), "exit status: 0");

    // And back again.
    let before = versions(&namespace);
    let theirs = real(&cluster, &[]).unwrap();
    // It works on objects one after the other: after the last one, all were looked at.
    populate(&namespace, "last", &certificate(&theirs));
    wait_all(&namespace);
    let mut after = versions(&namespace);
    after.retain(|name, _| !name.starts_with("last"));
    assert_eq!(after, before, "going back wrote to a Secret");
    for name in ["theirs-strict", "ours-strict", "last-strict"] {
        assert_eq!(values(&namespace.wait_secret(name)), items());
    }
    assert_eq!(system.list::<Secret>(KEY_LABEL).len(), 1);
}
