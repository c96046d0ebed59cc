//! From AWS to a Secret, and what changes there follows by itself.

use seal_api::external_secrets::ExternalSecret;
use serde_json::{Value, json};
use suite::{Cluster, CrdSet, ExternalSecretsController, Namespace, PATIENCE, data, text};
use testkit::aws::{Emulator, FaultProxy, Kind, REGION};
use testkit::eventually;

pub(crate) const NAMESPACE: &str = "shop";

/// A store with static keys.
pub(crate) fn store() -> [Value; 2] {
    let metadata = json!({"name": "aws", "namespace": NAMESPACE});
    let key = |key: &str| json!({"name": "aws", "key": key});
    let keys = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata,
        "stringData": {"id": "AKIAIOSFODNN7EXAMPLE", "key": "testing"},
    });
    let store = json!({
        "apiVersion": "external-secrets.io/v1",
        "kind": "SecretStore",
        "metadata": metadata,
        "spec": {"provider": {"aws": {
            "service": "SecretsManager",
            "region": REGION,
            "auth": {"secretRef": {
                "accessKeyIDSecretRef": key("id"), "secretAccessKeySecretRef": key("key"),
            }},
        }}},
    });
    [keys, store]
}

pub(crate) fn external(name: &str, interval: &str, key: &str) -> Value {
    json!({
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "refreshInterval": interval,
            "secretStoreRef": {"name": "aws"},
            "data": [{"secretKey": "value", "remoteRef": {"key": key}}],
        },
    })
}

pub(crate) fn wait_value(namespace: &Namespace<'_>, name: &str, value: &str) {
    namespace.wait_for(
        name,
        "to follow",
        |secret: &k8s_openapi::api::core::v1::Secret| data(secret) == text(&[("value", value)]),
    );
}

#[test]
fn a_change_in_aws_follows_at_the_cost_of_a_look() {
    let cluster = Cluster::bare();
    cluster.external_secrets(CrdSet::Ours);
    let emulator = Emulator::start(Kind::Moto).unwrap();
    let secrets = emulator.secrets();
    secrets.create_secret("prod/db", "one", &[]).unwrap();
    let proxy = FaultProxy::start(emulator.url()).unwrap();
    let controller = ExternalSecretsController::start(&cluster, proxy.url(), &[]);
    let namespace = cluster.namespace(NAMESPACE);
    for object in store() {
        cluster.plane().apply(&object).unwrap();
    }
    for name in ["a", "b", "c"] {
        let object = external(name, "5s", "prod/db");
        cluster.plane().apply(&object).unwrap();
        wait_value(&namespace, name, "one");
    }
    secrets.put_secret_value("prod/db", "two", &[]).unwrap();
    for name in ["a", "b", "c"] {
        wait_value(&namespace, name, "two");
        let synced: ExternalSecret = namespace.get(name).unwrap();
        assert_eq!(
            synced.status.unwrap().conditions[0].reason.as_deref(),
            Some("SecretSynced")
        );
    }
    controller.process().stop().unwrap();
}

/// With more keys than a batch or two would hold, one list of versions tells which changed, and only that
/// one is fetched.
#[test]
fn a_change_among_many_is_found_by_a_list() {
    const KEYS: usize = 120;
    let cluster = Cluster::bare();
    cluster.external_secrets(CrdSet::Ours);
    let emulator = Emulator::start(Kind::Moto).unwrap();
    let secrets = emulator.secrets();
    let proxy = FaultProxy::start(emulator.url()).unwrap();
    let controller = ExternalSecretsController::start(&cluster, proxy.url(), &[]);
    let namespace = cluster.namespace(NAMESPACE);
    for object in store() {
        cluster.plane().apply(&object).unwrap();
    }
    for number in 0..KEYS {
        let key = format!("prod/{number}");
        secrets.create_secret(&key, "one", &[]).unwrap();
        let object = external(&format!("a{number}"), "5s", &key);
        cluster.plane().apply(&object).unwrap();
    }
    for number in 0..KEYS {
        wait_value(&namespace, &format!("a{number}"), "one");
    }
    proxy.forget_calls();
    eventually("two sweeps", PATIENCE, || {
        (proxy.calls("ListSecrets") >= 4).then_some(())
    });
    proxy.forget_calls();
    secrets.put_secret_value("prod/7", "two", &[]).unwrap();
    wait_value(&namespace, "a7", "two");
    let batches = proxy.requests("BatchGetSecretValue");
    let asked = batches
        .iter()
        .flat_map(|batch| batch["SecretIdList"].as_array().unwrap())
        .collect::<Vec<_>>();
    let fetched = asked.len() + proxy.calls("GetSecretValue");
    assert_eq!(fetched, 1, "{asked:?}");
    assert!(proxy.calls("ListSecrets") >= 2);
    controller.process().stop().unwrap();
}
