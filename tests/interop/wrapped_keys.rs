//! Sealing keys that are stored wrapped, and the real controller, which knows nothing of that.

use std::process::{Command, Stdio};

use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt as _;
use seal_api::{AGE_IDENTITIES_LABEL, ConditionStatus, KEY_LABEL};
use seal_keys::Certificate;
use serde_json::json;
use suite::{AgePair, Cluster, Controller, Namespace};
use testkit::{RealController, RealControllerOptions};

use crate::{SCOPES, certificate, items, real, values};

/// Seals one object per scope in the format that both know.
fn populate(namespace: &Namespace<'_>, prefix: &str, certificate: &Certificate) {
    for (title, scope) in SCOPES {
        let mut plain = namespace.plain(&format!("{prefix}-{title}")).scope(scope);
        for (item, value) in items() {
            plain = plain.item(&item, value);
        }
        namespace.create(&plain.seal(certificate));
    }
}

fn wait_open(namespace: &Namespace<'_>, prefix: &str) {
    for (title, _) in SCOPES {
        let name = format!("{prefix}-{title}");
        namespace.wait_synced(&name, ConditionStatus::True);
        assert_eq!(values(&namespace.wait_secret(&name)), items());
    }
}

/// As the guide says.
fn unwrap_all(cluster: &Cluster, program: &str, person: &AgePair) {
    let identity = cluster.plane().dir().join("identity.txt");
    std::fs::write(&identity, &person.identity).unwrap();
    let output = Command::new(program)
        .args(["keys", "unwrap", "--all", "-i"])
        .arg(&identity)
        .env("KUBECONFIG", cluster.plane().kubeconfig())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
}

#[test]
fn the_real_controller_does_not_start_beside_a_wrapped_key_and_works_once_it_is_unwrapped() {
    let (cluster, pair) = (Cluster::start(), AgePair::make());
    let system = cluster.existing("kube-system");
    let identities = json!({
        "metadata": {"labels": {AGE_IDENTITIES_LABEL: "active"}},
        "stringData": {"keys.txt": pair.identity},
    });
    system.create_secret("identities", &identities);
    let wrap = format!("--wrap-keys-with={}", pair.recipient.name());
    let ours = Controller::start_with(&cluster, &["--key-size=2048", &wrap]);
    let own = ours.certificate();
    let namespace = cluster.namespace("shop");
    populate(&namespace, "wrapped", &own);
    wait_open(&namespace, "wrapped");
    assert_eq!(ours.process().stop().unwrap(), "exit status: 0");
    let [key] = system.list::<Secret>(KEY_LABEL).try_into().unwrap();

    let Err(error) = RealController::start(cluster.plane(), &RealControllerOptions::default())
    else {
        panic!("it takes a key that it cannot read");
    };
    let log = format!("{error:#}");
    if log.contains("unshare") {
        testkit::skip("no mount namespaces here: the real controller cannot run");
        return;
    }
    let refused = format!(
        "level=ERROR msg=\"Error reading key\" secret={}",
        key.name_any()
    );
    assert!(log.contains(&refused) && log.contains("\npanic: "), "{log}");
    assert_eq!(system.list::<Secret>(KEY_LABEL).first(), Some(&key));

    // Ours goes on as if nothing had happened, then gives the keys back.
    let ours = Controller::start_with(&cluster, &["--key-size=2048", &wrap]);
    populate(&namespace, "again", &ours.certificate());
    wait_open(&namespace, "again");
    let Ok(program) = std::env::var("SEAL_BIN") else {
        testkit::skip("SEAL_BIN is not set: run `cargo xtask test`");
        return;
    };
    assert_eq!(ours.process().stop().unwrap(), "exit status: 0");
    unwrap_all(&cluster, &program, &pair);
    let theirs = real(&cluster, &[]).unwrap();
    assert_eq!(certificate(&theirs).fingerprint(), own.fingerprint());
    for prefix in ["wrapped", "again"] {
        for (title, _) in SCOPES {
            namespace.delete::<Secret>(&format!("{prefix}-{title}"));
        }
        wait_open(&namespace, prefix);
    }
    populate(&namespace, "theirs", &own);
    wait_open(&namespace, "theirs");
    assert_eq!(system.list::<Secret>(KEY_LABEL).len(), 1);
}
