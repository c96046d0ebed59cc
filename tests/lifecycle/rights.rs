//! Missing RBAC is named, and healed without a restart.

use k8s_openapi::api::core::v1::Secret;
use seal_api::ConditionStatus;
use serde_json::Value;
use suite::{Cluster, Controller, PATIENCE, condition};
use testkit::eventually;

#[test]
fn without_the_right_to_list_it_says_so_and_waits() {
    let cluster = Cluster::start();
    let role = role(&cluster);
    without(&cluster, &role, "sealedsecrets", "list");
    let controller = Controller::spawn(&cluster, &["--key-size=2048"]);
    says_what_it_may_not_watch(&controller, "SealedSecrets");
    assert_eq!(controller.get("/readyz").unwrap().status, 503);
    // Secrets are looked at when it is known which ones matter.
    without(&cluster, &role, "secrets", "list");
    says_what_it_may_not_watch(&controller, "Secrets");
    cluster.deploy();
    controller.wait_ready();
    let namespace = cluster.namespace("rights");
    let plain = namespace.plain("db").item("a", "1");
    namespace.create(&plain.seal(&controller.certificate()));
    namespace.wait_synced("db", ConditionStatus::True);
}

#[test]
fn without_the_right_to_write_the_status_says_so() {
    let cluster = Cluster::start();
    let controller = Controller::start(&cluster);
    let certificate = controller.certificate();
    let namespace = cluster.namespace("rights");
    let role = role(&cluster);
    for verb in ["create", "update"] {
        without(&cluster, &role, "secrets", verb);
        let plain = namespace.plain(verb).item("a", "1");
        if verb == "update" {
            let managed = serde_json::json!({
                "metadata": {"annotations": {seal_api::MANAGED: "true"}},
            });
            namespace.create_secret(verb, &managed);
        }
        namespace.create(&plain.seal(&certificate));
        let sealed = namespace.wait_synced(verb, ConditionStatus::False);
        let message = condition(&sealed).message.unwrap();
        let expected = format!("cannot {verb} the Secret: this service account is not allowed");
        assert!(message.starts_with(&expected), "{message}");
        namespace.wait_event(verb, "ErrUpdateFailed");
        cluster.deploy();
        namespace.wait_synced(verb, ConditionStatus::True);
        let secret: Secret = namespace.wait_secret(verb);
        assert_eq!(suite::data(&secret)["a"], "1");
    }
}

/// The role that our manifests give the controller.
fn role(cluster: &Cluster) -> Value {
    let role = ["get", "clusterrole", "secrets-unsealer", "--output=json"];
    let mut role: Value = serde_json::from_str(&cluster.plane().run(&role).unwrap()).unwrap();
    for field in [
        "managedFields",
        "resourceVersion",
        "uid",
        "creationTimestamp",
    ] {
        role["metadata"].as_object_mut().unwrap().remove(field);
    }
    role
}

/// Gives it the role but for one right.
fn without(cluster: &Cluster, role: &Value, resource: &str, verb: &str) {
    let mut role = role.clone();
    for rule in role["rules"].as_array_mut().unwrap() {
        if rule["resources"][0] == resource {
            let verbs = rule["verbs"].as_array_mut().unwrap();
            verbs.retain(|it| it != verb);
        }
    }
    cluster.plane().apply(&role).unwrap();
}

fn says_what_it_may_not_watch(controller: &Controller, what: &str) {
    let failed = format!("the watch of {what} failed");
    eventually("the log to name the missing right", PATIENCE, || {
        let log = controller.log();
        let mut lines = log.lines();
        lines
            .any(|line| line.contains(&failed) && line.contains("not allowed"))
            .then_some(())
    });
}
