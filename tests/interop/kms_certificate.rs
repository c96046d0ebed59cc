//! The certificate of a key in AWS KMS, given to the real kubeseal, and what our controller makes of the result.

use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use seal_api::{Condition, ConditionStatus, SealedSecret};
use seal_format::Scope;
use seal_keys::Certificate;
use serde_json::{Map, json};
use suite::{Cluster, Controller, Namespace, condition};
use testkit::aws::{self, Emulator, FaultProxy, Kind};
use testkit::{peers, skip};

use crate::theirs_seals::{kubeseal, run};
use crate::{SCOPES, items, values};

/// A cluster whose sealing key is in KMS.
struct Cloud {
    proxy: FaultProxy,
    _emulator: Emulator,
    cluster: Cluster,
    controller: Controller,
}

impl Cloud {
    fn start() -> Self {
        let emulator = Emulator::start(Kind::Ministack).unwrap();
        let proxy = FaultProxy::start(emulator.url()).unwrap();
        let key = emulator.kms().create_rsa_key(2048).unwrap();
        let mut variables = aws::environment(proxy.url()).to_vec();
        variables.push(("SEALED_SECRETS_SEALING_KEY", format!("kms:{key}")));
        let cluster = Cluster::start();
        let controller = Controller::start_in(&cluster, &[], &variables);
        Self {
            proxy,
            _emulator: emulator,
            cluster,
            controller,
        }
    }

    fn apply(&self, sealed: &[u8]) {
        let path = self.cluster.plane().dir().join("sealed.yaml");
        std::fs::write(&path, sealed).unwrap();
        let create = ["create", "-f", path.to_str().unwrap()];
        self.cluster.plane().run(&create).unwrap();
    }
}

/// One Secret for each scope, with the scope as its name.
fn secrets(namespace: &Namespace<'_>) -> Vec<(&'static str, Scope, String)> {
    let data: Map<_, _> = items()
        .into_iter()
        .map(|(name, value)| (name, json!(STANDARD.encode(value))))
        .collect();
    let secret = |(title, scope): (&'static str, Scope)| {
        let annotations = json!({format!("sealedsecrets.bitnami.com/{title}"): "true"});
        let metadata =
            json!({"name": title, "namespace": namespace.name(), "annotations": annotations});
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data,
        });
        (title, scope, secret.to_string())
    };
    SCOPES.into_iter().map(secret).collect()
}

fn refused(namespace: &Namespace<'_>, name: &str) -> Condition {
    condition(&namespace.wait_synced(name, ConditionStatus::False))
}

#[test]
fn kubeseal_seals_for_it_and_kms_opens_what_it_can() {
    let cloud = Cloud::start();
    let served = cloud.controller.get("/v1/cert.pem").unwrap().body;
    let fetched = Command::new(peers::kubeseal().unwrap())
        .args([
            "--fetch-cert",
            "--cert",
            &cloud.controller.url("/v1/cert.pem"),
        ])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(fetched.stdout).unwrap(), served);
    let certificate = Certificate::from_pem(served.as_bytes()).unwrap();
    assert!(certificate.is_kms_held());

    let namespace = cloud.cluster.namespace("theirs");
    for (title, scope, secret) in secrets(&namespace) {
        cloud.apply(&kubeseal(&cloud.cluster, &cloud.controller, &secret));
        if scope == Scope::ClusterWide {
            assert_eq!(values(&namespace.wait_secret(title)), items());
            assert_eq!(cloud.proxy.calls("Decrypt"), items().len());
            continue;
        }
        // kubeseal does not know that nothing will ever open it: the status has to say so.
        let condition = refused(&namespace, title);
        assert_eq!(condition.reason.as_deref(), Some("UnsealFailed"));
        let message = condition.message.unwrap();
        for part in ["KMS takes no label", "--format-version se1"] {
            assert!(message.contains(part), "{message}");
        }
        assert_eq!(cloud.proxy.calls("Decrypt"), 0);
        assert!(namespace.secret(title).is_none());
    }
}

#[test]
fn seal_knows_what_kubeseal_does_not() {
    let Ok(seal) = std::env::var("SEAL_BIN") else {
        return skip("SEAL_BIN is not set: run `cargo xtask test`");
    };
    let cloud = Cloud::start();
    let namespace = cloud.cluster.namespace("ours");
    let mut strict = secrets(&namespace);
    strict.retain(|(_, scope, _)| *scope == Scope::Strict);
    for (title, _, secret) in strict {
        let sealed = run(Path::new(&seal), &cloud.cluster, &cloud.controller, &secret);
        cloud.apply(&sealed);
        assert_eq!(values(&namespace.wait_secret(title)), items());
        let stored: SealedSecret = namespace.get(title).unwrap();
        let mut stored = stored.spec.encrypted_data.into_values();
        assert!(stored.all(|value| value.starts_with("se1.")));
        // However many items.
        assert_eq!(cloud.proxy.calls("Decrypt"), 1);
    }
}
