//! `deploy/kustomize/external-secrets`, as the API server and its admission see it.

use serde_json::{Value, json};
use suite::{
    Cluster, Component, CrdSet, EXTERNAL_SECRETS_ACCOUNT as ACCOUNT,
    EXTERNAL_SECRETS_NAMESPACE as NAMESPACE, ExternalSecretsController, PATIENCE,
};
use testkit::aws::{Emulator, Kind};

const EVERYWHERE: &str = "--all-namespaces";
const STATUS: &str = "--subresource=status";

#[test]
fn the_account_may_do_what_it_must_and_no_more() {
    let cluster = Cluster::bare();
    cluster.external_secrets_crds(CrdSet::Ours);
    cluster.deploy_external_secrets(&[]);
    let everyone = [
        ("watch", "externalsecrets", EVERYWHERE, true),
        ("update", "externalsecrets", STATUS, true),
        ("patch", "externalsecrets", EVERYWHERE, true),
        ("create", "secretstores", EVERYWHERE, false),
        ("update", "secretstores", EVERYWHERE, false),
        ("update", "clustersecretstores", STATUS, true),
        ("delete", "secrets", EVERYWHERE, true),
        ("patch", "secrets", EVERYWHERE, false),
        ("get", "configmaps", EVERYWHERE, true),
        ("list", "configmaps", EVERYWHERE, false),
        ("create", "configmaps", EVERYWHERE, false),
        ("watch", "namespaces", EVERYWHERE, true),
        ("update", "namespaces", EVERYWHERE, false),
        ("create", "events", EVERYWHERE, true),
        ("list", "events", EVERYWHERE, false),
        ("create", "pods", EVERYWHERE, false),
        ("list", "serviceaccounts", EVERYWHERE, false),
    ];
    let tokens = [
        ("get", "serviceaccounts", EVERYWHERE),
        ("create", "serviceaccounts", "--subresource=token"),
    ];
    let clusters = [
        ("watch", "clusterexternalsecrets", EVERYWHERE),
        ("update", "clusterexternalsecrets", STATUS),
        ("patch", "clusterexternalsecrets", EVERYWHERE),
        ("create", "externalsecrets", EVERYWHERE),
        ("update", "externalsecrets", EVERYWHERE),
        ("delete", "externalsecrets", EVERYWHERE),
    ];
    let finalizers = [("patch", "namespaces", EVERYWHERE)];
    let of = |rights: &[(&'static str, &'static str, &'static str)], allowed: bool| {
        let rights = rights.iter();
        rights
            .map(|&(verb, resource, scope)| (verb, resource, scope, allowed))
            .collect::<Vec<_>>()
    };
    let steps = [
        (Vec::new(), [false, false, false]),
        (vec![Component::ServiceAccountTokens], [true, false, false]),
        (Component::ALL[..2].to_vec(), [true, true, false]),
        (Component::ALL.to_vec(), [true, true, true]),
    ];
    for (components, [with_tokens, with_clusters, with_finalizers]) in steps {
        cluster.deploy_external_secrets(&components);
        let asked = [
            &everyone[..],
            &of(&tokens, with_tokens),
            &of(&clusters, with_clusters),
            &of(&finalizers, with_finalizers),
        ];
        for (verb, resource, scope, allowed) in asked.concat() {
            may(&cluster, verb, resource, scope, allowed);
        }
    }
}

fn may(cluster: &Cluster, verb: &str, resource: &str, scope: &str, allowed: bool) {
    let account = format!("--as=system:serviceaccount:{NAMESPACE}:{ACCOUNT}");
    let question = ["auth", "can-i", verb, resource, scope, &account];
    let output = cluster.plane().kubectl().args(question).output().unwrap();
    let answer = String::from_utf8(output.stdout).unwrap();
    let expected = if allowed { "yes" } else { "no" };
    assert_eq!(answer.trim(), expected, "{verb} {resource} {scope}");
}

#[test]
fn the_pod_fits_the_strictest_security_standard() {
    let cluster = Cluster::bare();
    let plane = cluster.plane();
    cluster.deploy_external_secrets(&[]);
    let labels = [
        "pod-security.kubernetes.io/enforce=restricted",
        "pod-security.kubernetes.io/enforce-version=latest",
    ];
    let label = [&["label", "namespace", NAMESPACE][..], &labels].concat();
    plane.run(&label).unwrap();
    let get = |kind: &str, name: &str| -> Value {
        let get = ["get", kind, name, "--namespace", NAMESPACE, "--output=json"];
        serde_json::from_str(&plane.run(&get).unwrap()).unwrap()
    };
    testkit::eventually("the account", PATIENCE, || {
        let account = ["get", "serviceaccount", ACCOUNT, "--namespace", NAMESPACE];
        plane.run(&account).ok()
    });
    let template = &get("deployment", "external-secrets")["spec"]["template"];
    let mut spec = template["spec"].clone();
    assert_eq!(spec["serviceAccountName"], ACCOUNT);
    let pod = |spec: &Value| {
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "controller", "namespace": NAMESPACE}, "spec": spec,
        })
    };
    plane.apply(&pod(&spec)).unwrap();
    spec["containers"][0]["securityContext"]["capabilities"] = Value::Null;
    plane
        .run(&[
            "delete",
            "pod",
            "controller",
            "--namespace",
            NAMESPACE,
            "--now",
        ])
        .unwrap();
    let refused = plane.apply(&pod(&spec)).unwrap_err().to_string();
    assert!(refused.contains("violates PodSecurity"), "{refused}");

    // Ports of pod, probes and Service fit together, at upstream's numbers.
    let ports = &template["spec"]["containers"][0]["ports"];
    let number = |name: &str| {
        let mut ports = ports.as_array().unwrap().iter();
        ports.find(|port| port["name"] == name).unwrap()["containerPort"].clone()
    };
    assert_eq!(
        (number("metrics"), number("live")),
        (json!(8080), json!(8082))
    );
    let service = get("service", "seal-external-secrets-metrics");
    assert_eq!(service["spec"]["ports"][0]["targetPort"], "metrics");
    assert_eq!(service["spec"]["selector"], template["metadata"]["labels"]);
}

