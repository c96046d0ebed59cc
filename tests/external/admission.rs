//! What the API server checks and completes by our definitions, without a webhook, against upstream's
//! definitions (of 0.20.4) on another API server.

mod accepted;
mod case;
mod refused;

use std::sync::OnceLock;

use seal_api::external_secrets::SecretStore;
use serde_json::{Value, json};
use suite::{Cluster, CrdSet, PATIENCE};

use accepted::ACCEPTED;
use case::Upstream;
use refused::REFUSED;

/// Where the objects of the table are made.
const NAMESPACE: &str = "admission";

/// One with our definitions, one with upstream's.
fn clusters() -> &'static [Cluster; 2] {
    static CLUSTERS: OnceLock<[Cluster; 2]> = OnceLock::new();
    CLUSTERS.get_or_init(|| {
        [CrdSet::Ours, CrdSet::Upstream].map(|crds| {
            let cluster = Cluster::bare();
            cluster.external_secrets_crds(crds);
            cluster.namespace(NAMESPACE);
            cluster
        })
    })
}

fn object(kind: &str, name: &str, spec: &Value) -> Value {
    let mut object = json!({
        "apiVersion": "external-secrets.io/v1", "kind": kind,
        "metadata": {"name": name}, "spec": spec,
    });
    if !kind.starts_with("Cluster") {
        object["metadata"]["namespace"] = json!(NAMESPACE);
    }
    object
}

fn stored(cluster: &Cluster, kind: &str, name: &str) -> Value {
    let get = ["get", kind, name, "--namespace", NAMESPACE, "--output=json"];
    serde_json::from_str(&cluster.plane().run(&get).unwrap()).unwrap()
}

#[test]
fn what_is_accepted_is_completed_as_upstream_s() {
    let [ours, upstream] = clusters();
    for (number, case) in ACCEPTED.iter().enumerate() {
        let name = format!("accepted-{number}");
        let spec: Value = serde_json::from_str(case.spec).expect(case.title);
        let object = object(case.kind, &name, &spec);
        ours.plane().apply(&object).expect(case.title);
        let completed = stored(ours, case.kind, &name)["spec"].take();
        let theirs = upstream.plane().apply(&object);
        match case.upstream {
            Upstream::Accepts => {
                theirs.expect(case.title);
                let theirs = stored(upstream, case.kind, &name)["spec"].take();
                let theirs = without_old_defaults(theirs, &spec);
                assert_eq!(completed, theirs, "{}", case.title);
            }
            // What 2.9.0 has and 0.20.4 has not.
            Upstream::Refuses(reason) => {
                let refusal = theirs.expect_err(case.title).to_string();
                assert!(refusal.contains(reason), "{}: {refusal}", case.title);
            }
        }
        assert!(holds(&completed, &spec), "{}: {completed}", case.title);
    }
}

#[test]
fn what_is_refused_names_the_rule() {
    let [ours, upstream] = clusters();
    for (number, (case, reason)) in REFUSED.iter().enumerate() {
        let spec: Value = serde_json::from_str(case.spec).expect(case.title);
        let object = object(case.kind, &format!("refused-{number}"), &spec);
        let refusal = ours.plane().apply(&object).expect_err(case.title);
        let refusal = refusal.to_string();
        assert!(refusal.contains(reason), "{}: {refusal}", case.title);
        // What upstream leaves to its webhook, its definitions let pass.
        let theirs = upstream.plane().apply(&object).map_err(|it| it.to_string());
        match (case.upstream, theirs) {
            (Upstream::Accepts, theirs) => drop(theirs.expect(case.title)),
            (Upstream::Refuses(reason), theirs) => {
                let refusal = theirs.expect_err(case.title);
                assert!(refusal.contains(reason), "{}: {refusal}", case.title);
            }
        }
    }
}

