//! The manifests of `deploy/kustomize/base`, as the API server and its admission see them.

use serde_json::{Value, json};

use crate::bed;

fn kube_system(kind: &str, name: &str) -> Value {
    let args = [
        "get",
        kind,
        name,
        "--namespace=kube-system",
        "--output=json",
    ];
    serde_json::from_str(&bed().cluster.plane().run(&args).unwrap()).unwrap()
}

#[test]
fn the_pod_fits_the_strictest_security_standard() {
    let plane = bed().cluster.plane();
    let labels = json!({
        "pod-security.kubernetes.io/enforce": "restricted",
        "pod-security.kubernetes.io/enforce-version": "latest",
    });
    let namespace = json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": "restricted", "labels": labels},
    });
    plane.apply(&namespace).unwrap();
    let pod = |change: fn(&mut Value)| {
        let deployment = kube_system("deployment", "sealed-secrets-controller");
        let mut spec = deployment["spec"]["template"]["spec"].clone();
        // There is neither our account nor any token in that namespace.
        spec["serviceAccountName"] = Value::Null;
        spec["serviceAccount"] = Value::Null;
        spec["automountServiceAccountToken"] = json!(false);
        change(&mut spec);
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "controller", "namespace": "restricted"}, "spec": spec,
        })
    };
    if plane.has_controller_manager() {
        let account = ["get", "serviceaccount", "default", "--namespace=restricted"];
        testkit::eventually("the default account", suite::PATIENCE, || {
            plane.run(&account).ok()
        });
    }
    let refused = plane.apply(&pod(|spec| spec["hostNetwork"] = json!(true)));
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("violates PodSecurity"), "{refused}");
    plane.apply(&pod(|_| {})).unwrap();
}

#[test]
fn names_and_ports_are_the_known_ones() {
    for (name, port, number) in [
        ("sealed-secrets-controller", "http", 8080),
        ("sealed-secrets-controller-metrics", "metrics", 8081),
    ] {
        let service = kube_system("service", name);
        let ports = service["spec"]["ports"].as_array().unwrap();
        assert_eq!(ports.len(), 1);
        assert_eq!(ports[0]["name"], port);
        assert_eq!(ports[0]["port"], number);
        let pod = &kube_system("deployment", "sealed-secrets-controller")["spec"]["template"];
        assert_eq!(service["spec"]["selector"], pod["metadata"]["labels"]);
        let container = &pod["spec"]["containers"][0]["ports"];
        let target = container.as_array().unwrap();
        assert!(
            target
                .iter()
                .any(|it| it["name"] == port && it["containerPort"] == number)
        );
    }
}

#[test]
fn the_account_may_do_what_it_must_and_no_more() {
    let plane = bed().cluster.plane();
    let account = "--as=system:serviceaccount:kube-system:sealed-secrets-controller";
    let everywhere = "--all-namespaces";
    let status = "--subresource=status";
    for (verb, resource, scope, allowed) in [
        ("watch", "sealedsecrets.bitnami.com", everywhere, true),
        ("update", "sealedsecrets.bitnami.com", status, true),
        ("update", "sealedsecrets.bitnami.com", everywhere, false),
        ("delete", "sealedsecrets.bitnami.com", everywhere, false),
        ("create", "secrets", everywhere, true),
        ("update", "secrets", everywhere, true),
        ("patch", "secrets", everywhere, false),
        ("delete", "secrets", everywhere, false),
        ("delete", "secrets", "--namespace=kube-system", false),
        ("create", "events", everywhere, true),
        ("list", "events", everywhere, false),
        ("get", "configmaps", everywhere, false),
        ("create", "pods", everywhere, false),
    ] {
        let question = ["auth", "can-i", verb, resource, scope, account];
        let output = plane.kubectl().args(question).output().unwrap();
        let answer = String::from_utf8(output.stdout).unwrap();
        let expected = if allowed { "yes" } else { "no" };
        assert_eq!(answer.trim(), expected, "{verb} {resource} {scope}");
    }
}

#[test]
fn anyone_may_fetch_the_certificate_and_nothing_else() {
    let plane = bed().cluster.plane();
    for (resource, namespace, allowed) in [
        ("services/sealed-secrets-controller", "kube-system", true),
        (
            "services/http:sealed-secrets-controller:http",
            "kube-system",
            true,
        ),
        ("services/kubernetes", "default", false),
    ] {
        let subresource = "--subresource=proxy";
        let namespace = format!("--namespace={namespace}");
        let who = ["--as=someone", "--as-group=system:authenticated"];
        let question = ["auth", "can-i", "get", resource, subresource, &namespace];
        let output = plane.kubectl().args(question).args(who).output().unwrap();
        let answer = String::from_utf8(output.stdout).unwrap();
        let expected = if allowed { "yes" } else { "no" };
        assert_eq!(answer.trim(), expected, "{resource}");
    }
}
