//! Which namespaces may use a ClusterSecretStore, and which stores are ours.

use seal_api::external_secrets::ExternalSecret;
use serde_json::{Value, json};

use super::bed::{Bed, STORE, cluster_store, external, key_auth, keys, ready, store};

#[test]
fn conditions_let_namespaces_in_by_name_expression_or_label() {
    let bed = Bed::start(&[]);
    bed.namespaces(&["named", "pattern-1", "labelled", "out", "vault"]);
    bed.in_aws(&["one"]);
    let _controller = bed.controller(&[]);
    let conditions = json!([
        {"namespaces": ["named"]},
        {"namespaceRegexes": ["^pattern-[0-9]$"]},
        {"namespaceSelector": {"matchLabels": {"team": "a"}}},
    ]);
    let aws = json!({"auth": key_auth("keys", Some("vault"))});
    let label = |label: &str| {
        let set = ["label", "namespace", "labelled", "--overwrite", label];
        bed.cluster.plane().run(&set).unwrap();
    };
    label("team=b");
    let mut objects = vec![
        keys("vault", "keys", "AKIAVAULT"),
        cluster_store(STORE, &aws, &conditions),
    ];
    let all = ["named", "pattern-1", "labelled", "out"];
    objects.extend(all.map(|it| external(it, "one", ("ClusterSecretStore", STORE), "one")));
    bed.apply(&objects);
    bed.waits_for("named", "one", "one");
    bed.waits_for("pattern-1", "one", "one");
    let message = bed.waits_to_fail("out", "one", "denied by spec.conditions");
    assert!(
        message.contains("not allowed from namespace \"out\""),
        "{message}"
    );
    bed.waits_to_fail("labelled", "one", "denied by spec.conditions");
    assert_eq!(bed.cluster.existing("out").secret("one"), None);

    label("team=a");
    bed.waits_for("labelled", "one", "one");
    // Nobody is let in any more with the next refresh, and what is there stays.
    label("team-");
    let again = json!({"metadata": {"annotations": {"external-secrets.io/force-sync": "1"}}});
    bed.cluster
        .existing("labelled")
        .patch::<ExternalSecret>("one", &again);
    bed.waits_to_fail("labelled", "one", "denied by spec.conditions");
    bed.waits_for("labelled", "one", "one");

    // A change of the conditions is noticed, though the store stays as valid as it was.
    bed.apply(&[cluster_store(
        STORE,
        &aws,
        &json!([{"namespaces": ["out"]}]),
    )]);
    bed.waits_for("out", "one", "one");
}

#[test]
fn a_condition_that_cannot_be_read_is_the_stores_fault() {
    let bed = Bed::start(&[]);
    bed.namespaces(&["a"]);
    let _controller = bed.controller(&[]);
    bed.apply(&[
        cluster_store(STORE, &json!({}), &json!([{"namespaceRegexes": ["("]}])),
        external("a", "one", ("ClusterSecretStore", STORE), "one"),
    ]);
    let why = "spec.conditions[0]: a regular expression in namespaceRegexes is none of Go's";
    bed.waits_to_fail("a", "one", why);
    let store = ["clustersecretstore", STORE];
    assert_eq!(
        bed.store_waits_for(&store, "InvalidStoreConfiguration"),
        format!("False: {why}")
    );
}

#[test]
fn stores_of_another_class_are_left_alone() {
    let bed = Bed::start(&[]);
    bed.namespaces(&["a"]);
    bed.in_aws(&["one"]);
    let _controller = bed.controller(&["--controller-class=ours"]);
    let of_class = |name: &str, class: Value| {
        let mut store = store("a", name, &json!({"auth": key_auth("keys", None)}));
        store["spec"]["controller"] = class;
        store
    };
    let names = ["theirs", "ours", "nobodys"];
    let mut objects = vec![keys("a", "keys", "AKIAOFA")];
    objects.push(of_class("theirs", json!("theirs")));
    objects.push(of_class("ours", json!("ours")));
    objects.push(of_class("nobodys", Value::Null));
    objects.extend(names.map(|name| external("a", name, ("SecretStore", name), "one")));
    bed.apply(&objects);
    bed.waits_for("a", "ours", "one");
    bed.waits_for("a", "nobodys", "one");
    bed.store_waits_for(&["secretstore", "nobodys", "-n", "a"], "Valid");
    assert_eq!(
        bed.object(&["secretstore", "theirs", "-n", "a"])["status"],
        Value::Null
    );
    let theirs: ExternalSecret = bed.cluster.existing("a").get("theirs").unwrap();
    assert_eq!(ready(&theirs), None);
    assert_eq!(theirs.metadata.finalizers, None);

    bed.apply(&[of_class("theirs", json!("ours"))]);
    bed.waits_for("a", "theirs", "one");
}
