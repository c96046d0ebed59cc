//! Service accounts of the cluster (IRSA): tokens by TokenRequest.

use serde_json::{Value, json};
use suite::Component;

use super::bed::{
    Bed, STORE, account, account_auth, arn, claims, cluster_store, external, set, store,
};

const ROLE: &str = "eks.amazonaws.com/role-arn";
const TOKENS: &[Component] = &[Component::ServiceAccountTokens];

fn with_role(role: &str) -> Value {
    json!({ROLE: arn(role)})
}

/// Stores of all kinds, and what uses them.
fn objects() -> Vec<Value> {
    let custom = json!({ROLE: arn("custom"), "eks.amazonaws.com/audience": "sts.example"});
    let with = |auth: Value| json!({"auth": auth});
    vec![
        account("a", "reader", &with_role("of-a")),
        account("b", "reader", &with_role("of-b")),
        account("vault", "reader", &with_role("fixed")),
        account("a", "custom", &custom),
        account("a", "bare", &json!({})),
        store("a", "local", &with(account_auth("reader", None, &[]))),
        store(
            "a",
            "custom",
            &with(account_auth("custom", None, &["more.example"])),
        ),
        store("a", "bare", &with(account_auth("bare", None, &[]))),
        cluster_store(
            "fixed",
            &with(account_auth("reader", Some("vault"), &[])),
            &Value::Null,
        ),
        cluster_store(
            "referent",
            &with(account_auth("reader", None, &[])),
            &Value::Null,
        ),
        external("a", "local", ("SecretStore", "local"), "local"),
        external("a", "custom", ("SecretStore", "custom"), "custom"),
        external("a", "bare", ("SecretStore", "bare"), "bare"),
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
    ]
}

#[test]
fn tokens_are_for_the_account_and_the_audiences_that_the_store_says() {
    let bed = Bed::start(TOKENS);
    bed.namespaces(&["a", "b", "vault"]);
    bed.in_aws(&["local", "custom", "fixed", "referent", "bare"]);
    let controller = bed.controller(&[]);
    bed.apply(&objects());
    for (namespace, name) in [
        ("a", "local"),
        ("a", "custom"),
        ("b", "fixed"),
        ("a", "referent"),
        ("b", "referent"),
    ] {
        bed.waits_for(namespace, name, name);
    }
    let bare = "an IAM role must be associated with service account a/bare: annotate it with \
                eks.amazonaws.com/role-arn";
    bed.waits_to_fail("a", "bare", bare);
    let told = bed.store_waits_for(&["secretstore", "bare", "-n", "a"], "InvalidProviderConfig");
    assert_eq!(told, format!("False: unable to create client: {bare}"));

    the_tokens_are_right(&bed);
    // Each with the keys that it was given, and two namespaces never with the same.
    let askers = bed.askers();
    assert_eq!(askers["referent"].len(), 2, "{askers:?}");
    assert!(askers["referent"].is_superset(&askers["local"]));
    assert!(askers["referent"].is_disjoint(&askers["fixed"]));
    assert!(!askers.contains_key("bare"));
    assert!(!controller.log().contains("eyJ"), "a token in the log");

    // Mended by its owner.
    bed.apply(&[account("a", "bare", &with_role("mended"))]);
    bed.waits_for("a", "bare", "bare");
}

fn the_tokens_are_right(bed: &Bed) {
    let sts = &["sts.amazonaws.com"][..];
    for (role, subject, audiences) in [
        ("of-a", "a:reader", sts),
        ("of-b", "b:reader", sts),
        ("fixed", "vault:reader", sts),
        ("custom", "a:custom", &["sts.example", "more.example"]),
    ] {
        let calls = bed.assumed(role);
        // The local store and the referent one are the same to AWS.
        assert_eq!(calls.len(), 1, "{role}");
        assert_eq!(calls[0]["RoleSessionName"], "external-secrets-provider-aws");
        let claims = claims(calls[0]["WebIdentityToken"].as_str().unwrap());
        assert_eq!(claims["sub"], format!("system:serviceaccount:{subject}"));
        assert_eq!(claims["aud"], json!(audiences), "{role}");
        let [issued, expires] = ["iat", "exp"].map(|claim| claims[claim].as_i64().unwrap());
        assert_eq!(expires - issued, 600);
    }
}

