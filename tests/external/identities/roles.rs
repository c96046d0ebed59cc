//! Roles, one after the other, and what their sessions are told.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::bed::{Bed, STORE, arn, cluster_store, external, key_auth, keys, store};

/// What a call to AWS STS says besides role, name and time.
fn told(call: &Value) -> BTreeMap<String, String> {
    let fields = call.as_object().unwrap().iter();
    let usual = [
        "Action",
        "Version",
        "RoleArn",
        "RoleSessionName",
        "DurationSeconds",
    ];
    let fields = fields.filter(|(name, _)| !usual.contains(&name.as_str()));
    let mut tags: BTreeMap<&str, [&str; 2]> = BTreeMap::new();
    let mut told = BTreeMap::new();
    for (name, value) in fields {
        let value = value.as_str().unwrap();
        match name.strip_prefix("Tags.member.") {
            Some(tag) => {
                let (number, part) = tag.split_once('.').unwrap();
                tags.entry(number).or_default()[usize::from(part == "Value")] = value;
            }
            None => drop(told.insert(name.clone(), value.to_owned())),
        }
    }
    told.extend(
        tags.into_values()
            .map(|[key, value]| (format!("tag {key}"), value.to_owned())),
    );
    told
}

fn texts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[test]
fn a_chain_of_roles_ends_with_the_one_that_is_told_who_asks() {
    let bed = Bed::start(&[]);
    bed.namespaces(&["a"]);
    bed.in_aws(&["one"]);
    let _controller = bed.controller(&[]);
    bed.apply(&[
        keys("a", "keys", "AKIABASE"),
        store(
            "a",
            STORE,
            &json!({
                "auth": key_auth("keys", None),
                "additionalRoles": [arn("first"), arn("second")],
                "role": arn("last"),
                "externalID": "the-id",
                "sessionTags": [{"key": "team", "value": "a"}, {"key": "stage", "value": "prod"}],
                "transitiveTagKeys": ["team"],
            }),
        ),
        external("a", "one", ("SecretStore", STORE), "one"),
    ]);
    bed.waits_for("a", "one", "one");
    let calls = bed.proxy.requests("AssumeRole");
    let roles: Vec<_> = calls.iter().map(|call| call["RoleArn"].clone()).collect();
    assert_eq!(roles, [arn("first"), arn("second"), arn("last")]);
    assert!(
        calls
            .iter()
            .all(|call| call["RoleSessionName"] == "external-secrets-provider-aws")
    );
    assert_eq!([&calls[0], &calls[1]].map(told), [texts(&[]), texts(&[])]);
    let last = [
        ("ExternalId", "the-id"),
        ("TransitiveTagKeys.member.1", "team"),
        ("tag stage", "prod"),
        ("tag team", "a"),
    ];
    assert_eq!(told(&calls[2]), texts(&last));
    // Each is assumed as the one before it.
    let signers = bed.proxy.access_keys("AssumeRole");
    assert_eq!(signers[0], "AKIABASE");
    let mut all = signers.clone();
    all.extend(bed.askers()["one"].clone());
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 4, "{all:?}");
}

#[test]
fn policies_for_tags_say_which_namespace_asks() {
    let bed = Bed::start(&[]);
    bed.namespaces(&["a", "b", "vault"]);
    bed.in_aws(&["one"]);
    let controller = bed.controller(&[]);
    let aws = |role: &str, policy: &str| {
        json!({
            "auth": key_auth("keys", Some("vault")),
            "role": arn(role),
            "sessionTagsPolicy": policy,
            "sessionTags": [{"key": "team", "value": "x"}],
            "customSessionTags": {"stage": "prod"},
        })
    };
    let mut objects = vec![keys("vault", "keys", "AKIABASE")];
    let policies = [("none", "None"), ("simple", "Simple"), ("custom", "Custom")];
    for (name, policy) in policies {
        objects.push(cluster_store(name, &aws(name, policy), &Value::Null));
        for namespace in ["a", "b"] {
            objects.push(external(
                namespace,
                name,
                ("ClusterSecretStore", name),
                "one",
            ));
        }
    }
    bed.apply(&objects);
    for (name, _) in policies {
        bed.waits_for("a", name, "one");
        bed.waits_for("b", name, "one");
        bed.store_waits_for(&["clustersecretstore", name], "Valid");
    }
    let told = |role: &str| {
        let mut told: Vec<_> = bed.assumed(role).iter().map(told).collect();
        told.sort();
        told
    };
    assert_eq!(told("none"), [texts(&[("tag team", "x")])]);
    for (role, more) in [("simple", &[][..]), ("custom", &[("tag stage", "prod")])] {
        let expected = ["a", "b"].map(|namespace| {
            let own = [
                ("tag esoNamespace", namespace),
                ("tag esoStoreKind", "ClusterSecretStore"),
                ("tag esoStoreName", role),
            ];
            texts(&[&own, more].concat())
        });
        // The check of the store asks for no namespace.
        assert_eq!(told(role), expected, "{}", controller.log());
    }
}
