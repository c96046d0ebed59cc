use super::*;

/// Team a's namespaces are `a1` and `a2`, team b's is `b1`.
fn places() -> Vec<Place> {
    let place = |name: &str, team: &str| Place {
        name: name.to_owned(),
        labels: BTreeMap::from([("team".to_owned(), team.to_owned())]),
        finalizers: Vec::new(),
        version: None,
        terminating: false,
    };
    vec![place("a1", "a"), place("a2", "a"), place("b1", "b")]
}

fn parent(rest: Value) -> (ClusterExternalSecret, Value) {
    let mut object = json!({
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": "db", "uid": "u1"},
        "spec": {
            "namespaceSelectors": [{"matchLabels": {"team": "a"}}],
            "externalSecretSpec": {"refreshInterval": "1h", "secretStoreRef": {"name": "aws"}},
        },
    });
    merge(&mut object, rest);
    let spec = object["spec"]["externalSecretSpec"].clone();
    (serde_json::from_value(object).unwrap(), spec)
}

/// A merge patch.
fn merge(into: &mut Value, patch: Value) {
    match (into, patch) {
        (Value::Object(into), Value::Object(patch)) => {
            for (key, value) in patch {
                match into.get_mut(&key) {
                    Some(old) => merge(old, value),
                    None => drop(into.insert(key, value)),
                }
            }
        }
        (into, patch) => *into = patch,
    }
}

/// A child as the API server would give it back.
fn child(namespace: &str, rest: Value) -> DynamicObject {
    let mut object = json!({
        "apiVersion": API_VERSION,
        "kind": "ExternalSecret",
        "metadata": {
            "name": "db",
            "namespace": namespace,
            "uid": "c",
            "resourceVersion": "7",
            "ownerReferences": [{
                "apiVersion": API_VERSION, "kind": KIND, "name": "db", "uid": "u1",
                "controller": true, "blockOwnerDeletion": true,
            }],
        },
        "spec": {"refreshInterval": "1h0m0s", "secretStoreRef": {"name": "aws"}},
        "status": {"refreshTime": "2026-01-01T00:00:00Z"},
    });
    merge(&mut object, rest);
    serde_json::from_value(object).unwrap()
}

fn planned(
    (parent, child_spec): &(ClusterExternalSecret, Value),
    places: &[Place],
    children: &[DynamicObject],
) -> Plan {
    let observed = Observed {
        parent,
        child_spec,
        places,
        children,
    };
    decide(&observed).unwrap()
}

/// `namespace/name` of each.
fn at(objects: &[DynamicObject]) -> Vec<String> {
    let at = |object: &DynamicObject| {
        format!(
            "{}/{}",
            namespace(object),
            object.metadata.name.as_deref().unwrap()
        )
    };
    objects.iter().map(at).collect()
}

#[test]
fn any_selector_or_name_is_enough() {
    let none = json!({"spec": {"namespaceSelectors": []}});
    for (rest, expected) in [
        (json!({}), &["a1", "a2"][..]),
        (none.clone(), &[]),
        (
            json!({"spec": {"namespaces": ["b1", "nowhere"]}}),
            &["a1", "a2", "b1"],
        ),
        (
            json!({"spec": {"namespaceSelector": {"matchLabels": {"team": "b"}}}}),
            &["a1", "a2", "b1"],
        ),
        (
            json!({"spec": {"namespaceSelectors": [{}]}}),
            &["a1", "a2", "b1"],
        ),
        (
            json!({"spec": {"namespaceSelectors": [
                {"matchLabels": {"team": "b"}},
                {"matchExpressions": [{"key": "zone", "operator": "Exists"}]},
            ]}}),
            &["b1"],
        ),
    ] {
        let shown = rest.to_string();
        let plan = planned(&parent(rest), &places(), &[]);
        let expected: Vec<_> = expected.iter().map(|name| format!("{name}/db")).collect();
        assert_eq!(at(&plan.create), expected, "{shown}");
    }
    for (operator, values) in [
        ("Like", json!(["a"])),
        ("In", json!([])),
        ("Exists", json!(["a"])),
    ] {
        let expression = json!({"key": "team", "operator": operator, "values": values});
        let selectors = json!([{}, {"matchExpressions": [expression]}]);
        let (parent, child_spec) = parent(json!({"spec": {"namespaceSelectors": selectors}}));
        let places = places();
        let bad = decide(&Observed {
            parent: &parent,
            child_spec: &child_spec,
            places: &places,
            children: &[],
        });
        assert_eq!(
            bad.unwrap_err().path,
            "spec.namespaceSelectors[1]",
            "{operator}"
        );
    }
}

#[test]
fn a_child_is_what_upstream_makes() {
    let rest = json!({
        "metadata": {"annotations": {FORCE_SYNC: "now", "other": "x"}},
        "spec": {
            "namespaceSelectors": [],
            "namespaces": ["b1"],
            "externalSecretName": "database",
            "externalSecretMetadata": {
                "labels": {"app": "shop"}, "annotations": {"note": "n", FORCE_SYNC: "old"},
            },
            "externalSecretSpec": {"aFieldOfTomorrow": {"a": 1}},
        },
    });
    let plan = planned(&parent(rest), &places(), &[]);
    let theirs = json!({
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {
            "name": "database",
            "namespace": "b1",
            "labels": {"app": "shop"},
            "annotations": {"note": "n", FORCE_SYNC: "now"},
            "ownerReferences": [{
                "apiVersion": "external-secrets.io/v1",
                "kind": "ClusterExternalSecret",
                "name": "db",
                "uid": "u1",
                "controller": true,
                "blockOwnerDeletion": true,
            }],
        },
        "spec": {
            "refreshInterval": "1h0m0s",
            "secretStoreRef": {"name": "aws"},
            "aFieldOfTomorrow": {"a": 1},
        },
    });
    assert_eq!(serde_json::to_value(&plan.create).unwrap(), json!([theirs]));
    // Made, it is left alone.
    let (parent, spec) = parent(json!({"spec": {"namespaceSelectors": [], "namespaces": ["b1"]}}));
    let made = planned(&(parent.clone(), spec.clone()), &places(), &[]).create;
    let again = planned(&(parent, spec), &places(), &made);
    assert_eq!(
        again,
        Plan {
            up_to_date: vec!["b1".to_owned()],
            ..Plan::default()
        }
    );
}

