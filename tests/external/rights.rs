//! Missing RBAC is named, and healed without a restart.

use k8s_openapi::api::core::v1::Secret;
use seal_api::external_secrets::{ExternalSecret, ReadyCondition, ReadyStatus, SecretStore};
use serde_json::{Value, json};
use suite::{
    Cluster, Component, CrdSet, EXTERNAL_SECRETS_ACCOUNT as ACCOUNT,
    EXTERNAL_SECRETS_NAMESPACE as NAMESPACE, ExternalSecretsController, Namespace, PATIENCE, data,
    text,
};
use testkit::aws::{Emulator, Kind};
use testkit::eventually;

const ROLE: &str = "seal-external-secrets";

/// The role that our manifests give the controller.
fn role(cluster: &Cluster) -> Value {
    let get = ["get", "clusterrole", ROLE, "--output=json"];
    let role: Value = serde_json::from_str(&cluster.plane().run(&get).unwrap()).unwrap();
    json!({
        "apiVersion": role["apiVersion"], "kind": role["kind"],
        "metadata": {"name": ROLE}, "rules": role["rules"],
    })
}

/// Gives it the role but for one right.
fn without(cluster: &Cluster, role: &Value, resource: &str, verb: &str) {
    let mut role = role.clone();
    let mut taken = 0;
    for rule in role["rules"].as_array_mut().unwrap() {
        if rule["resources"][0] == resource {
            let verbs = rule["verbs"].as_array_mut().unwrap();
            let before = verbs.len();
            verbs.retain(|it| it != verb);
            taken += before - verbs.len();
        }
    }
    assert_eq!(taken, 1, "{verb} {resource}");
    let rules = role["rules"].as_array_mut().unwrap();
    rules.retain(|rule| rule["verbs"] != json!([]));
    cluster.plane().apply(&role).unwrap();
    // The API server looks at roles a moment later.
    let account = format!("--as=system:serviceaccount:{NAMESPACE}:{ACCOUNT}");
    let question = [
        "auth",
        "can-i",
        verb,
        resource,
        "--all-namespaces",
        &account,
    ];
    eventually("the right to be gone", PATIENCE, || {
        let answer = cluster.plane().kubectl().args(question).output().unwrap();
        answer.stdout.starts_with(b"no").then_some(())
    });
}

fn store(name: &str, auth: &Value) -> Value {
    let region = testkit::aws::REGION;
    json!({
        "apiVersion": "external-secrets.io/v1", "kind": "SecretStore",
        "metadata": {"name": name, "namespace": "rights"},
        "spec": {"provider": {"aws": {"service": "SecretsManager", "region": region, "auth": auth}}},
    })
}

fn external(name: &str, store: &str, target: &Value) -> Value {
    json!({
        "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret",
        "metadata": {"name": name, "namespace": "rights"},
        "spec": {
            "secretStoreRef": {"name": store}, "target": target,
            "data": [{"secretKey": "a", "remoteRef": {"key": "a"}}],
        },
    })
}

fn ready(conditions: &[ReadyCondition]) -> Option<&ReadyCondition> {
    conditions
        .iter()
        .find(|condition| condition.kind == "Ready")
}

/// Waits until the ExternalSecret is or is not ready, and returns why.
fn wait(namespace: &Namespace<'_>, name: &str, status: ReadyStatus) -> String {
    let what = format!("to have Ready={status:?}");
    let is_so = |external: &ExternalSecret| {
        let its = external.status.as_ref();
        its.and_then(|its| ready(&its.conditions))
            .is_some_and(|ready| ready.status == status)
    };
    let external = namespace.wait_for(name, &what, is_so);
    let conditions = external.status.unwrap().conditions;
    ready(&conditions).unwrap().message.clone().unwrap()
}

#[test]
fn a_missing_right_is_named_and_healed() {
    let cluster = Cluster::bare();
    cluster.external_secrets_crds(CrdSet::Ours);
    cluster.deploy_external_secrets(&[]);
    let emulator = Emulator::start(Kind::Moto).unwrap();
    emulator.secrets().create_secret("a", "one", &[]).unwrap();
    let _controller = ExternalSecretsController::start(&cluster, emulator.url(), &[]);
    let namespace = cluster.namespace("rights");
    cluster.plane().apply(&store("aws", &json!({}))).unwrap();
    let map = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "map", "namespace": "rights"}, "data": {"a": "{{ .a }}"},
    });
    cluster.plane().apply(&map).unwrap();
    let role = role(&cluster);
    let items = json!([{"key": "a"}]);
    let template = json!({"templateFrom": [{"configMap": {"name": "map", "items": items}}]});
    let labels = json!({"metadata": {"labels": {"a": "b"}}});
    for (resource, verb, target, expected) in [
        ("secrets", "create", json!({}), "cannot create the Secret"),
        (
            "secrets",
            "update",
            json!({"template": labels}),
            "cannot update the Secret",
        ),
        (
            "configmaps",
            "get",
            json!({"template": template}),
            "cannot read ConfigMap map",
        ),
        (
            "externalsecrets",
            "patch",
            json!({"deletionPolicy": "Delete"}),
            "the finalizer of the ExternalSecret",
        ),
    ] {
        let name = format!("{verb}-{resource}");
        if verb == "update" {
            let object = external(&name, "aws", &json!({}));
            cluster.plane().apply(&object).unwrap();
            wait(&namespace, &name, ReadyStatus::True);
        }
        without(&cluster, &role, resource, verb);
        cluster
            .plane()
            .apply(&external(&name, "aws", &target))
            .unwrap();
        let message = wait(&namespace, &name, ReadyStatus::False);
        assert!(message.contains(expected), "{message}");
        assert!(message.contains("not allowed"), "{message}");
        cluster.deploy_external_secrets(&[]);
        wait(&namespace, &name, ReadyStatus::True);
        let secret: Secret = namespace.wait_secret(&name);
        assert_eq!(data(&secret), text(&[("a", "one")]), "{name}");
    }
    a_component_that_is_missing(&cluster, &namespace);
}

/// Stores that name a service account say what they lack.
fn a_component_that_is_missing(cluster: &Cluster, namespace: &Namespace<'_>) {
    let account = json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {
            "name": "team", "namespace": "rights",
            "annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/team"},
        },
    });
    cluster.plane().apply(&account).unwrap();
    let auth = json!({"jwt": {"serviceAccountRef": {"name": "team"}}});
    cluster.plane().apply(&store("irsa", &auth)).unwrap();
    let status = |status: ReadyStatus| {
        move |store: &SecretStore| {
            let its = store.status.as_ref();
            let ready = its.and_then(|its| ready(&its.conditions));
            ready.is_some_and(|ready| ready.status == status)
        }
    };
    let store = namespace.wait_for("irsa", "to be refused", status(ReadyStatus::False));
    let conditions = store.status.unwrap().conditions;
    let message = ready(&conditions).unwrap().message.clone().unwrap();
    assert!(message.contains("ServiceAccount rights/team"), "{message}");
    assert!(message.contains("not allowed"), "{message}");
    cluster.deploy_external_secrets(&[Component::ServiceAccountTokens]);
    // What was read of the account counts for a minute, unless the store changes.
    let prefix = json!({"spec": {"provider": {"aws": {"prefix": "team/"}}}});
    namespace.patch::<SecretStore>("irsa", &prefix);
    namespace.wait_for("irsa", "to be valid", status(ReadyStatus::True));
}
