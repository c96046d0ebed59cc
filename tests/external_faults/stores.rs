//! Stores that go or whose credentials change, and secrets that are scheduled for deletion.

use seal_api::external_secrets::{ExternalSecret, SecretStore};
use serde_json::json;
use suite::{PATIENCE, data};
use testkit::aws::{Deletion, Fault};
use testkit::eventually;

use crate::bed::{
    Bed, external, keys, one, ready, secret_versions, store, wait_failed, wait_synced, wait_value,
};

/// The store goes while it is in use, and comes back.
fn deleted_store(bed: &Bed) {
    let namespace = bed.shop("deleted", "AKIADELETED");
    bed.secrets.create_secret("a", "one", &[]).unwrap();
    namespace.create(&one("a", "4s", "a"));
    wait_synced(&namespace, "a");
    let before = secret_versions(&namespace);
    namespace.delete::<SecretStore>("aws");
    let message = wait_failed(&namespace, "a");
    assert!(message.contains("there is no such store"), "{message}");
    assert_eq!(secret_versions(&namespace), before);
    bed.cluster.plane().apply(&store("deleted")).unwrap();
    wait_synced(&namespace, "a");
    assert_eq!(secret_versions(&namespace), before);
}

/// The old access key is refused; the Secret gets the new one.
fn rotated_key(bed: &Bed) {
    let namespace = bed.shop("rotated", "AKIAOLD");
    bed.secrets.create_secret("b", "one", &[]).unwrap();
    namespace.create(&one("b", "4s", "b"));
    wait_synced(&namespace, "b");
    bed.proxy.fail_signer("AKIAOLD", Fault::UnknownKey);
    bed.secrets.put_secret_value("b", "two", &[]).unwrap();
    let message = wait_failed(&namespace, "b");
    assert!(message.contains("credentials"), "{message}");
    wait_value(&namespace, "b", "one");
    bed.cluster
        .plane()
        .apply(&keys("rotated", "AKIANEW", "testing"))
        .unwrap();
    wait_value(&namespace, "b", "two");
    wait_synced(&namespace, "b");
    // Nobody asks as the old one any more, once what was under way has ended.
    let old = || {
        let operations = crate::bed::OPERATIONS.iter();
        let signers = operations.flat_map(|it| bed.proxy.access_keys(it));
        signers.filter(|signer| signer == "AKIAOLD").count()
    };
    let mut asked = Vec::new();
    for value in ["three", "four", "five"] {
        bed.secrets.put_secret_value("b", value, &[]).unwrap();
        wait_value(&namespace, "b", value);
        asked.push(old());
    }
    assert_eq!(asked[0], asked[2], "{asked:?}");
    bed.proxy.clear();
}

/// STS does not give the role, and then does.
fn wrong_role(bed: &Bed) {
    let namespace = bed.shop("role", "AKIAROLE");
    bed.secrets.create_secret("c", "one", &[]).unwrap();
    bed.proxy.fail("AssumeRole", Fault::AccessDenied);
    let mut with_role = store("role");
    with_role["spec"]["provider"]["aws"]["role"] = json!("arn:aws:iam::123456789012:role/wrong");
    bed.cluster.plane().apply(&with_role).unwrap();
    namespace.create(&one("c", "4s", "c"));
    let message = wait_failed(&namespace, "c");
    for part in ["sts:AssumeRole", "role/wrong", "access denied"] {
        assert!(message.contains(part), "{part} in {message}");
    }
    assert!(namespace.secret("c").is_none());
    with_role["spec"]["provider"]["aws"]["role"] = json!("arn:aws:iam::123456789012:role/right");
    bed.proxy.clear();
    bed.cluster.plane().apply(&with_role).unwrap();
    wait_value(&namespace, "c", "one");
    wait_synced(&namespace, "c");
}

/// What is scheduled for deletion is as good as missing, and may come back.
fn scheduled_for_deletion(bed: &Bed) {
    let namespace = bed.shop("scheduled", "AKIASCHEDULED");
    bed.secrets.create_secret("d", "one", &[]).unwrap();
    for policy in ["Delete", "Retain"] {
        let rest = json!({
            "data": [{"secretKey": "value", "remoteRef": {"key": "d"}}],
            "target": {"deletionPolicy": policy},
        });
        namespace.create(&external(&policy.to_lowercase(), "4s", &rest));
        wait_synced(&namespace, &policy.to_lowercase());
    }
    bed.secrets.delete_secret("d", Deletion::After(7)).unwrap();
    namespace.wait_gone::<k8s_openapi::api::core::v1::Secret>("delete");
    namespace.wait_for("delete", "to be told", |external: &ExternalSecret| {
        ready(external).unwrap().reason.as_deref() == Some("SecretDeleted")
    });
    // Upstream's meaning: what is missing is an error, and the Secret stays.
    let message = wait_failed(&namespace, "retain");
    assert!(
        message.contains("spec.data[0]: secret d does not exist"),
        "{message}"
    );
    assert_eq!(data(&namespace.secret("retain").unwrap())["value"], "one");
    bed.secrets.restore_secret("d").unwrap();
    wait_value(&namespace, "delete", "one");
    bed.secrets.put_secret_value("d", "two", &[]).unwrap();
    for name in ["delete", "retain"] {
        wait_value(&namespace, name, "two");
        wait_synced(&namespace, name);
    }
}

/// A secret that has no version yet.
fn without_value(bed: &Bed) {
    let namespace = bed.shop("empty", "AKIAEMPTY");
    let name = json!({"Name": "e"});
    bed.secrets.call("CreateSecret", &name).unwrap();
    namespace.create(&one("e", "4s", "e"));
    eventually("it to be looked at", PATIENCE, || {
        ready(&namespace.get("e").unwrap())
    });
    assert!(namespace.secret("e").is_none());
    bed.secrets.put_secret_value("e", "one", &[]).unwrap();
    wait_value(&namespace, "e", "one");
    wait_synced(&namespace, "e");
}

#[test]
fn stores_and_secrets_that_go_and_come_back() {
    let bed = Bed::start(&[]);
    for happen in [
        deleted_store,
        rotated_key,
        wrong_role,
        scheduled_for_deletion,
        without_value,
    ] {
        happen(&bed);
    }
}
