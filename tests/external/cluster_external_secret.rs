//! ClusterExternalSecrets on a real control plane, alone and beside the real operator.

use std::collections::BTreeMap;

use seal_api::external_secrets::{ExternalSecret, FORCE_SYNC};
use serde_json::{Value, json};
use suite::{Cluster, Component, CrdSet, ExternalSecretsController, PATIENCE};
use testkit::{RealOperator, RealOperatorOptions, eventually};

const API: &str = "external-secrets.io/v1";

/// Nothing of this asks for a value.
const AWS: &str = "http://127.0.0.1:9";

fn start(cluster: &Cluster) -> ExternalSecretsController {
    ExternalSecretsController::start(cluster, AWS, &[])
}

/// What is asked for in namespaces of a team.
fn parent(name: &str, team: &str, rest: Value) -> Value {
    let mut parent = json!({
        "apiVersion": API,
        "kind": "ClusterExternalSecret",
        "metadata": {"name": name},
        "spec": {
            "namespaceSelectors": [{"matchLabels": {"team": team}}],
            "externalSecretName": format!("{name}-child"),
            "externalSecretMetadata": {
                "labels": {"app": "shop"}, "annotations": {"note": "two words: [x]"},
            },
            "externalSecretSpec": {
                "refreshInterval": "90m",
                "secretStoreRef": {"name": "aws", "kind": "ClusterSecretStore"},
                "target": {"name": "database", "template": {
                    "metadata": {"labels": {"tier": "db"}},
                    "data": {"url": "{{ .user }}@db", "empty": ""},
                }},
                "data": [
                    {"secretKey": "user", "remoteRef": {"key": "prod/db", "property": "user"}},
                ],
                "dataFrom": [
                    {"extract": {"key": "prod/extra"}},
                    {"find": {"name": {"regexp": "^prod/"}}, "rewrite": [
                        {"regexp": {"source": "a(.*)", "target": "$1"}},
                    ]},
                ],
            },
        },
    });
    json_patch(&mut parent, rest);
    parent
}

/// A merge patch (RFC 7396), of which null stays.
fn json_patch(into: &mut Value, patch: Value) {
    match patch {
        Value::Object(entries) => {
            for (key, value) in entries {
                json_patch(&mut into[key], value);
            }
        }
        other => *into = other,
    }
}

/// A namespace of a team.
fn namespace(cluster: &Cluster, name: &str, team: &str) {
    let metadata = json!({"name": name, "labels": {"team": team}});
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata});
    cluster.plane().apply(&namespace).unwrap();
}

/// An object of the cluster, if it is there.
fn get(cluster: &Cluster, kind: &str, name: &str) -> Option<Value> {
    let args = ["get", kind, name, "-o", "json", "--ignore-not-found"];
    let text = cluster.plane().run(&args).unwrap();
    serde_json::from_str(&text).ok()
}

/// Namespaces of the children of that name, with what a write would change. Their statuses are others' matter.
fn children(cluster: &Cluster, name: &str) -> BTreeMap<String, Value> {
    let field = format!("--field-selector=metadata.name={name}");
    let args = ["get", "externalsecrets", "-A", "-o", "json", &field];
    let list: Value = serde_json::from_str(&cluster.plane().run(&args).unwrap()).unwrap();
    let items = list["items"].as_array().unwrap().iter();
    items
        .map(|item| {
            let metadata = &item["metadata"];
            let parts = [
                "uid",
                "generation",
                "labels",
                "annotations",
                "ownerReferences",
            ];
            let parts = parts.map(|part| metadata[part].clone());
            let namespace = metadata["namespace"].as_str().unwrap().to_owned();
            (namespace, parts.into_iter().collect())
        })
        .collect()
}

/// What a controller decides of a child.
fn made(cluster: &Cluster, place: &str, name: &str) -> Option<Value> {
    let child = cluster.existing(place).get::<ExternalSecret>(name)?;
    let raw = cluster
        .plane()
        .run(&["get", "es", name, "-n", place, "-o", "json"]);
    let raw: Value = serde_json::from_str(&raw.unwrap()).unwrap();
    let owner = child.metadata.owner_references?.pop()?;
    Some(json!({
        "spec": raw["spec"],
        "labels": raw["metadata"]["labels"],
        "annotations": raw["metadata"]["annotations"],
        "owner": [owner.api_version, owner.kind, owner.name],
        "flags": [owner.controller, owner.block_owner_deletion],
    }))
}

