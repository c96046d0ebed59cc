//! A cluster, an emulator behind a proxy, and our controller.

use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt as _;
use seal_api::external_secrets::{ExternalSecret, ReadyCondition, ReadyStatus};
use serde_json::{Value, json};
use suite::{Cluster, CrdSet, ExternalSecretsController, Namespace, PATIENCE, data, text};
use testkit::aws::{Emulator, Fault, FaultProxy, Kind, REGION, SecretsManager};
use testkit::eventually;

/// Everything that the controller asks AWS Secrets Manager.
pub(crate) const OPERATIONS: [&str; 4] = [
    "GetSecretValue",
    "BatchGetSecretValue",
    "ListSecrets",
    "DescribeSecret",
];

/// The bed; the controller goes first.
pub(crate) struct Bed {
    pub(crate) controller: ExternalSecretsController,
    pub(crate) proxy: FaultProxy,
    pub(crate) secrets: SecretsManager,
    pub(crate) cluster: Cluster,
    _emulator: Emulator,
}

impl Bed {
    /// Starts it, on upstream's definitions: they let more through than ours.
    pub(crate) fn start(args: &[&str]) -> Self {
        let cluster = Cluster::bare();
        cluster.external_secrets(CrdSet::Upstream);
        let emulator = Emulator::start(Kind::Moto).unwrap();
        let proxy = FaultProxy::start(emulator.url()).unwrap();
        let controller = ExternalSecretsController::start(&cluster, proxy.url(), args);
        Self {
            controller,
            secrets: emulator.secrets(),
            proxy,
            cluster,
            _emulator: emulator,
        }
    }

    /// A namespace with a store `aws`, that asks as this access key.
    pub(crate) fn shop(&self, name: &str, access_key: &str) -> Namespace<'_> {
        let namespace = self.cluster.namespace(name);
        for object in [keys(name, access_key, "testing"), store(name)] {
            self.cluster.plane().apply(&object).unwrap();
        }
        namespace
    }

    /// AWS does nothing but this.
    pub(crate) fn fail_all(&self, fault: Fault) {
        for operation in OPERATIONS {
            self.proxy.fail(operation, fault);
        }
    }

    /// Calls of AWS so far.
    pub(crate) fn calls(&self) -> usize {
        self.proxy.all_calls().values().sum()
    }
}

/// The Secret with the credentials of [`store`].
pub(crate) fn keys(namespace: &str, access_key: &str, secret_key: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "aws", "namespace": namespace},
        "stringData": {"id": access_key, "key": secret_key},
    })
}

/// A store with static keys.
pub(crate) fn store(namespace: &str) -> Value {
    let key = |key: &str| json!({"name": "aws", "key": key});
    json!({
        "apiVersion": "external-secrets.io/v1",
        "kind": "SecretStore",
        "metadata": {"name": "aws", "namespace": namespace},
        "spec": {"provider": {"aws": {
            "service": "SecretsManager",
            "region": REGION,
            "auth": {"secretRef": {
                "accessKeyIDSecretRef": key("id"), "secretAccessKeySecretRef": key("key"),
            }},
        }}},
    })
}

/// An ExternalSecret of that store, with these entries beside what is always the same.
pub(crate) fn external(name: &str, interval: &str, rest: &Value) -> ExternalSecret {
    let mut object = json!({
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": name},
        "spec": {"refreshInterval": interval, "secretStoreRef": {"name": "aws"}},
    });
    let spec = object["spec"].as_object_mut().unwrap();
    spec.extend(rest.as_object().unwrap().clone());
    serde_json::from_value(object).unwrap()
}

/// One value, as `value`.
pub(crate) fn one(name: &str, interval: &str, key: &str) -> ExternalSecret {
    let data = json!({"data": [{"secretKey": "value", "remoteRef": {"key": key}}]});
    external(name, interval, &data)
}

/// All items of a value in JSON.
pub(crate) fn all(name: &str, interval: &str, key: &str) -> ExternalSecret {
    external(
        name,
        interval,
        &json!({"dataFrom": [{"extract": {"key": key}}]}),
    )
}

/// The condition Ready, if there is one.
pub(crate) fn ready(external: &ExternalSecret) -> Option<ReadyCondition> {
    let conditions = external.status.as_ref()?.conditions.iter();
    conditions.clone().find(|it| it.kind == "Ready").cloned()
}

/// Waits for Ready=True.
#[track_caller]
pub(crate) fn wait_synced(namespace: &Namespace<'_>, name: &str) -> ExternalSecret {
    namespace.wait_for(name, "to be in sync", |external: &ExternalSecret| {
        ready(external).is_some_and(|ready| ready.status == ReadyStatus::True)
    })
}

/// Waits for Ready=False, and gives the message.
#[track_caller]
pub(crate) fn wait_failed(namespace: &Namespace<'_>, name: &str) -> String {
    let failed = namespace.wait_for(name, "to have failed", |external: &ExternalSecret| {
        ready(external).is_some_and(|ready| ready.status == ReadyStatus::False)
    });
    let condition = ready(&failed).unwrap();
    assert_eq!(condition.reason.as_deref(), Some("SecretSyncedError"));
    condition.message.unwrap()
}

/// Waits until the Secret has this `value` and nothing else.
#[track_caller]
pub(crate) fn wait_value(namespace: &Namespace<'_>, name: &str, value: &str) -> Secret {
    let wanted = text(&[("value", value)]);
    namespace.wait_for(name, &format!("to be {value}"), |secret: &Secret| {
        data(secret) == wanted
    })
}

/// Versions of all Secrets of a namespace.
pub(crate) fn secret_versions(namespace: &Namespace<'_>) -> Vec<(String, String)> {
    let secrets = namespace.list::<Secret>("");
    let versions = secrets.iter().map(|secret| {
        let version = secret.resource_version().unwrap();
        (secret.name_any(), version)
    });
    versions.collect()
}

/// Waits until so many more calls of AWS were made.
#[track_caller]
pub(crate) fn wait_calls(bed: &Bed, more: usize) {
    let before = bed.calls();
    eventually("calls of AWS", PATIENCE, || {
        (bed.calls() >= before + more).then_some(())
    });
}