#[test]
fn one_namespace_is_served_without_rights_in_others() {
    let cluster = Cluster::bare();
    cluster.external_secrets_crds(CrdSet::Ours);
    cluster.deploy_external_secrets(&[Component::OneNamespace]);
    let here = format!("--namespace={NAMESPACE}");
    for (verb, resource, scope, allowed) in [
        ("watch", "secrets", EVERYWHERE, false),
        ("get", "secrets", "--namespace=default", false),
        ("watch", "externalsecrets", EVERYWHERE, false),
        ("get", "clustersecretstores", EVERYWHERE, false),
        ("get", "namespaces", EVERYWHERE, false),
        ("watch", "secrets", &*here, true),
        ("watch", "externalsecrets", &here, true),
        ("get", "serviceaccounts", &here, false),
    ] {
        may(&cluster, verb, resource, scope, allowed);
    }

    let emulator = Emulator::start(Kind::Moto).unwrap();
    emulator.secrets().create_secret("a", "one", &[]).unwrap();
    let metadata = json!({"name": "a", "namespace": NAMESPACE});
    let region = testkit::aws::REGION;
    let store = json!({
        "apiVersion": "external-secrets.io/v1", "kind": "SecretStore", "metadata": metadata,
        "spec": {"provider": {"aws": {"service": "SecretsManager", "region": region}}},
    });
    let data = json!([{"secretKey": "a", "remoteRef": {"key": "a"}}]);
    let external = json!({
        "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": metadata,
        "spec": {
            "secretStoreRef": {"name": "a"}, "data": data,
            // With the finalizer, which takes a right of its own.
            "target": {"deletionPolicy": "Delete"},
        },
    });
    for object in [store, external] {
        cluster.plane().apply(&object).unwrap();
    }
    let served = format!("--namespace={NAMESPACE}");
    let _controller = ExternalSecretsController::start(&cluster, emulator.url(), &[&served]);
    let secret = cluster.existing(NAMESPACE).wait_secret("a");
    assert_eq!(suite::data(&secret), suite::text(&[("a", "one")]));
}
