//! A cluster with our manifests in it, AWS behind a proxy, and the objects that say who asks.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use k8s_openapi::api::core::v1::Secret;
use seal_api::external_secrets::{ExternalSecret, ReadyCondition};
use serde_json::{Value, json};
use suite::{Cluster, Component, CrdSet, ExternalSecretsController, PATIENCE, data, text};
use testkit::aws::{Emulator, FaultProxy, Kind, REGION};
use testkit::eventually;

/// The account that all roles are of.
const ACCOUNT: &str = "123456789012";
/// The name of every store.
pub(crate) const STORE: &str = "aws";

pub(crate) struct Bed {
    pub(crate) cluster: Cluster,
    pub(crate) proxy: FaultProxy,
    emulator: Emulator,
}

impl Bed {
    /// The account of the controller has the rights of these components.
    pub(crate) fn start(components: &[Component]) -> Self {
        let cluster = Cluster::bare();
        cluster.external_secrets_crds(CrdSet::Ours);
        cluster.deploy_external_secrets(components);
        let emulator = Emulator::start(Kind::Moto).unwrap();
        Self {
            cluster,
            proxy: FaultProxy::start(emulator.url()).unwrap(),
            emulator,
        }
    }

    pub(crate) fn controller(&self, args: &[&str]) -> ExternalSecretsController {
        ExternalSecretsController::start(&self.cluster, self.proxy.url(), args)
    }

    /// What is null is left out.
    pub(crate) fn apply(&self, objects: &[Value]) {
        let mut list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
        strip(&mut list);
        self.cluster.plane().apply(&list).unwrap();
    }

    pub(crate) fn namespaces(&self, names: &[&str]) {
        for name in names {
            self.cluster.namespace(name);
        }
    }

    /// Secrets in AWS, whose values are their names.
    pub(crate) fn in_aws(&self, names: &[&str]) {
        for name in names {
            self.emulator
                .secrets()
                .create_secret(name, *name, &[])
                .unwrap();
        }
    }

    /// Waits until the Secret of an [`external`] has what is in AWS.
    #[track_caller]
    pub(crate) fn waits_for(&self, namespace: &str, name: &str, value: &str) {
        let namespace = self.cluster.existing(namespace);
        namespace.wait_for(name, "to have the value", |secret: &Secret| {
            data(secret) == text(&[("value", value)])
        });
    }

    /// Waits for a condition of an ExternalSecret, and returns its message.
    #[track_caller]
    pub(crate) fn waits_to_fail(&self, namespace: &str, name: &str, part: &str) -> String {
        let what = format!("to fail with {part:?}");
        let failed =
            self.cluster
                .existing(namespace)
                .wait_for(name, &what, |external: &ExternalSecret| {
                    let condition = ready(external);
                    condition.is_some_and(|it| {
                        it.reason.as_deref() == Some("SecretSyncedError")
                            && message(&it).contains(part)
                    })
                });
        message(&ready(&failed).unwrap())
    }

    /// The condition of a store, once it has this reason: its status and message.
    #[track_caller]
    pub(crate) fn store_waits_for(&self, store: &[&str], reason: &str) -> String {
        let title = format!("{store:?} to be {reason}");
        eventually(&title, PATIENCE, || {
            let store = self.object(store);
            let condition = &store["status"]["conditions"][0];
            (condition["reason"] == reason).then(|| {
                let status = condition["status"].as_str().unwrap();
                format!("{status}: {}", condition["message"].as_str().unwrap())
            })
        })
    }

    /// An object as `kubectl get` has it.
    pub(crate) fn object(&self, what: &[&str]) -> Value {
        let get = [&["get", "--output=json"], what].concat();
        serde_json::from_str(&self.cluster.plane().run(&get).unwrap()).unwrap()
    }

    /// Access keys with which each secret was asked for; what was listed is under nothing.
    pub(crate) fn askers(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut askers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for operation in ["GetSecretValue", "BatchGetSecretValue", "ListSecrets"] {
            let requests = self.proxy.requests(operation);
            let keys = self.proxy.access_keys(operation);
            assert_eq!(requests.len(), keys.len(), "each call is signed");
            for (request, key) in requests.into_iter().zip(keys) {
                let mut names: Vec<Value> = Vec::new();
                names.extend(
                    request["SecretIdList"]
                        .as_array()
                        .into_iter()
                        .flatten()
                        .cloned(),
                );
                names.extend(request.get("SecretId").cloned());
                if names.is_empty() {
                    names.push(json!(""));
                }
                for name in names {
                    let name = name.as_str().unwrap().to_owned();
                    askers.entry(name).or_default().insert(key.clone());
                }
            }
        }
        askers
    }

