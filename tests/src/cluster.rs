//! A control plane with our manifests applied, and a client for its administrator.

use std::fmt::Debug;
use std::path::{Path, PathBuf};

use k8s_openapi::NamespaceResourceScope;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config, Resource, ResourceExt as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use testkit::{ControlPlane, Options};
use tokio::runtime::Runtime;

use crate::namespace::Namespace;

/// A kind of object that lives in namespaces and is known at compile time.
pub trait Object:
    Resource<Scope = NamespaceResourceScope, DynamicType = ()>
    + Clone
    + Debug
    + DeserializeOwned
    + Serialize
{
}

impl<K> Object for K where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
        + Clone
        + Debug
        + DeserializeOwned
        + Serialize
{
}

/// A control plane of one's own.
pub struct Cluster {
    plane: ControlPlane,
    client: Client,
    runtime: Runtime,
}

impl Cluster {
    /// Starts one and applies `deploy/kustomize/base`.
    pub fn start() -> Self {
        let cluster = Self::bare();
        cluster.deploy();
        cluster
    }

    /// Starts one without anything of ours in it.
    pub fn bare() -> Self {
        // One TLS library for the process; a second call keeps the first.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let plane = ControlPlane::start(&Options::default()).unwrap();
        let runtime = Runtime::new().unwrap();
        let client = runtime.block_on(client(plane.kubeconfig()));
        Self {
            plane,
            client,
            runtime,
        }
    }

    /// Applies `deploy/kustomize/base`.
    pub fn deploy(&self) {
        let base = root().join("deploy/kustomize/base");
        let base = base.to_str().unwrap();
        self.plane
            .run(&["apply", "--server-side", "--force-conflicts", "-k", base])
            .unwrap();
        let crd = "crd/sealedsecrets.bitnami.com";
        self.plane
            .run(&["wait", "--for=condition=Established", "--timeout=60s", crd])
            .unwrap();
    }

    /// The control plane itself.
    pub fn plane(&self) -> &ControlPlane {
        &self.plane
    }

    /// Makes a namespace.
    pub fn namespace(&self, name: &str) -> Namespace<'_> {
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        self.plane.apply(&object).unwrap();
        self.existing(name)
    }

    /// Creates an object from text of our own, as it stands, checked as strictly as kubectl asks for; false
    /// if the API server refuses it. `path` is that of the collection.
    pub fn create_text(&self, path: &str, text: &str) -> bool {
        let request = http::Request::post(format!("{path}?fieldValidation=Strict"))
            .header("Content-Type", "application/json")
            .body(text.as_bytes().to_vec())
            .unwrap();
        match self.runtime.block_on(self.client.request_text(request)) {
            Ok(_) => true,
            Err(kube::Error::Api(status)) if (400..500).contains(&status.code) => false,
            Err(error) => panic!("{error}"),
        }
    }

    /// A namespace that exists.
    pub fn existing(&self, name: &str) -> Namespace<'_> {
        Namespace::new(self, name)
    }

    pub(crate) fn get<K: Object>(&self, namespace: &str, name: &str) -> Option<K> {
        let api: Api<K> = self.api(namespace);
        self.runtime.block_on(api.get_opt(name)).unwrap()
    }

    pub(crate) fn list<K: Object>(&self, namespace: &str, labels: &str) -> Vec<K> {
        let api: Api<K> = self.api(namespace);
        let params = ListParams::default().labels(labels);
        self.runtime.block_on(api.list(&params)).unwrap().items
    }

    pub(crate) fn create<K: Object>(&self, namespace: &str, object: &K) -> K {
        let api: Api<K> = self.api(namespace);
        self.runtime
            .block_on(api.create(&PostParams::default(), object))
            .unwrap()
    }

    /// None when someone else wrote since `object` was read.
    pub(crate) fn replace<K: Object>(&self, namespace: &str, object: &K) -> Option<K> {
        let api: Api<K> = self.api(namespace);
        let name = object.name_any();
        let params = PostParams::default();
        match self.runtime.block_on(api.replace(&name, &params, object)) {
            Err(kube::Error::Api(status)) if status.code == 409 => None,
            replaced => Some(replaced.unwrap()),
        }
    }

    pub(crate) fn patch<K: Object>(&self, namespace: &str, name: &str, patch: &Value) -> K {
        let api: Api<K> = self.api(namespace);
        let patch = Patch::Merge(patch);
        self.runtime
            .block_on(api.patch(name, &PatchParams::default(), &patch))
            .unwrap()
    }

    pub(crate) fn patch_status<K: Object>(&self, namespace: &str, name: &str, patch: &Value) -> K {
        let api: Api<K> = self.api(namespace);
        let patch = Patch::Merge(patch);
        self.runtime
            .block_on(api.patch_status(name, &PatchParams::default(), &patch))
            .unwrap()
    }

    pub(crate) fn delete<K: Object>(&self, namespace: &str, name: &str) {
        let api: Api<K> = self.api(namespace);
        let params = DeleteParams::default();
        match self.runtime.block_on(api.delete(name, &params)) {
            // The garbage collector was faster.
            Err(kube::Error::Api(status)) if status.code == 404 => {}
            deleted => drop(deleted.unwrap()),
        }
    }

    fn api<K: Object>(&self, namespace: &str) -> Api<K> {
        Api::namespaced(self.client.clone(), namespace)
    }
}

async fn client(kubeconfig: &Path) -> Client {
    let kubeconfig = Kubeconfig::read_from(kubeconfig).unwrap();
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
        .await
        .unwrap();
    Client::try_from(config).unwrap()
}

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