/// Waits until exactly these namespaces have it and those failed, as the status says.
#[track_caller]
fn wait_status(cluster: &Cluster, name: &str, provisioned: &[&str], failed: &[&str]) -> Value {
    let title = format!("ClusterExternalSecret {name} to be in {provisioned:?}, not in {failed:?}");
    eventually(&title, PATIENCE, || {
        let status = get(cluster, "ces", name)?["status"].take();
        let names = |list: &Value, key: Option<&str>| -> Vec<String> {
            let items = list.as_array().into_iter().flatten();
            let item = |item: &Value| key.map_or(item.clone(), |key| item[key].clone());
            items
                .filter_map(|it| Some(item(it).as_str()?.to_owned()))
                .collect()
        };
        let here = names(&status["provisionedNamespaces"], None) == provisioned;
        let not_here = names(&status["failedNamespaces"], Some("namespace")) == failed;
        (here && not_here).then_some(status)
    })
}

#[test]
fn children_are_where_labels_say() {
    let cluster = Cluster::bare();
    cluster.external_secrets(CrdSet::Ours);
    let ours = start(&cluster);
    namespace(&cluster, "a1", "a");
    namespace(&cluster, "b1", "b");
    cluster
        .plane()
        .apply(&parent("db", "a", json!({})))
        .unwrap();
    let status = wait_status(&cluster, "db", &["a1"], &[]);
    let conditions = json!([{"type": "Ready", "status": "True"}]);
    assert_eq!(status["conditions"], conditions);
    assert_eq!(status["externalSecretName"], "db-child");

    // Labels move it.
    namespace(&cluster, "b1", "a");
    wait_status(&cluster, "db", &["a1", "b1"], &[]);
    namespace(&cluster, "a1", "none");
    wait_status(&cluster, "db", &["b1"], &[]);
    cluster
        .existing("a1")
        .wait_gone::<ExternalSecret>("db-child");

    conflict(&cluster, &ours);

    // Nobody holds namespaces.
    let held = get(&cluster, "namespace", "c1").unwrap();
    assert_eq!(held["metadata"]["finalizers"], Value::Null);
    ours.process().stop().unwrap();
}

/// One that somebody else made stays, until it goes.
fn conflict(cluster: &Cluster, ours: &ExternalSecretsController) {
    namespace(cluster, "c1", "none");
    let mut theirs = parent("x", "x", json!({}))["spec"]["externalSecretSpec"].take();
    theirs["refreshInterval"] = "1h0m0s".into();
    let metadata = json!({"name": "db-child", "namespace": "c1"});
    let theirs =
        json!({"apiVersion": API, "kind": "ExternalSecret", "metadata": metadata, "spec": theirs});
    cluster.plane().apply(&theirs).unwrap();
    namespace(cluster, "c1", "a");
    let status = wait_status(cluster, "db", &["b1"], &["c1"]);
    assert_eq!(
        status["failedNamespaces"][0]["reason"],
        "external secret already exists in namespace"
    );
    let message = "one or more namespaces failed";
    let conditions = json!([{"type": "Ready", "status": "False", "message": message}]);
    assert_eq!(status["conditions"], conditions);
    let event = cluster
        .existing("default")
        .wait_event("db", "NamespacesFailed");
    assert!(
        event
            .message
            .unwrap()
            .starts_with("c1: external secret already exists")
    );
    let gauge = |status: &str, value: u8| {
        format!(
            "clusterexternalsecret_status_condition{{condition=\"Ready\",name=\"db\",namespace=\"\",\
             status=\"{status}\"}} {value}\n"
        )
    };
    let page = ours.metrics().body;
    assert!(
        page.contains(&gauge("False", 1)) && page.contains(&gauge("True", 0)),
        "{page}"
    );
    cluster.existing("c1").delete::<ExternalSecret>("db-child");
    wait_status(cluster, "db", &["b1", "c1"], &[]);
}