/// 0.20.4 has defaults that 2.9.0 has not any more (contract §2.1), and writes one hour shorter.
fn without_old_defaults(mut theirs: Value, given: &Value) -> Value {
    let inner = |spec: &Value| spec["externalSecretSpec"].is_object();
    if inner(&theirs) {
        let spec = theirs["externalSecretSpec"].take();
        theirs["externalSecretSpec"] = without_old_defaults(spec, &given["externalSecretSpec"]);
        return theirs;
    }
    if theirs["refreshInterval"] == "1h" && given["refreshInterval"].is_null() {
        theirs["refreshInterval"] = json!("1h0m0s");
    }
    for (list, fields) in [
        ("data", &["remoteRef"][..]),
        ("dataFrom", &["extract", "find"]),
    ] {
        let entries = theirs
            .get_mut(list)
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten();
        for (number, entry) in entries.enumerate() {
            for &field in fields {
                let given = &given[list][number][field];
                if let Some(reference) = entry.get_mut(field).and_then(Value::as_object_mut) {
                    reference.retain(|name, _| {
                        !OLD_DEFAULTS.contains(&name.as_str()) || !given[name].is_null()
                    });
                }
            }
        }
    }
    theirs
}

const OLD_DEFAULTS: [&str; 3] = ["conversionStrategy", "decodingStrategy", "metadataPolicy"];

/// Whether everything that was given is there.
fn holds(stored: &Value, given: &Value) -> bool {
    match (stored, given) {
        (Value::Object(stored), Value::Object(given)) => given
            .iter()
            .all(|(name, given)| stored.get(name).is_some_and(|stored| holds(stored, given))),
        (Value::Array(stored), Value::Array(given)) => {
            stored.len() == given.len()
                && stored
                    .iter()
                    .zip(given)
                    .all(|(stored, given)| holds(stored, given))
        }
        _ => stored == given,
    }
}

#[test]
fn providers_of_others_stay_as_they_are() {
    for cluster in clusters() {
        let namespace = cluster.existing(NAMESPACE);
        for (number, provider) in PROVIDERS.iter().enumerate() {
            let provider: Value = serde_json::from_str(provider).unwrap();
            let name = format!("store-{number}");
            let spec = json!({"provider": provider});
            for kind in ["SecretStore", "ClusterSecretStore"] {
                cluster.plane().apply(&object(kind, &name, &spec)).unwrap();
            }
            let text = |kind: &str| {
                let path = "--output=jsonpath={.spec.provider}";
                let get = ["get", kind, &name, "--namespace", NAMESPACE, path];
                cluster.plane().run(&get).unwrap()
            };
            let before = text("SecretStore");
            // Upstream's definitions complete some of them.
            let given = serde_json::from_str(&before).unwrap();
            assert!(holds(&given, &provider), "{before}");
            // As a controller writes: what our types read, all of it, back.
            namespace.edit(&name, |store: &mut SecretStore| {
                let labels = store.metadata.labels.get_or_insert_default();
                labels.insert("seen".to_owned(), "yes".to_owned());
            });
            let label = ["label", "clustersecretstore", &name, "seen=yes"];
            cluster.plane().run(&label).unwrap();
            assert_eq!(text("SecretStore"), before);
            assert_eq!(text("ClusterSecretStore"), before);
        }
    }
}

/// Blocks of other providers with what a schema of ours would drop.
const PROVIDERS: [&str; 4] = [
    r#"{"vault": {"server": "https://vault.example", "path": "kv", "version": "v2", "caBundle": "LS0tLS1CRUdJTg==",
        "auth": {"kubernetes": {"mountPath": "kubernetes", "role": "reader", "serviceAccountRef": {"name": "a", "audiences": ["x"]}}}}}"#,
    r#"{"gcpsm": {"projectID": "shop", "auth": {"workloadIdentity": {"clusterLocation": "europe-west1",
        "clusterName": "c", "serviceAccountRef": {"name": "reader"}}}}}"#,
    r#"{"webhook": {"url": "https://x/{{ .remoteRef.key }}", "method": "GET", "timeout": "1s",
        "headers": {"A": "\"<é>&"}, "result": {"jsonPath": "$.data"}}}"#,
    r#"{"aws": {"service": "SecretsManager", "region": "eu-central-1", "prefix": "a/",
        "secretsManager": {"forceDeleteWithoutRecovery": false, "recoveryWindowInDays": 30},
        "sessionTags": [{"key": "team", "value": "shop"}]}}"#,
];