    /// Calls for roles with this ARN, in order.
    pub(crate) fn assumed(&self, role: &str) -> Vec<Value> {
        let calls = ["AssumeRole", "AssumeRoleWithWebIdentity"];
        let calls = calls.iter().flat_map(|call| self.proxy.requests(call));
        calls.filter(|call| call["RoleArn"] == arn(role)).collect()
    }

    /// How many tokens of service accounts were asked for, by anybody.
    pub(crate) fn tokens_made(&self) -> u64 {
        self.api_requests(&[
            r#"resource="serviceaccounts""#,
            r#"subresource="token""#,
            r#"code="201""#,
        ])
    }

    /// How often service accounts were read, by anybody.
    pub(crate) fn accounts_read(&self) -> u64 {
        self.api_requests(&[
            r#"resource="serviceaccounts""#,
            r#"subresource="""#,
            r#"verb="GET""#,
        ])
    }

    fn api_requests(&self, labels: &[&str]) -> u64 {
        let metrics = self
            .cluster
            .plane()
            .run(&["get", "--raw", "/metrics"])
            .unwrap();
        let lines = metrics
            .lines()
            .filter(|line| line.starts_with("apiserver_request_total{"));
        let counted = lines.filter(|line| labels.iter().all(|label| line.contains(label)));
        counted
            .map(|line| {
                let (_, count) = line.rsplit_once(' ').unwrap();
                count.parse::<u64>().unwrap()
            })
            .sum()
    }
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

pub(crate) fn ready(external: &ExternalSecret) -> Option<ReadyCondition> {
    let status = external.status.as_ref()?;
    status.conditions.first().cloned()
}

fn message(condition: &ReadyCondition) -> String {
    condition.message.clone().unwrap_or_default()
}

pub(crate) fn arn(role: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{role}")
}

/// A SecretStore with these fields of `spec.provider.aws`, and the usual ones.
pub(crate) fn store(namespace: &str, name: &str, aws: &Value) -> Value {
    json!({
        "apiVersion": "external-secrets.io/v1",
        "kind": "SecretStore",
        "metadata": {"namespace": namespace, "name": name},
        "spec": {"provider": provider(aws)},
    })
}

/// A ClusterSecretStore; `conditions` may be null.
pub(crate) fn cluster_store(name: &str, aws: &Value, conditions: &Value) -> Value {
    json!({
        "apiVersion": "external-secrets.io/v1",
        "kind": "ClusterSecretStore",
        "metadata": {"name": name},
        "spec": {"provider": provider(aws), "conditions": conditions},
    })
}

fn provider(aws: &Value) -> Value {
    let mut provider = json!({"service": "SecretsManager", "region": REGION});
    let fields = aws.as_object().unwrap().clone();
    provider.as_object_mut().unwrap().extend(fields);
    json!({"aws": provider})
}

/// An ExternalSecret with one item, `value`, of the secret of that name.
pub(crate) fn external(namespace: &str, name: &str, store: (&str, &str), secret: &str) -> Value {
    let (kind, store) = store;
    json!({
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"namespace": namespace, "name": name},
        "spec": {
            "refreshInterval": "1h",
            "secretStoreRef": {"kind": kind, "name": store},
            "data": [{"secretKey": "value", "remoteRef": {"key": secret}}],
        },
    })
}

/// A Secret with an access key.
pub(crate) fn keys(namespace: &str, name: &str, id: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"namespace": namespace, "name": name},
        "stringData": {"id": id, "key": "canary-key", "token": "canary-session"},
    })
}

/// `auth` with such a Secret, of this namespace or of that which the store says.
pub(crate) fn key_auth(name: &str, namespace: Option<&str>) -> Value {
    let item = |key: &str| json!({"name": name, "namespace": namespace, "key": key});
    json!({"secretRef": {
        "accessKeyIDSecretRef": item("id"), "secretAccessKeySecretRef": item("key"),
    }})
}

pub(crate) fn account(namespace: &str, name: &str, annotations: &Value) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"namespace": namespace, "name": name, "annotations": annotations},
    })
}

/// `auth` with a service account, of this namespace or of that which the store says.
pub(crate) fn account_auth(name: &str, namespace: Option<&str>, audiences: &[&str]) -> Value {
    json!({"jwt": {"serviceAccountRef": {
        "name": name, "namespace": namespace, "audiences": audiences,
    }}})
}

/// What a token says.
pub(crate) fn claims(token: &str) -> Value {
    let claims = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}

pub(crate) fn set(texts: &[&str]) -> BTreeSet<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
