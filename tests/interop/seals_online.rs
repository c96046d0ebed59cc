//! The real kubeseal and ours, called as kubeseal, get their certificate from the running controller: both end
//! with the same code, print the same but for the sealed values, and the controller makes the same Secrets of it.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Secret;
use seal_api::{ConditionStatus, SealedSecret};
use serde_json::{Value, json};

use crate::proxied::{Bed, Outcome, Whose, without_values};

/// What stands in the folder in which each line runs.
const FILES: &[(&str, &str)] = &[
    (
        "in.yaml",
        "apiVersion: v1
kind: Secret
metadata:
  name: app
  namespace: shop
  labels: {tier: backend}
  annotations: {note: for people}
type: example.com/any
data: {user: bWU=, bytes: AP/+Cg0=}
stringData: {password: hunter2, two: \"two\\nlines\\n\"}
",
    ),
    (
        "in.json",
        r#"{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "app", "namespace": "shop"}, "data": {"user": "bWU="}}"#,
    ),
    (
        "bare.yaml",
        "kind: Secret\nmetadata: {name: bare}\nstringData: {password: hunter2}\n",
    ),
    (
        "nameless.yaml",
        "kind: Secret\nmetadata: {namespace: shop}\nstringData: {password: hunter2}\n",
    ),
    (
        "immutable.yaml",
        "kind: Secret\nmetadata: {name: fixed, namespace: shop}\nimmutable: true\nstringData: {password: hunter2}\n",
    ),
    (
        "marked.yaml",
        "kind: Secret
metadata:
  name: marked
  namespace: shop
  annotations: {sealedsecrets.bitnami.com/namespace-wide: \"true\"}
stringData: {password: hunter2}
",
    ),
    (
        "wide.yaml",
        "kind: Secret
metadata:
  name: wide
  namespace: shop
  annotations: {sealedsecrets.bitnami.com/cluster-wide: \"true\"}
stringData: {password: hunter2}
",
    ),
    (
        "two.yaml",
        "kind: Secret
metadata: {name: first, namespace: shop}
stringData: {password: hunter2}
---
kind: Secret
metadata: {name: second, namespace: away}
stringData: {password: correct horse}
",
    ),
    (
        "more.yaml",
        "kind: Secret
metadata: {name: app, namespace: shop}
stringData: {password: changed, third: new}
",
    ),
    (
        "empty.yaml",
        "kind: Secret\nmetadata: {name: app, namespace: shop}\n",
    ),
    ("value", "hunter2"),
];

/// Lines that make SealedSecrets which open.
const MAKE: &[&str] = &[
    r#""$program" < in.yaml"#,
    r#""$program" -o yaml < in.yaml"#,
    r#""$program" -o yaml -f in.yaml"#,
    r#""$program" -f in.yaml -w out.json && cat out.json"#,
    r#""$program" -o yaml -f in.yaml -w out.yaml && cat out.yaml"#,
    r#""$program" < in.json"#,
    r#""$program" -o yaml < bare.yaml"#,
    r#""$program" -o yaml -n shop < bare.yaml"#,
    r#""$program" -o yaml --namespace=away < bare.yaml"#,
    r#"SEALED_SECRETS_NAMESPACE=shop "$program" -o yaml < bare.yaml"#,
    r#""$program" -o yaml --name given < nameless.yaml"#,
    r#""$program" -o yaml --name given -n shop < bare.yaml"#,
    r#""$program" -o yaml --name=other < in.yaml"#,
    r#""$program" -o yaml < immutable.yaml"#,
    r#""$program" -o yaml < marked.yaml"#,
    r#""$program" -o yaml --scope strict < marked.yaml"#,
    r#""$program" -o yaml --scope cluster-wide < marked.yaml"#,
    r#""$program" -o yaml < wide.yaml"#,
    r#""$program" -o yaml --scope namespace-wide < wide.yaml"#,
    r#""$program" -o yaml --scope strict < in.yaml"#,
    r#""$program" -o yaml --scope namespace-wide < in.yaml"#,
    r#""$program" -o yaml --scope cluster-wide < in.yaml"#,
    r#"SEALED_SECRETS_SCOPE=namespace-wide "$program" -o yaml < in.yaml"#,
    r#""$program" -o yaml --scope namespace-wide < in.yaml | sed 's/name: app/name: renamed/'"#,
    r#""$program" -o yaml --scope cluster-wide < in.yaml | sed 's/name: app/name: renamed/;s/namespace: shop/namespace: away/'"#,
    r#""$program" -o yaml < two.yaml"#,
    r#""$program" < two.yaml"#,
    r#""$program" -o yaml --allow-empty-data < empty.yaml"#,
    r#""$program" -o yaml --controller-namespace=kube-system --controller-name=sealed-secrets-controller < in.yaml"#,
    r#"SEALED_SECRETS_CONTROLLER_NAME=sealed-secrets-controller "$program" -o yaml < in.yaml"#,
    r#""$program" --fetch-cert > fetched.pem && "$program" --cert fetched.pem -o yaml < in.yaml"#,
    r#""$program" --cert fetched.pem --controller-name=nobody -o yaml < in.yaml"#,
    r#"SEALED_SECRETS_CERT=fetched.pem "$program" -o yaml < in.yaml"#,
    r#"cp made-by-theirs.yaml to.yaml && "$program" -o yaml --merge-into to.yaml < more.yaml && cat to.yaml"#,
    r#"cp made-by-theirs.json to.json && "$program" --merge-into to.json -f more.yaml && cat to.json"#,
    r#"value=$("$program" --raw --from-file=value --name app --namespace shop) && wrap app shop "$value""#,
    r#"value=$("$program" --raw --from-file=/dev/stdin --name app --namespace shop < value) && wrap app shop "$value""#,
    r#"value=$("$program" --raw --from-file=value --namespace shop --scope namespace-wide) && wrap any shop "$value" namespace-wide"#,
    r#"value=$("$program" --raw --from-file=value --scope cluster-wide) && wrap any away "$value" cluster-wide"#,
    r#"value=$("$program" --raw --from-file=value --name app) && wrap app default "$value""#,
];

/// Lines whose SealedSecrets the controller must refuse, because the scope does not let them go there.
const MISPLACED: &[&str] = &[
    r#""$program" -o yaml < in.yaml | sed 's/name: app/name: moved/'"#,
    r#""$program" -o yaml --scope namespace-wide < in.yaml | sed 's/name: app/name: moved/;s/namespace: shop/namespace: away/'"#,
    r#"value=$("$program" --raw --from-file=value --name app --namespace shop) && wrap moved away "$value""#,
    r#"value=$("$program" --raw --from-file=value --namespace shop --scope namespace-wide) && wrap moved shop "$value""#,
];

/// Lines that fail, or that make no SealedSecret.
const OTHER: &[&str] = &[
    r#""$program" --fetch-cert"#,
    r#""$program" --fetch-cert -o yaml"#,
    r#""$program" --fetch-cert --controller-name=nobody"#,
    r#""$program" --fetch-cert --controller-namespace=nowhere"#,
    r#"SEALED_SECRETS_CONTROLLER_NAMESPACE=nowhere "$program" --fetch-cert"#,
    r#""$program" --fetch-cert --context=nope"#,
    r#""$program" --fetch-cert --server=http://127.0.0.1:1"#,
    r#""$program" --fetch-cert --token=wrong --kubeconfig=/dev/null --insecure-skip-tls-verify --server="$SERVER""#,
    r#""$program" --controller-name=nobody -o yaml < in.yaml"#,
    r#""$program" --controller-name=nobody -f in.yaml -w never.yaml"#,
    r#""$program" -o yaml < empty.yaml"#,
    r#""$program" -o yaml -n other < in.yaml"#,
    r#""$program" -o yaml < nameless.yaml"#,
    r#""$program" --raw --from-file=value"#,
    r#""$program" --merge-into nope.yaml < in.yaml"#,
];

/// A SealedSecret around one raw value: name, namespace, value and scope.
const WRAP: &str = r#"wrap() {
printf 'apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata:\n  name: %s\n  namespace: %s\n' "$1" "$2"
test -z "$4" || printf '  annotations:\n    sealedsecrets.bitnami.com/%s: "true"\n' "$4"
printf 'spec:\n  encryptedData:\n    password: %s\n' "$3"
}
"#;

fn compare(whose: Whose) {
    let Some(bed) = Bed::start(whose, &[]) else {
        return;
    };
    for namespace in ["shop", "away"] {
        bed.cluster.namespace(namespace);
    }
    for (name, text) in FILES {
        bed.write(name, text);
    }
    for (name, format) in [
        ("made-by-theirs.yaml", "yaml"),
        ("made-by-theirs.json", "json"),
    ] {
        let line = format!("\"$program\" -o {format} < in.yaml > {name}");
        assert_eq!(bed.run("kubeseal", &line).0, 0);
    }
    for line in MAKE {
        let [theirs, ours] = both(&bed, line, 0);
        let theirs = opened(&bed, line, &theirs);
        assert_eq!(opened(&bed, line, &ours), theirs, "{line}");
    }
    for line in MISPLACED {
        for made in both(&bed, line, 0) {
            for (namespace, name) in applied(&bed, &made) {
                let namespace = bed.cluster.existing(&namespace);
                namespace.wait_synced(&name, ConditionStatus::False);
                assert!(namespace.secret(&name).is_none(), "{line}");
            }
        }
    }
    let server = bed.cluster.plane().server();
    for line in OTHER {
        let line = format!("SERVER={server}\n{line}");
        let (theirs, ours) = (run(&bed, "kubeseal", &line), run(&bed, "seal", &line));
        assert_eq!(
            (ours.0, ours.1),
            (theirs.0, theirs.1),
            "{line}: {}{}",
            ours.2,
            theirs.2
        );
        assert_eq!(ours.2.is_empty(), theirs.2.is_empty(), "{line}: {}", ours.2);
    }
}

/// What the real kubeseal and ours print, which is the same but for sealed values.
fn both(bed: &Bed, line: &str, code: i32) -> [String; 2] {
    let [theirs, ours] = ["kubeseal", "seal"].map(|name| {
        let found = run(bed, name, line);
        assert_eq!(found.0, code, "{name} {line}: {}", found.2);
        found.1
    });
    assert_eq!(without_values(&ours), without_values(&theirs), "{line}");
    // An empty one has no value that differs.
    assert_eq!(ours == theirs, line.contains("empty.yaml"), "{line}");
    [theirs, ours]
}

/// Runs a line, ours under the name kubeseal.
fn run(bed: &Bed, name: &str, line: &str) -> Outcome {
    let called =
        "mkdir -p called && ln -sf \"$program\" called/kubeseal && program=called/kubeseal";
    bed.run(name, &format!("{WRAP}{called}\n{line}"))
}

/// Namespace and name of each object in a text, once the API server has them.
fn applied(bed: &Bed, text: &str) -> Vec<(String, String)> {
    bed.write("applied.yaml", text);
    let path = bed.path("applied.yaml");
    let args = [
        "apply",
        "--server-side",
        "--force-conflicts",
        "-o",
        "json",
        "-f",
    ];
    let made = bed.cluster.plane().run(&[&args[..], &[&path]].concat());
    let made: Value = serde_json::from_str(&made.unwrap()).unwrap();
    let several = made["items"].as_array().cloned();
    let of = |object: &Value, field: &str| object["metadata"][field].as_str().unwrap().to_owned();
    several
        .unwrap_or_else(|| vec![made])
        .iter()
        .map(|object| (of(object, "namespace"), of(object, "name")))
        .collect()
}

/// What the controller makes of a text, without what the API server adds.
fn opened(bed: &Bed, line: &str, text: &str) -> BTreeMap<(String, String), Value> {
    let objects = applied(bed, text);
    assert!(!objects.is_empty(), "{line}");
    let secrets = objects.into_iter().map(|(namespace, name)| {
        let place = bed.cluster.existing(&namespace);
        place.wait_synced(&name, ConditionStatus::True);
        let secret = place.secret(&name).unwrap();
        // So that the next Secret is one that was made anew, whether or not garbage is collected here.
        place.delete::<SealedSecret>(&name);
        place.wait_gone::<SealedSecret>(&name);
        place.delete::<Secret>(&name);
        place.wait_gone::<Secret>(&name);
        ((namespace, name), without_marks(&secret))
    });
    secrets.collect()
}

fn without_marks(secret: &Secret) -> Value {
    json!({
        "data": secret.data, "type": secret.type_, "immutable": secret.immutable,
        "labels": secret.metadata.labels, "annotations": secret.metadata.annotations,
    })
}

#[test]
fn the_stock_controller_opens_what_both_seal() {
    compare(Whose::Stock);
}

#[test]
fn our_controller_opens_what_both_seal() {
    compare(Whose::Ours);
}
