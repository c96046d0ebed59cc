//! One manifest, or a few that belong together, of the tables in `cases/`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// A call of Secrets Manager: operation and request.
pub(crate) type Call = BTreeMap<String, Value>;

/// A case: what is in its namespace, and what happens to it afterwards.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Case {
    /// What it is about; with the feature the name of its namespace.
    pub(crate) name: String,
    /// Name of the ExternalSecret.
    #[serde(default = "app")]
    pub(crate) external: String,
    /// Its labels and annotations.
    #[serde(default)]
    pub(crate) metadata: Map<String, Value>,
    /// Labels of the namespace.
    #[serde(default)]
    pub(crate) labels: Map<String, Value>,
    /// There is a SecretStore `aws` of its own; these fields of its provider are not as usual.
    pub(crate) store: Option<Map<String, Value>>,
    /// What is there before the ExternalSecret. Other ExternalSecrets among it are synced first.
    #[serde(default)]
    pub(crate) before: Vec<Value>,
    /// Of the ExternalSecret: `data` may be a map from items to references.
    pub(crate) spec: Map<String, Value>,
    /// Perhaps nobody says anything about it.
    #[serde(default)]
    pub(crate) silent: bool,
    /// Our definitions do not take it.
    #[serde(default)]
    pub(crate) refused: bool,
    /// What happens then, one after the other.
    #[serde(default)]
    pub(crate) then: Vec<Round>,
    /// The table that it is in.
    #[serde(skip)]
    pub(crate) feature: String,
}

/// What happens after everything has settled.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Round {
    /// In Secrets Manager.
    pub(crate) aws: Vec<Call>,
    /// To the ExternalSecret: a merge patch.
    pub(crate) patch: Option<Value>,
    /// Someone asks for a refresh.
    pub(crate) force: bool,
    /// To the Secret: a merge patch.
    pub(crate) secret: Option<Value>,
    /// Someone deletes the Secret.
    pub(crate) delete_secret: bool,
    /// Someone deletes the ExternalSecret.
    pub(crate) delete: bool,
    /// Someone makes these.
    pub(crate) objects: Vec<Value>,
}

/// A file of `cases/`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// What every case has before its own.
    #[serde(default)]
    objects: Vec<Value>,
    cases: Vec<Case>,
}

impl Case {
    /// All of them, in the order of the files' names.
    pub(crate) fn all() -> Vec<Self> {
        let mut files: Vec<PathBuf> = fs::read_dir(folder().join("cases"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        files.iter().flat_map(|file| cases_of(file)).collect()
    }

    /// Its namespace, by which it is known.
    pub(crate) fn id(&self) -> String {
        format!("{}-{}", self.feature, self.name)
    }

    /// Name of the Secret.
    pub(crate) fn target(&self) -> &str {
        let name = self.spec.get("target").and_then(|it| it["name"].as_str());
        name.unwrap_or(&self.external)
    }

    /// Its namespace.
    pub(crate) fn namespace(&self) -> Value {
        let metadata = json!({"name": self.id(), "labels": self.labels});
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    }

    /// The keys for its own store, if it has one.
    pub(crate) fn own_keys(&self) -> Option<Value> {
        self.store.as_ref().map(|_| keys(&self.id()))
    }

    /// Its own store, if it has one.
    pub(crate) fn own_store(&self) -> Option<Value> {
        let overrides = self.store.as_ref()?;
        let mut store = store("SecretStore", &json!({"namespace": self.id()}));
        let provider = store["spec"]["provider"]["aws"].as_object_mut().unwrap();
        provider.extend(overrides.clone());
        provider.retain(|_, value| !value.is_null());
        Some(store)
    }

    /// What is there before, in this namespace.
    pub(crate) fn objects_before(&self) -> Vec<Value> {
        let here = self.before.iter().cloned();
        here.map(|object| within(object, &self.id())).collect()
    }

    /// The ExternalSecret.
    pub(crate) fn manifest(&self) -> Value {
        let mut spec = json!({
            "refreshInterval": "1h0m0s",
            "secretStoreRef": match self.store {
                Some(_) => json!({"name": "aws", "kind": "SecretStore"}),
                None => json!({"name": "aws", "kind": "ClusterSecretStore"}),
            },
        });
        let members = spec.as_object_mut().unwrap();
        members.extend(self.spec.clone());
        members.retain(|_, value| !value.is_null());
        if let Some(items) = spec["data"].as_object() {
            let entry = |(item, reference)| json!({"secretKey": item, "remoteRef": reference});
            spec["data"] = items.iter().map(entry).collect();
        }
        let external = json!({
            "apiVersion": "external-secrets.io/v1",
            "kind": "ExternalSecret",
            "metadata": self.metadata,
            "spec": spec,
        });
        let mut external = within(external, &self.id());
        external["metadata"]["name"] = json!(self.external);
        external
    }
}

/// The store that cases have who have none of their own.
pub(crate) fn shared_store(keys_in: &str) -> Value {
    let mut store = store("ClusterSecretStore", &json!({}));
    let auth = &mut store["spec"]["provider"]["aws"]["auth"]["secretRef"];
    for key in ["accessKeyIDSecretRef", "secretAccessKeySecretRef"] {
        auth[key]["namespace"] = json!(keys_in);
    }
    store
}

/// Access keys for a store.
pub(crate) fn keys(namespace: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "keys", "namespace": namespace},
        "stringData": {"id": "AKIAIOSFODNN7EXAMPLE", "key": "testing"},
    })
}

/// What is in Secrets Manager before everything else.
pub(crate) fn fixtures() -> Vec<Call> {
    #[derive(Deserialize)]
    struct Fixtures {
        calls: Vec<Call>,
    }
    read::<Fixtures>(&folder().join("fixtures.yaml")).calls
}

/// The folder of these tests.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("external")
}

/// Reads a YAML file of one document.
pub(crate) fn read<T: DeserializeOwned>(file: &Path) -> T {
    let text = fs::read(file).unwrap();
    let documents = seal_manifest::read(&text);
    let documents = documents.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let value = documents[0].root().to_json();
    serde_json::from_value(value).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn cases_of(file: &Path) -> Vec<Case> {
    let table: Table = read(file);
    let feature = file
        .file_stem()
        .unwrap()
        .to_str()
        .unwrap()
        .replace('_', "-");
    let mut cases = table.cases;
    for case in &mut cases {
        case.feature.clone_from(&feature);
        case.before.splice(..0, table.objects.clone());
    }
    cases
}

fn store(kind: &str, metadata: &Value) -> Value {
    let key = |key: &str| json!({"name": "keys", "key": key});
    let mut store = json!({
        "apiVersion": "external-secrets.io/v1",
        "kind": kind,
        "metadata": metadata,
        "spec": {"provider": {"aws": {
            "service": "SecretsManager",
            "region": testkit::aws::REGION,
            "auth": {"secretRef": {
                "accessKeyIDSecretRef": key("id"), "secretAccessKeySecretRef": key("key"),
            }},
        }}},
    });
    store["metadata"]["name"] = json!("aws");
    store
}

fn within(mut object: Value, namespace: &str) -> Value {
    if object["kind"] != "ClusterSecretStore" {
        object["metadata"]["namespace"] = json!(namespace);
    }
    object
}

fn app() -> String {
    "app".to_owned()
}