#[test]
fn children_follow_their_parent() {
    let cluster = Cluster::bare();
    cluster.external_secrets(CrdSet::Ours);
    let ours = start(&cluster);
    namespace(&cluster, "a1", "a");
    let place = cluster.existing("a1");
    cluster
        .plane()
        .apply(&parent("db", "a", json!({})))
        .unwrap();
    wait_status(&cluster, "db", &["a1"], &[]);

    // A wish to fetch at once goes on to the children; taken back, too.
    let forced = |value: &str| {
        let mark = format!("{FORCE_SYNC}{value}");
        cluster
            .plane()
            .run(&["annotate", "--overwrite", "ces", "db", &mark])
            .unwrap();
    };
    forced("=1");
    let annotation = |child: &ExternalSecret| {
        let annotations = child.metadata.annotations.as_ref();
        annotations.and_then(|all| all.get(FORCE_SYNC)).cloned()
    };
    place.wait_for("db-child", "to be forced", |child| {
        annotation(child).as_deref() == Some("1")
    });
    forced("-");
    place.wait_for("db-child", "not to be forced", |child| {
        annotation(child).is_none()
    });

    // What people change in a child is put right.
    let edit = json!({"metadata": {"labels": {"own": "1"}}, "spec": {"refreshInterval": "1s"}});
    place.patch::<ExternalSecret>("db-child", &edit);
    place.wait_for("db-child", "to be put right", |child: &ExternalSecret| {
        let labels = child.metadata.labels.as_ref().unwrap();
        !labels.contains_key("own") && child.spec.refresh_interval.as_deref() == Some("1h30m0s")
    });
    place.delete::<ExternalSecret>("db-child");
    let title = "to be there again";
    place.wait_for("db-child", title, |child: &ExternalSecret| {
        child.metadata.deletion_timestamp.is_none()
    });

    renaming(&cluster);

    if cluster.plane().has_controller_manager() {
        cluster
            .plane()
            .run(&["delete", "ces", "db", "--wait=false"])
            .unwrap();
        place.wait_gone::<ExternalSecret>("other");
        eventually("its metrics to go", PATIENCE, || {
            (!ours.metrics().body.contains("name=\"db\"")).then_some(())
        });
    }
    ours.process().stop().unwrap();
}

/// Another name, and a selector that cannot be read.
fn renaming(cluster: &Cluster) {
    let place = cluster.existing("a1");
    let renamed = parent("db", "a", json!({"spec": {"externalSecretName": "other"}}));
    cluster.plane().apply(&renamed).unwrap();
    place.wait_for("other", "to exist", |_: &ExternalSecret| true);
    place.wait_gone::<ExternalSecret>("db-child");
    let status = wait_status(cluster, "db", &["a1"], &[]);
    assert_eq!(status["externalSecretName"], "other");

    // A selector that says nothing is told, and nothing goes.
    let expression = json!([{"matchExpressions": [{"key": "team", "operator": "In"}]}]);
    let broken = json!({"spec": {"externalSecretName": "other", "namespaceSelectors": expression}});
    cluster.plane().apply(&parent("db", "a", broken)).unwrap();
    let status = wait_status(cluster, "db", &["a1"], &["unknown"]);
    let reason = status["failedNamespaces"][0]["reason"].as_str().unwrap();
    assert_eq!(
        reason,
        "spec.namespaceSelectors[0]: operators In and NotIn need values"
    );
    assert_eq!(children(cluster, "other").len(), 1);
}

#[test]
fn many_namespaces() {
    const MANY: usize = 200;
    let cluster = Cluster::bare();
    cluster.external_secrets(CrdSet::Ours);
    let names: Vec<_> = (0..MANY).map(|number| format!("n{number:03}")).collect();
    let items = names.iter().map(|name| {
        let metadata = json!({"name": name, "labels": {"team": "a"}});
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    });
    let list = json!({"apiVersion": "v1", "kind": "List", "items": items.collect::<Vec<_>>()});
    cluster.plane().apply(&list).unwrap();
    cluster
        .plane()
        .apply(&parent("db", "a", json!({})))
        .unwrap();
    let ours = start(&cluster);
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    wait_status(&cluster, "db", &names, &[]);
    let before = children(&cluster, "db-child");
    assert_eq!(before.len(), MANY);
    ours.process().stop().unwrap();
    // Another process finds nothing to do.
    let ours = start(&cluster);
    eventually("a pass", PATIENCE, || {
        let page = ours.metrics().body;
        page.contains("clusterexternalsecret_reconcile_duration{name=\"db\"")
            .then_some(())
    });
    ours.process().stop().unwrap();
    assert_eq!(children(&cluster, "db-child"), before);
}