#[test]
fn live_children() {
    let ours = json!({"metadata": {"labels": {}, "annotations": {}}});
    for (what, a1, changed) in [
        ("as it should be", ours, false),
        (
            "upstream's empty parts",
            json!({"spec": {"secretStoreRef": {"kind": ""}, "data": []}}),
            false,
        ),
        (
            "another status",
            json!({"status": {"refreshTime": null}}),
            false,
        ),
        (
            "a finalizer",
            json!({"metadata": {"finalizers": ["x"]}}),
            false,
        ),
        (
            "a label of its own",
            json!({"metadata": {"labels": {"own": "1"}}}),
            true,
        ),
        (
            "a force-sync of its own",
            json!({"metadata": {"annotations": {FORCE_SYNC: "1"}}}),
            true,
        ),
        (
            "another interval",
            json!({"spec": {"refreshInterval": "2h"}}),
            true,
        ),
        (
            "a field more",
            json!({"spec": {"refreshPolicy": "OnChange"}}),
            true,
        ),
    ] {
        let live = child("a1", a1);
        let plan = planned(&parent(json!({})), &places(), &[live]);
        assert_eq!(at(&plan.create), ["a2/db"], "{what}");
        assert!(plan.delete.is_empty() && plan.refused.is_empty(), "{what}");
        if !changed {
            assert_eq!(plan.up_to_date, ["a1"], "{what}");
            continue;
        }
        // As if nobody had touched it.
        assert_eq!(plan.update, [child("a1", json!({}))], "{what}");
    }
}

#[test]
fn owners() {
    let owner = |rest: Value| {
        let mut owner = json!({"apiVersion": API_VERSION, "kind": KIND, "name": "db", "uid": "u1",
            "controller": true, "blockOwnerDeletion": true});
        merge(&mut owner, rest);
        child("a1", json!({"metadata": {"ownerReferences": [owner]}}))
    };
    for rest in [
        json!({"name": "other"}),
        json!({"kind": "ExternalSecret"}),
        json!({"apiVersion": "example.com/v1"}),
        json!({"controller": false}),
    ] {
        let plan = planned(&parent(json!({})), &places(), &[owner(rest.clone())]);
        let told = BTreeMap::from([("a1".to_owned(), TAKEN.to_owned())]);
        assert_eq!(plan.refused, told, "{rest}");
        assert!(plan.update.is_empty() && plan.delete.is_empty(), "{rest}");
        // Nor is it deleted where nothing is wanted.
        let nowhere = parent(json!({"spec": {"namespaceSelectors": []}}));
        assert_eq!(
            planned(&nowhere, &places(), &[owner(rest)]),
            Plan::default()
        );
    }
    // That of a former life of the same name, and an older version.
    for rest in [
        json!({"uid": "u0"}),
        json!({"apiVersion": "external-secrets.io/v1beta1"}),
    ] {
        let plan = planned(&parent(json!({})), &places(), &[owner(rest)]);
        let expected = owner(json!({})).metadata.owner_references;
        assert_eq!(plan.update[0].metadata.owner_references, expected);
    }
}

#[test]
fn what_has_no_place_any_more_goes() {
    let children = [child("a1", json!({})), child("b1", json!({}))];
    let plan = planned(&parent(json!({})), &places(), &children);
    assert_eq!(at(&plan.delete), ["b1/db"]);
    assert_eq!(plan.up_to_date, ["a1"]);

    // Another name.
    let renamed = parent(json!({
        "spec": {"externalSecretName": "new"}, "status": {"externalSecretName": "db"},
    }));
    assert_eq!(names(&renamed.0), BTreeSet::from(["db", "new"]));
    let plan = planned(&renamed, &places(), &children);
    assert_eq!(at(&plan.delete), ["a1/db", "b1/db"]);
    assert_eq!(at(&plan.create), ["a1/new", "a2/new"]);

    // All of it: only what upstream left behind is ours to undo.
    let deleted = parent(json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}));
    let mut held = places();
    held[1].finalizers = vec![namespace_finalizer("db")];
    let plan = planned(&deleted, &held, &children);
    let expected = Plan {
        release: vec![held[1].clone()],
        ..Plan::default()
    };
    assert_eq!(plan, expected);
}

#[test]
fn namespaces_and_children_on_their_way_out() {
    let mut places = places();
    places[0].terminating = true;
    let foreign = namespace_finalizer("other");
    for (place, finalizer) in [(0, "db"), (1, "db"), (2, "db")] {
        places[place].finalizers = vec![foreign.clone(), namespace_finalizer(finalizer)];
    }
    let going = json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}});
    let children = [child("a1", json!({})), child("a2", going)];
    let plan = planned(&parent(json!({})), &places, &children);
    // Nothing is made in a1, nor in a2 before the old one is gone; b1 does not match.
    let expected = Plan {
        release: vec![places[0].clone(), places[2].clone()],
        ..Plan::default()
    };
    assert_eq!(plan, expected);
}