#[test]
fn columns_are_upstream_s() {
    let condition = json!({
        "type": "Ready", "status": "True", "reason": "Good", "message": "all is well",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    });
    let ready = json!({"conditions": [condition]});
    let capable = json!({"conditions": [condition], "capabilities": "ReadWrite"});
    let data = json!([{"secretKey": "a", "remoteRef": {"key": "a"}}]);
    let store = json!({"name": "aws", "kind": "ClusterSecretStore"});
    let external = json!({"secretStoreRef": store, "refreshInterval": "5m", "data": data});
    let cluster_wide = json!({"externalSecretSpec": external, "refreshTime": "2m"});
    let provider = json!({"aws": {"service": "SecretsManager", "region": "eu-central-1"}});
    let store = json!({"provider": provider});
    let of_external = [
        ("STORETYPE", "ClusterSecretStore"),
        ("STORE", "aws"),
        ("REFRESH INTERVAL", "5m"),
        ("STATUS", "Good"),
        ("READY", "True"),
    ];
    let of_store = [
        ("STATUS", "Good"),
        ("CAPABILITIES", "ReadWrite"),
        ("READY", "True"),
    ];
    let of_cluster_wide = [
        ("STORE", "aws"),
        ("REFRESH INTERVAL", "2m"),
        ("READY", "True"),
    ];
    for (kind, spec, status, columns) in [
        ("ExternalSecret", &external, &ready, &of_external[..]),
        ("SecretStore", &store, &capable, &of_store),
        ("ClusterSecretStore", &store, &capable, &of_store),
        (
            "ClusterExternalSecret",
            &cluster_wide,
            &ready,
            &of_cluster_wide,
        ),
    ] {
        for cluster in clusters() {
            let object = object(kind, "columns", spec);
            cluster.plane().apply(&object).unwrap();
            let status = json!({"status": status}).to_string();
            let patch = ["patch", kind, "columns", "--namespace", NAMESPACE];
            let patch = [
                &patch[..],
                &["--subresource=status", "--type=merge", "-p", &status],
            ];
            cluster.plane().run(&patch.concat()).unwrap();
            let get = ["get", kind, "columns", "--namespace", NAMESPACE];
            let table = cluster.plane().run(&get).unwrap();
            let mut lines = table.lines().map(cells);
            let shown = lines.next().unwrap().into_iter().zip(lines.next().unwrap());
            // Of the time; and 0.20.4 has no Last Sync yet, which 2.9.0 has.
            let shown = shown.filter(|(title, _)| !["NAME", "AGE", "LAST SYNC"].contains(title));
            assert_eq!(shown.collect::<Vec<_>>(), columns, "{kind}");
        }
    }
}

/// The cells of a table's line.
fn cells(line: &str) -> Vec<&str> {
    let cells = line.split("  ").map(str::trim);
    cells.filter(|cell| !cell.is_empty()).collect()
}

#[test]
fn v1beta1_is_the_same_objects() {
    let cluster = Cluster::bare();
    cluster.external_secrets_crds(CrdSet::Ours);
    cluster.namespace(NAMESPACE);
    let spec = json!({
        "secretStoreRef": {"name": "aws"},
        "data": [{"secretKey": "a", "remoteRef": {"key": "a", "decodingStrategy": "None"}}],
    });
    let mut old = object("ExternalSecret", "old", &spec);
    old["apiVersion"] = json!("external-secrets.io/v1beta1");
    let refusal = cluster.plane().apply(&old).unwrap_err().to_string();
    assert!(refusal.contains("no matches for kind"), "{refusal}");
    cluster.serve_v1beta1();
    let plane = cluster.plane();
    testkit::eventually("v1beta1 to be served", PATIENCE, || plane.apply(&old).ok());
    let new = stored(&cluster, "externalsecrets.v1.external-secrets.io", "old");
    let old = stored(
        &cluster,
        "externalsecrets.v1beta1.external-secrets.io",
        "old",
    );
    assert_eq!(new["apiVersion"], "external-secrets.io/v1");
    assert_eq!(old["apiVersion"], "external-secrets.io/v1beta1");
    assert!(holds(&new["spec"], &spec), "{new}");
    assert_eq!(new["spec"], old["spec"]);
}