#[test]
fn without_the_definition_the_rest_works() {
    let cluster = Cluster::bare();
    cluster.external_secrets(CrdSet::Ours);
    let plane = cluster.plane();
    let definition = "crd/clusterexternalsecrets.external-secrets.io";
    plane.run(&["delete", definition]).unwrap();
    let shop = cluster.namespace("shop");
    let mut lonely = parent("x", "x", json!({}))["spec"]["externalSecretSpec"].take();
    lonely["refreshInterval"] = "1h0m0s".into();
    let metadata = json!({"name": "db", "namespace": "shop"});
    let lonely =
        json!({"apiVersion": API, "kind": "ExternalSecret", "metadata": metadata, "spec": lonely});
    plane.apply(&lonely).unwrap();
    let ours = start(&cluster);
    shop.wait_for("db", "to be looked at", |external: &ExternalSecret| {
        external.status.is_some()
    });
    eventually("a line of the log", PATIENCE, || {
        let told =
            "ClusterExternalSecrets are not served: their resource definition is not installed";
        ours.log().contains(told).then_some(())
    });
    // Installed later, it is served.
    cluster.external_secrets_crds(CrdSet::Ours);
    namespace(&cluster, "a1", "a");
    plane.apply(&parent("late", "a", json!({}))).unwrap();
    wait_status(&cluster, "late", &["a1"], &[]);
    ours.process().stop().unwrap();

    // Nor is anything done where it is not wanted.
    let off = ["--enable-cluster-external-secret-reconciler=false"];
    let ours = ExternalSecretsController::start(&cluster, AWS, &off);
    namespace(&cluster, "a2", "a");
    shop.delete::<ExternalSecret>("db");
    plane.apply(&lonely).unwrap();
    shop.wait_for("db", "to be looked at", |external: &ExternalSecret| {
        external.status.is_some()
    });
    assert_eq!(children(&cluster, "late-child").len(), 1);
    ours.process().stop().unwrap();
}

#[test]
fn children_are_the_real_operator_s() {
    let cluster = Cluster::bare();
    cluster.external_secrets(CrdSet::Upstream);
    namespace(&cluster, "a1", "a");
    namespace(&cluster, "b1", "b");
    let options = RealOperatorOptions {
        aws: AWS.to_owned(),
        args: Vec::new(),
    };
    let operator = RealOperator::start(cluster.plane(), &options).unwrap();
    let forced = json!({"metadata": {"annotations": {FORCE_SYNC: "7"}}});
    cluster
        .plane()
        .apply(&parent("db", "a", forced.clone()))
        .unwrap();
    wait_status(&cluster, "db", &["a1"], &[]);
    let theirs = made(&cluster, "a1", "db-child").unwrap();
    let their_status = get(&cluster, "ces", "db").unwrap()["status"].take();
    operator.process().stop().unwrap();

    // Taken over: no write.
    let before = children(&cluster, "db-child");
    let version = get(&cluster, "ces", "db").unwrap()["metadata"]["resourceVersion"].take();
    let ours = start(&cluster);
    let name = json!({"spec": {"externalSecretName": "db-child"}});
    let mut same = parent("also", "b", name);
    json_patch(&mut same, forced);
    cluster.plane().apply(&same).unwrap();
    wait_status(&cluster, "also", &["b1"], &[]);
    eventually("a pass", PATIENCE, || {
        let page = ours.metrics().body;
        page.contains("clusterexternalsecret_reconcile_duration{name=\"db\"")
            .then_some(())
    });
    let mut after = children(&cluster, "db-child");
    after.remove("b1");
    assert_eq!(after, before);
    let after = get(&cluster, "ces", "db").unwrap();
    assert_eq!(after["metadata"]["resourceVersion"], version);

    // Made by us: the same.
    let mut made = made(&cluster, "b1", "db-child").unwrap();
    made["owner"][2] = "db".into();
    assert_eq!(made, theirs);
    let mut our_status = get(&cluster, "ces", "also").unwrap()["status"].take();
    our_status["provisionedNamespaces"] = json!(["a1"]);
    assert_eq!(our_status, their_status);
    is_let_go(&cluster);
    ours.process().stop().unwrap();
}

/// Upstream's finalizers are taken off, as soon as the rights allow it.
fn is_let_go(cluster: &Cluster) {
    let finalizer = "externalsecrets.external-secrets.io/ces-db";
    let finalizers = || get(cluster, "namespace", "a1").unwrap()["metadata"]["finalizers"].take();
    assert_eq!(finalizers(), json!([finalizer]));
    let role = "seal-external-secrets-namespace-finalizers";
    let plane = cluster.plane();
    plane.run(&["delete", "clusterrolebinding", role]).unwrap();
    plane.run(&["delete", "ces", "db", "--wait=false"]).unwrap();
    let default = cluster.existing("default");
    let event = default.wait_event("db", "NamespaceHeld");
    assert!(event.message.unwrap().contains(finalizer));
    assert_eq!(finalizers(), json!([finalizer]));
    cluster.deploy_external_secrets(&Component::ALL);
    eventually("the ClusterExternalSecret to go", PATIENCE, || {
        get(cluster, "ces", "db").is_none().then_some(())
    });
    assert_eq!(finalizers(), Value::Null);
}
