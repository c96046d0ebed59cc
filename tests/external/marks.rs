//! The marks that we compute are those that the real operator leaves (contract §1.1).

use external_data::{SecretData, data_hash, owner_hash, synced_resource_version};
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt as _;
use seal_api::external_secrets::{
    CREATED_BY, DATA_HASH, ExternalSecret, FORCE_SYNC, MANAGED, ReadyStatus, field_manager,
};
use serde_json::json;
use suite::{Cluster, Namespace, data, text};
use testkit::aws::{Emulator, FaultProxy, Kind};
use testkit::{RealOperator, RealOperatorOptions};
use zeroize::Zeroizing;

const NAMESPACE: &str = "shop";
const NAME: &str = "database";

/// A store with static keys, and an ExternalSecret with two properties of one secret.
fn apply(cluster: &Cluster) {
    let metadata = |name: &str| json!({"name": name, "namespace": NAMESPACE});
    let key = |key: &str| json!({"name": "aws", "key": key});
    let keys = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata("aws"),
        "stringData": {"id": "AKIAIOSFODNN7EXAMPLE", "key": "testing"},
    });
    let store = json!({
        "apiVersion": "external-secrets.io/v1",
        "kind": "SecretStore",
        "metadata": metadata("aws"),
        "spec": {"provider": {"aws": {
            "service": "SecretsManager",
            "region": testkit::aws::REGION,
            "auth": {"secretRef": {
                "accessKeyIDSecretRef": key("id"), "secretAccessKeySecretRef": key("key"),
            }},
        }}},
    });
    let datum = |item: &str, property: &str| json!({"secretKey": item, "remoteRef": {"key": "prod/db", "property": property}});
    let mut external = json!({
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": metadata(NAME),
        "spec": {
            "refreshInterval": "1h0m0s",
            "secretStoreRef": {"name": "aws"},
            "data": [datum("user", "user"), datum("port", "port")],
        },
    });
    external["metadata"]["labels"] = json!({"app": "shop", "zone": ""});
    external["metadata"]["annotations"] = json!({"note": "two words: [x]"});
    for object in [keys, store, external] {
        cluster.plane().apply(&object).unwrap();
    }
}

/// Every mark, against ours of what the API server holds.
fn check(secret: &Secret, external: &ExternalSecret) {
    let values = data(secret).into_iter();
    let values: SecretData = values
        .map(|(item, value)| (item, Zeroizing::new(value.into_bytes())))
        .collect();
    assert_eq!(secret.annotations()[DATA_HASH], data_hash(&values));
    assert_eq!(secret.labels()[CREATED_BY], owner_hash(NAMESPACE, NAME));
    assert_eq!(secret.labels()[MANAGED], "true");
    let managers = secret.managed_fields().iter();
    let managers: Vec<_> = managers
        .filter_map(|entry| entry.manager.as_deref())
        .collect();
    assert_eq!(managers, [field_manager(NAME)]);
    assert_eq!(secret.owner_references()[0].uid, external.uid().unwrap());

    let status = external.status.as_ref().unwrap();
    let version = synced_resource_version(
        external.metadata.generation.unwrap(),
        external.annotations(),
        external.labels(),
    );
    assert_eq!(status.synced_resource_version.as_deref(), Some(&*version));
}

/// Waits until the operator has seen the object as it is now.
fn wait_synced(namespace: &Namespace<'_>) -> ExternalSecret {
    namespace.wait_for(NAME, "to be in sync", |external: &ExternalSecret| {
        let Some(status) = &external.status else {
            return false;
        };
        let ready = status.conditions.first();
        let version = synced_resource_version(
            external.metadata.generation.unwrap(),
            external.annotations(),
            external.labels(),
        );
        ready.is_some_and(|ready| ready.status == ReadyStatus::True)
            && status.synced_resource_version == Some(version)
    })
}

#[test]
fn marks_are_the_real_operator_s() {
    let cluster = Cluster::bare();
    let emulator = Emulator::start(Kind::Moto).unwrap();
    let secrets = emulator.secrets();
    let value = r#"{"user": "pässwörd ✓", "port": 5432}"#;
    secrets.create_secret("prod/db", value, &[]).unwrap();
    let proxy = FaultProxy::start(emulator.url()).unwrap();
    let options = RealOperatorOptions {
        aws: proxy.url().to_owned(),
        args: Vec::new(),
    };
    let operator = RealOperator::start(cluster.plane(), &options).unwrap();
    let namespace = cluster.namespace(NAMESPACE);
    apply(&cluster);

    let secret = namespace.wait_secret(NAME);
    let expected = |user| text(&[("user", user), ("port", "5432")]);
    assert_eq!(data(&secret), expected("pässwörd ✓"));
    check(&secret, &wait_synced(&namespace));
    let asked = &proxy.requests("GetSecretValue")[0];
    assert_eq!(
        asked,
        &json!({"SecretId": "prod/db", "VersionStage": "AWSCURRENT"})
    );
    assert_eq!(
        proxy.access_keys("GetSecretValue")[0],
        "AKIAIOSFODNN7EXAMPLE"
    );

    // A new value, and marks that follow it.
    let value = r#"{"user": "", "port": 5432}"#;
    secrets.put_secret_value("prod/db", value, &[]).unwrap();
    let forced = json!({"metadata": {"annotations": {FORCE_SYNC: "1"}}});
    namespace.patch::<ExternalSecret>(NAME, &forced);
    let external = wait_synced(&namespace);
    let secret = namespace.secret(NAME).unwrap();
    assert_eq!(data(&secret), expected(""));
    check(&secret, &external);
    operator.process().stop().unwrap();
}
