//! Access keys in Secrets.

use k8s_openapi::api::core::v1::Secret;
use serde_json::{Value, json};
use suite::Component;

use super::bed::{Bed, STORE, cluster_store, external, key_auth, keys, set, store};

/// Stores of all kinds, and what uses them.
fn objects() -> Vec<Value> {
    let mut with_session = json!({"auth": key_auth("keys", None)});
    with_session["auth"]["secretRef"]["sessionTokenSecretRef"] =
        json!({"name": "keys", "key": "token"});
    let fixed = json!({"auth": key_auth("keys", Some("vault"))});
    let referent = json!({"auth": key_auth("keys", None)});
    vec![
        keys("a", "keys", "AKIAOFA"),
        keys("b", "keys", "AKIAOFB"),
        keys("vault", "keys", "AKIAVAULT"),
        store("a", STORE, &json!({"auth": key_auth("keys", None)})),
        store("b", STORE, &with_session),
        store(
            "b",
            "elsewhere",
            &json!({"auth": key_auth("keys", Some("a"))}),
        ),
        cluster_store("fixed", &fixed, &Value::Null),
        cluster_store("referent", &referent, &Value::Null),
        external("a", "local", ("SecretStore", STORE), "local"),
        external("b", "session", ("SecretStore", STORE), "session"),
        external("b", "elsewhere", ("SecretStore", "elsewhere"), "elsewhere"),
        external("a", "fixed", ("ClusterSecretStore", "fixed"), "fixed"),
        external("b", "fixed", ("ClusterSecretStore", "fixed"), "fixed"),
        external(
            "a",
            "referent",
            ("ClusterSecretStore", "referent"),
            "referent",
        ),
        external(
            "b",
            "referent",
            ("ClusterSecretStore", "referent"),
            "referent",
        ),
        external(
            "c",
            "referent",
            ("ClusterSecretStore", "referent"),
            "referent",
        ),
    ]
}

#[test]
fn each_namespace_asks_with_the_keys_that_its_store_says() {
    let bed = Bed::start(&[]);
    bed.namespaces(&["a", "b", "c", "vault"]);
    bed.in_aws(&["local", "session", "elsewhere", "fixed", "referent"]);
    let controller = bed.controller(&[]);
    bed.apply(&objects());
    for (namespace, name) in [
        ("a", "local"),
        ("b", "session"),
        ("a", "fixed"),
        ("b", "fixed"),
        ("a", "referent"),
        ("b", "referent"),
    ] {
        bed.waits_for(namespace, name, name);
    }
    let refused = bed.waits_to_fail("b", "elsewhere", "refers to another namespace");
    assert!(refused.contains("SecretStore \"elsewhere\""), "{refused}");
    bed.waits_to_fail("c", "referent", "cannot read Secret c/keys");
    for (store, reason, message) in [
        (
            &["secretstore", STORE, "-n", "a"][..],
            "Valid",
            "True: store validated",
        ),
        (
            &["clustersecretstore", "fixed"],
            "Valid",
            "True: store validated",
        ),
        // Whose keys, nobody can say.
        (
            &["clustersecretstore", "referent"],
            "Valid",
            "True: store validated",
        ),
        (
            &["secretstore", "elsewhere", "-n", "b"],
            "InvalidProviderConfig",
            "False: unable to create client: spec.provider.aws.auth refers to another namespace, \
             which only a ClusterSecretStore may; remove the namespace",
        ),
    ] {
        assert_eq!(bed.store_waits_for(store, reason), message, "{store:?}");
    }

    let askers = bed.askers();
    for (secret, keys) in [
        ("local", &["AKIAOFA"][..]),
        ("session", &["AKIAOFB"]),
        ("fixed", &["AKIAVAULT"]),
        // The same store, and nobody has what another one asked for.
        ("referent", &["AKIAOFA", "AKIAOFB"]),
    ] {
        assert_eq!(askers[secret], set(keys), "{secret}");
    }
    assert!(!askers.contains_key("elsewhere"));
    let operations = ["GetSecretValue", "BatchGetSecretValue"];
    let tokens = operations.map(|it| bed.proxy.session_tokens(it)).concat();
    assert!(!tokens.is_empty() && tokens.iter().all(|token| token == "canary-session"));

    // Keys that come later are noticed by themselves.
    bed.apply(&[keys("c", "keys", "AKIAOFC")]);
    bed.waits_for("c", "referent", "referent");
    assert!(bed.askers()["referent"].contains("AKIAOFC"));
    assert!(!controller.log().contains("canary"), "{}", controller.log());
}

#[test]
fn keys_that_are_rotated_take_effect_with_the_next_refresh() {
    let bed = Bed::start(&Component::ALL);
    bed.namespaces(&["a"]);
    bed.in_aws(&["one"]);
    let _controller = bed.controller(&[]);
    let mut short = external("a", "one", ("SecretStore", STORE), "one");
    short["spec"]["refreshInterval"] = json!("2s");
    bed.apply(&[
        keys("a", "keys", "AKIAFIRST"),
        store("a", STORE, &json!({"auth": key_auth("keys", None)})),
        short,
    ]);
    bed.waits_for("a", "one", "one");
    bed.apply(&[keys("a", "keys", "AKIASECOND")]);
    testkit::eventually("the new key", suite::PATIENCE, || {
        let askers = bed.askers().into_values().flatten();
        askers
            .collect::<Vec<_>>()
            .contains(&"AKIASECOND".to_owned())
            .then_some(())
    });
    // Deleted keys: the Secret stays as it is, and says so.
    bed.cluster.existing("a").delete::<Secret>("keys");
    bed.waits_to_fail("a", "one", "cannot read Secret a/keys");
    bed.waits_for("a", "one", "one");
}
