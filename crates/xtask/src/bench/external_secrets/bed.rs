//! A control plane and AWS with ExternalSecrets that nobody has looked at yet.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use testkit::aws::{Emulator, FaultProxy, Kind};
use testkit::{ControlPlane, Options, RealOperator, wait_for};

use super::super::api::Api;
use super::super::controllers::LONG;
use crate::repository;

/// Objects that are there at the start.
const PRESENT: &str = "bench";
/// Objects that come later.
pub(super) const LATER: &str = "later";
/// The store of all of them.
const STORE: &str = "aws";
/// Objects that are made at the same time.
const MAKERS: usize = 4;

/// The bed.
pub(super) struct Bed {
    pub(super) plane: ControlPlane,
    pub(super) api: Api,
    pub(super) proxy: FaultProxy,
    pub(super) objects: usize,
    /// Secrets in AWS.
    pub(super) keys: usize,
    interval: String,
    // Dropped last.
    _emulator: Emulator,
}

impl Bed {
    /// With so many objects, which are refreshed this often.
    pub(super) fn new(objects: usize, interval: &str) -> Result<Self> {
        let emulator = Emulator::start(Kind::Ministack)?;
        let keys = (objects * 2).div_ceil(5).max(1);
        for key in 0..keys {
            let value = json!({"user": format!("user-{key}"), "password": format!("{key:032}")});
            let value = value.to_string();
            emulator
                .secrets()
                .create_secret(&name_of(key), &value, &[])?;
        }
        let plane = ControlPlane::start(&Options::default())?;
        RealOperator::install_crds(&plane)?;
        let manifests = repository::root()?.join("deploy/kustomize/external-secrets");
        let manifests = manifests.to_str().context("the folder is not UTF-8")?;
        for namespace in [super::controller::NAMESPACE, PRESENT, LATER] {
            plane.run(&["create", "namespace", namespace])?;
        }
        plane.run(&["apply", "--server-side", "-k", manifests])?;
        plane.apply(&store())?;
        let bed = Self {
            api: Api::new(&plane)?,
            proxy: FaultProxy::start(emulator.url())?,
            plane,
            objects,
            keys,
            interval: interval.to_owned(),
            _emulator: emulator,
        };
        bed.make()?;
        Ok(bed)
    }

    fn make(&self) -> Result<()> {
        std::thread::scope(|scope| {
            let makers: Vec<_> = (0..MAKERS)
                .map(|first| scope.spawn(move || self.make_some(first)))
                .collect();
            for maker in makers {
                maker
                    .join()
                    .map_err(|_| anyhow::anyhow!("a thread ended"))??;
            }
            Ok(())
        })
    }

    fn make_some(&self, first: usize) -> Result<()> {
        for number in (first..self.objects).step_by(MAKERS) {
            self.create(PRESENT, &format!("app-{number}"), number)?;
        }
        Ok(())
    }

    /// A new ExternalSecret; `number` says of which of the keys.
    pub(super) fn create(&self, namespace: &str, name: &str, number: usize) -> Result<()> {
        let key = name_of(number % self.keys);
        let item =
            |item: &str| json!({"secretKey": item, "remoteRef": {"key": key, "property": item}});
        let object = json!({
            "apiVersion": "external-secrets.io/v1",
            "kind": "ExternalSecret",
            "metadata": {"namespace": namespace, "name": name},
            "spec": {
                "refreshInterval": self.interval,
                "secretStoreRef": {"kind": "ClusterSecretStore", "name": STORE},
                "data": [item("user"), item("password")],
            },
        });
        self.api.create(&externals(namespace), &object)
    }

    /// Secrets of the objects that were there at the start.
    pub(super) fn secrets(&self) -> Result<usize> {
        self.api.count(&secrets(PRESENT))
    }

    /// Waits until each has its Secret and says so; `progress` hears how many have one.
    pub(super) fn wait_ready(&self, progress: impl Fn(usize)) -> Result<()> {
        wait_for("every Secret", LONG, || {
            let made = self.secrets().ok()?;
            progress(made);
            (made >= self.objects).then_some(())
        })?;
        wait_for("every object to be ready", LONG, || {
            let path = format!("{}?resourceVersion=0", externals(PRESENT));
            let list = self.api.get(&path).ok()??;
            let ready = list["items"].as_array()?.iter().filter(|it| is_ready(it));
            (ready.count() >= self.objects).then_some(())
        })
    }

    /// Calls of Secrets Manager so far: what AWS bills.
    pub(super) fn calls(&self) -> usize {
        let calls = self.proxy.all_calls();
        let billed = calls
            .iter()
            .filter(|(operation, _)| operation.contains("Secret"));
        billed.map(|(_, calls)| calls).sum()
    }
}

fn name_of(key: usize) -> String {
    format!("bench/app-{key}")
}

fn externals(namespace: &str) -> String {
    format!("/apis/external-secrets.io/v1/namespaces/{namespace}/externalsecrets")
}

/// Where Secrets are.
pub(super) fn secrets(namespace: &str) -> String {
    format!("/api/v1/namespaces/{namespace}/secrets")
}

fn store() -> Value {
    json!({
        "apiVersion": "external-secrets.io/v1",
        "kind": "ClusterSecretStore",
        "metadata": {"name": STORE},
        "spec": {
            "provider": {"aws": {"service": "SecretsManager", "region": testkit::aws::REGION}},
        },
    })
}

fn is_ready(object: &Value) -> bool {
    let conditions = object["status"]["conditions"].as_array();
    let mut conditions = conditions.into_iter().flatten();
    conditions.any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}