#[test]
fn sixty_external_secrets_cost_one_token_and_one_call_to_sts() {
    let bed = Bed::start(TOKENS);
    bed.namespaces(&["shop"]);
    let names: Vec<_> = (0..60).map(|number| format!("key-{number}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    bed.in_aws(&names);
    let mut objects = vec![
        account("shop", "reader", &with_role("reader")),
        store(
            "shop",
            STORE,
            &json!({"auth": account_auth("reader", None, &[])}),
        ),
    ];
    let external = |name: &&str| external("shop", name, ("SecretStore", STORE), name);
    objects.extend(names.iter().map(external));
    bed.apply(&objects);
    let controller = bed.controller(&[]);
    for name in &names {
        bed.waits_for("shop", name, name);
    }
    assert_eq!(bed.assumed("reader").len(), 1);
    let askers = bed.askers();
    assert!(askers.values().all(|keys| keys.len() == 1), "{askers:?}");
    assert_eq!(
        set(&names),
        askers.into_keys().filter(|key| !key.is_empty()).collect()
    );
    controller.process().stop().unwrap();

    // Another process: again no more than one of each.
    let versions = || -> Vec<Value> {
        let externals = bed.object(&["externalsecrets", "-n", "shop"]);
        let items = externals["items"].as_array().unwrap().iter();
        items
            .map(|item| item["status"]["syncedResourceVersion"].clone())
            .collect()
    };
    let before = versions();
    let (tokens, accounts) = (bed.tokens_made(), bed.accounts_read());
    let mut force = vec!["annotate", "externalsecret", "--all", "-n", "shop"];
    force.push("external-secrets.io/force-sync=1");
    bed.cluster.plane().run(&force).unwrap();
    let _controller = bed.controller(&[]);
    testkit::eventually("all to be fetched again", suite::PATIENCE, || {
        let mut pairs = before.iter().zip(versions());
        pairs.all(|(before, now)| *before != now).then_some(())
    });
    assert_eq!(bed.assumed("reader").len(), 2);
    // One is the controller's own.
    assert_eq!(bed.tokens_made() - tokens, 2);
    assert!(bed.accounts_read() - accounts <= 2);
}

#[test]
fn without_the_component_the_condition_names_it() {
    let bed = Bed::start(&[]);
    bed.namespaces(&["a"]);
    bed.in_aws(&["one"]);
    let _controller = bed.controller(&[]);
    bed.apply(&[
        account("a", "reader", &with_role("reader")),
        store(
            "a",
            STORE,
            &json!({"auth": account_auth("reader", None, &[])}),
        ),
        external("a", "one", ("SecretStore", STORE), "one"),
    ]);
    let missing = "cannot read ServiceAccount a/reader, which spec.provider.aws.auth refers to";
    let message = bed.waits_to_fail("a", "one", missing);
    assert!(
        message.contains("the component service-account-tokens"),
        "{message}"
    );
    bed.store_waits_for(&["secretstore", STORE, "-n", "a"], "InvalidProviderConfig");
    // Half of it.
    let half = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": {"name": "half"},
        "rules": [{"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["get"]}],
    });
    let bound = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {"name": "half"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "half"},
        "subjects": [{
            "kind": "ServiceAccount", "name": suite::EXTERNAL_SECRETS_ACCOUNT,
            "namespace": suite::EXTERNAL_SECRETS_NAMESPACE,
        }],
    });
    bed.apply(&[half, bound]);
    let message = bed.waits_to_fail("a", "one", "token of service account a/reader");
    assert!(
        message.contains("the component service-account-tokens"),
        "{message}"
    );
    let told = bed.store_waits_for(&["secretstore", STORE, "-n", "a"], "ValidationFailed");
    assert!(
        told.contains("the component service-account-tokens"),
        "{told}"
    );
    bed.cluster.deploy_external_secrets(TOKENS);
    bed.waits_for("a", "one", "one");
    bed.store_waits_for(&["secretstore", STORE, "-n", "a"], "Valid");
}
