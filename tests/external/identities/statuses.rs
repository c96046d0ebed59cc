//! What the statuses of stores say, and when it is looked at again.

use k8s_openapi::api::core::v1::Secret;
use serde_json::{Value, json};
use testkit::aws::Fault;

use super::bed::{Bed, STORE, arn, cluster_store, external, key_auth, keys, store};

const LOCAL: &[&str] = &["secretstore", STORE, "-n", "a"];

#[test]
fn a_store_says_what_is_wrong_and_is_looked_at_again_by_itself() {
    let bed = Bed::start(&[]);
    bed.namespaces(&["a"]);
    bed.in_aws(&["one"]);
    let namespace = bed.cluster.existing("a");
    let controller = bed.controller(&["--store-requeue-interval=1s"]);
    let aws = json!({"auth": key_auth("keys", None)});
    bed.apply(&[
        store("a", STORE, &aws),
        external("a", "one", ("SecretStore", STORE), "one"),
    ]);
    assert_eq!(
        bed.store_waits_for(LOCAL, "InvalidProviderConfig"),
        "False: unable to create client: cannot read Secret a/keys, which spec.provider.aws.auth refers \
         to: not found; create it, or correct the reference"
    );
    bed.waits_to_fail("a", "one", "cannot read Secret a/keys");
    bed.apply(&[keys("a", "keys", "AKIAOFA")]);
    assert_eq!(bed.store_waits_for(LOCAL, "Valid"), "True: store validated");
    bed.waits_for("a", "one", "one");
    let valid = bed.object(LOCAL);
    assert_eq!(valid["status"]["capabilities"], "ReadOnly");
    namespace.delete::<Secret>("keys");
    bed.store_waits_for(LOCAL, "InvalidProviderConfig");
    bed.apply(&[keys("a", "keys", "AKIAOFA")]);
    bed.store_waits_for(LOCAL, "Valid");

    // A role that may not be assumed, from now on.
    bed.proxy.fail("AssumeRole", Fault::AccessDenied);
    let mut with_role = aws.clone();
    with_role["role"] = json!(arn("reader"));
    bed.apply(&[store("a", STORE, &with_role)]);
    let told = bed.store_waits_for(LOCAL, "ValidationFailed");
    let start = format!(
        "False: unable to validate store: sts:AssumeRole of {}: access denied",
        arn("reader")
    );
    assert!(told.starts_with(&start), "{told}");
    bed.proxy.clear();
    bed.store_waits_for(LOCAL, "Valid");
    assert_eq!(
        namespace
            .wait_event(STORE, "ValidationFailed")
            .type_
            .as_deref(),
        Some("Warning")
    );

    // Looked at once a second, written and told when it changed: two changes of each kind before, and this.
    let written = bed.object(LOCAL)["metadata"]["resourceVersion"].clone();
    let calls = bed.assumed("reader").len();
    bed.apply(&[external("a", "two", ("SecretStore", STORE), "one")]);
    bed.waits_for("a", "two", "one");
    assert_eq!(bed.object(LOCAL)["metadata"]["resourceVersion"], written);
    assert_eq!(bed.assumed("reader").len(), calls, "{}", controller.log());
    let told = |reason: &str| -> i32 {
        let events = namespace.events(STORE, reason);
        events.iter().map(|event| event.count.unwrap_or(1)).sum()
    };
    testkit::eventually("all events", suite::PATIENCE, || {
        let told = ["Valid", "InvalidProviderConfig", "ValidationFailed"].map(told);
        (told == [3, 2, 1]).then_some(())
    });
}

#[test]
fn what_cannot_work_is_said_before_anybody_asks() {
    let bed = Bed::start(&[]);
    bed.namespaces(&["a"]);
    let _controller = bed.controller(&[]);
    let region = json!({"region": ""});
    let mut half = json!({"auth": key_auth("keys", None)});
    half["auth"]["secretRef"]["secretAccessKeySecretRef"] = Value::Null;
    let mut no_item = json!({"auth": key_auth("keys", None)});
    no_item["auth"]["secretRef"]["accessKeyIDSecretRef"]["key"] = json!("other");
    bed.apply(&[
        keys("a", "keys", "AKIAOFA"),
        store("a", "region", &region),
        cluster_store("region", &region, &Value::Null),
        store("a", "half", &half),
        store("a", "item", &no_item),
    ]);
    for (store, reason, message) in [
        (
            &["secretstore", "region", "-n", "a"][..],
            "InvalidStoreConfiguration",
            "False: spec.provider.aws.region is missing",
        ),
        (
            &["clustersecretstore", "region"],
            "InvalidStoreConfiguration",
            "False: spec.provider.aws.region is missing",
        ),
        (
            &["secretstore", "half", "-n", "a"],
            "InvalidProviderConfig",
            "False: unable to create client: spec.provider.aws.auth.secretRef: \
             secretAccessKeySecretRef needs a name and a key",
        ),
        (
            &["secretstore", "item", "-n", "a"],
            "InvalidProviderConfig",
            "False: unable to create client: Secret a/keys has no text under other, which the store's \
             credentials need",
        ),
    ] {
        assert_eq!(bed.store_waits_for(store, reason), message, "{store:?}");
    }
}
