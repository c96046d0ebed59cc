//! SE1 values among the real programs: they open nothing, and what they break is told.

use std::process::Command;

use k8s_openapi::api::core::v1::Secret;
use seal_api::{Condition, ConditionStatus, SealedSecret};
use seal_format::se1::Fault;
use suite::{Cluster, Controller, Namespace, PATIENCE, condition};
use testkit::{eventually, peers};

use crate::{SCOPES, certificate, real};

/// Waits until the real controller has refused an object. Its own condition may come without reason.
fn wait_refused(namespace: &Namespace<'_>, name: &str) -> Condition {
    let what = "to be refused";
    let object = namespace.wait_for(name, what, |sealed: &SealedSecret| {
        condition(sealed).status == ConditionStatus::False
    });
    condition(&object)
}

/// Objects in every scope, for this certificate: the key is one that the real controller has.
fn populate(namespace: &Namespace<'_>, certificate: &seal_keys::Certificate) {
    for (title, scope) in SCOPES {
        let plain = namespace.plain(title).scope(scope);
        let plain = plain.item("password", "hunter2").item("empty", "");
        namespace.create(&plain.seal_se1(&[certificate]));
    }
    // A legacy value beside them does not make a half Secret.
    let plain = |item: &str| namespace.plain("mixed").item(item, "hunter2");
    let mut mixed = plain("legacy").seal(certificate);
    let se1 = plain("se1").seal_se1(&[certificate]);
    mixed.spec.encrypted_data.extend(se1.spec.encrypted_data);
    mixed.spec.data_keys = se1.spec.data_keys;
    namespace.create(&mixed);
}

const ALL: [&str; 4] = ["strict", "namespace-wide", "cluster-wide", "mixed"];

#[test]
fn the_real_controller_fails_closed_on_either_definition() {
    for ours in [true, false] {
        let cluster = Cluster::bare();
        if ours {
            cluster.deploy();
        }
        let namespace = cluster.namespace("shop");
        let Some(theirs) = real(&cluster, &["--key-size=2048"]) else {
            return;
        };
        let certificate = certificate(&theirs);
        populate(&namespace, &certificate);
        for name in ALL {
            wait_refused(&namespace, name);
            assert!(namespace.secret(name).is_none(), "{name}");
            let stored: SealedSecret = namespace.get(name).unwrap();
            let kept = !stored.spec.data_keys.is_empty();
            assert_eq!(kept, ours, "their definition drops what it does not know");
        }
        // A wrap given to it as a legacy value.
        let bare = namespace.plain("wrap").item("password", "hunter2");
        let bare = bare.scope(seal_format::Scope::ClusterWide);
        let mut bare = bare.seal_se1(&[&certificate]);
        let key = bare.spec.data_keys.values().next().unwrap();
        let wrap = legacy_of(&key.wraps[0].enc);
        bare.spec.encrypted_data.insert("password".to_owned(), wrap);
        bare.spec.data_keys.clear();
        namespace.create(&bare);
        wait_refused(&namespace, "wrap");
        assert!(namespace.list::<Secret>("").is_empty());
        drop(theirs);

        // Ours takes over: what was stored in full opens, what was pruned says so.
        if !ours {
            cluster.deploy();
            let theirs = peers::crd().unwrap();
            let apply = ["apply", "--server-side", "--force-conflicts", "-f"];
            let apply = [&apply[..], &[theirs.to_str().unwrap()]].concat();
            cluster.plane().run(&apply).unwrap();
        }
        let _controller = Controller::start(&cluster);
        for name in ALL {
            if ours {
                namespace.wait_synced(name, ConditionStatus::True);
                namespace.wait_secret(name);
            } else {
                says_pruned(&namespace, name);
            }
        }
    }
}

/// Waits until our controller says that the data keys are gone.
fn says_pruned(namespace: &Namespace<'_>, name: &str) {
    let missing = Fault::MissingDataKey.to_string();
    let what = format!("{name} to say that its data keys are missing");
    eventually(&what, PATIENCE, || {
        let message = condition(&namespace.get(name)?).message?;
        (message.contains(&missing) && message.contains("apply the definition")).then_some(())
    });
}

/// The envelope of a legacy value around an RSA block, with an empty payload's tag behind it.
fn legacy_of(block: &str) -> String {
    use base64::Engine as _;
    let standard = base64::engine::general_purpose::STANDARD;
    let block = standard.decode(block).unwrap();
    let length = u16::try_from(block.len()).unwrap();
    let mut envelope = length.to_be_bytes().to_vec();
    envelope.extend(block);
    envelope.extend([0; 16]);
    standard.encode(envelope)
}

#[test]
fn a_merge_by_the_real_kubeseal_is_told() {
    let cluster = Cluster::start();
    let controller = Controller::start(&cluster);
    let certificate = controller.certificate();
    let namespace = cluster.namespace("merged");
    let sealed = namespace.plain("db").item("a", "1");
    let sealed = sealed.seal_se1(&[&certificate]);
    namespace.create(&sealed);
    namespace.wait_synced("db", ConditionStatus::True);

    let folder = cluster.plane().dir();
    let (file, input) = (folder.join("db.json"), folder.join("more.json"));
    std::fs::write(&file, serde_json::to_vec(&sealed).unwrap()).unwrap();
    let more = serde_json::json!({
        "apiVersion": "v1", "kind": "Secret", "stringData": {"b": "2"},
        "metadata": {"name": "db", "namespace": "merged"},
    });
    std::fs::write(&input, more.to_string()).unwrap();
    let status = Command::new(peers::kubeseal().unwrap())
        .args(["--format=json", "--cert", &controller.url("/v1/cert.pem")])
        .arg("--merge-into")
        .arg(&file)
        .arg("--secret-file")
        .arg(&input)
        .env("KUBECONFIG", cluster.plane().kubeconfig())
        .status()
        .unwrap();
    assert!(status.success(), "it says nothing");
    let merged = std::fs::read(&file).unwrap();
    let merged: SealedSecret = serde_json::from_slice(&merged).unwrap();
    assert!(merged.spec.data_keys.is_empty());
    assert_eq!(merged.spec.encrypted_data.len(), 2);
    namespace.edit("db", |object: &mut SealedSecret| {
        object.spec = merged.spec.clone();
    });
    namespace.wait_synced("db", ConditionStatus::False);
    says_pruned(&namespace, "db");
    let secret = namespace.wait_secret("db");
    assert_eq!(suite::data(&secret), suite::text(&[("a", "1")]));
}
