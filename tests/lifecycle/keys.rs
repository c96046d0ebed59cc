//! Sealing keys: made, renewed, brought along, taken out of use (contract §1.5, §5.1, §10).

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Secret;
use seal_api::{ConditionStatus, KEY_LABEL, KEY_LABEL_ACTIVE};
use seal_keys::{Certificate, Issued};
use serde_json::json;
use suite::{Cluster, Controller, Namespace, PATIENCE, condition};
use testkit::eventually;

/// A key that is newer than any that a controller made by now.
pub(crate) fn issue(bits: u32) -> Issued {
    let soon = Timestamp::now() + SignedDuration::from_mins(1);
    seal_keys::issue(bits, "own", soon, SignedDuration::from_hours(24)).unwrap()
}

/// `kubectl create secret tls`, as the manual of Sealed Secrets has it.
pub(crate) fn bring(cluster: &Cluster, name: &str, issued: &Issued) {
    let folder = cluster.plane().dir();
    let file = |kind: &str, text: &str| {
        let path = folder.join(format!("{name}.{kind}"));
        std::fs::write(&path, text).unwrap();
        format!("--{kind}={}", path.display())
    };
    let certificate = file("cert", &issued.certificate.to_pem());
    let key = file("key", &issued.key.to_pkcs1_pem().unwrap());
    let namespace = "--namespace=kube-system";
    let args = [
        "create",
        "secret",
        "tls",
        name,
        namespace,
        &certificate,
        &key,
    ];
    cluster.plane().run(&args).unwrap();
}

pub(crate) fn label(cluster: &Cluster, name: &str, value: &str) {
    let label = format!("{KEY_LABEL}={value}");
    let namespace = "--namespace=kube-system";
    let args = ["label", "--overwrite", "secret", name, namespace, &label];
    cluster.plane().run(&args).unwrap();
}

pub(crate) fn serves(controller: &Controller, certificate: &Certificate) {
    eventually("the certificate to be served", PATIENCE, || {
        let served = controller.certificate().fingerprint();
        (served == certificate.fingerprint()).then_some(())
    });
}

fn opens(namespace: &Namespace<'_>, name: &str, certificate: &Certificate) {
    let plain = namespace.plain(name).item("password", "hunter2");
    namespace.create(&plain.seal(certificate));
    namespace.wait_synced(name, ConditionStatus::True);
    namespace.wait_secret(name);
}

pub(crate) fn active_keys(cluster: &Cluster) -> Vec<Secret> {
    let selector = format!("{KEY_LABEL}={KEY_LABEL_ACTIVE}");
    cluster.existing("kube-system").list(&selector)
}

#[test]
fn keys_are_followed_while_it_runs() {
    let cluster = Cluster::start();
    let controller = Controller::start_with(&cluster, &["--key-size=2048", "--key-renew-period=0"]);
    let namespace = cluster.namespace("keys");
    let first = controller.certificate();
    opens(&namespace, "first", &first);

    let own = issue(2048);
    bring(&cluster, "own", &own);
    label(&cluster, "own", KEY_LABEL_ACTIVE);
    serves(&controller, &own.certificate);
    opens(&namespace, "own", &own.certificate);
    opens(&namespace, "still-first", &first);

    label(&cluster, "own", "compromised");
    serves(&controller, &first);
    let plain = namespace.plain("late").item("password", "hunter2");
    namespace.create(&plain.seal(&own.certificate));
    let sealed = namespace.wait_synced("late", ConditionStatus::False);
    let message = condition(&sealed).message.unwrap();
    assert_eq!(message, "no key could decrypt secret (password)");
    // What only that key opens says so, and the Secret that was made from it stays.
    namespace.wait_synced("own", ConditionStatus::False);
    assert!(namespace.secret("own").is_some());
    let still = namespace.wait_synced("still-first", ConditionStatus::True);
    assert_eq!(condition(&still).message, None);

    // A key that comes opens what waited for it.
    label(&cluster, "own", KEY_LABEL_ACTIVE);
    namespace.wait_synced("late", ConditionStatus::True);
    namespace.wait_synced("own", ConditionStatus::True);

    // Without any key it makes one.
    let made = active_keys(&cluster);
    for key in &made {
        label(&cluster, key.metadata.name.as_ref().unwrap(), "compromised");
    }
    eventually("a new key", PATIENCE, || {
        let page = controller.get("/v1/cert.pem")?;
        let served = Certificate::from_pem(page.body.as_bytes())
            .ok()?
            .fingerprint();
        let old = [first.fingerprint(), own.certificate.fingerprint()];
        (!old.contains(&served)).then_some(())
    });
    opens(&namespace, "after", &controller.certificate());
}

#[test]
fn a_malformed_key_is_reported_and_left_out() {
    let cluster = Cluster::start();
    let system = cluster.existing("kube-system");
    let labels = json!({KEY_LABEL: KEY_LABEL_ACTIVE});
    let garbage = json!({"tls.crt": "marker-in-key", "tls.key": "marker-in-key"});
    let broken = json!({"metadata": {"labels": labels}, "stringData": garbage});
    // One before the start, one while it runs.
    system.create_secret("broken", &broken);
    let controller = Controller::start(&cluster);
    system.create_secret("empty", &json!({"metadata": {"labels": labels}}));
    for name in ["broken", "empty"] {
        let event = system.wait_event(name, "InvalidSealingKey");
        assert!(event.message.unwrap().contains("left out"));
    }
    let namespace = cluster.namespace("keys");
    opens(&namespace, "db", &controller.certificate());
    assert!(!controller.log().contains("marker-in-key"));
}

#[test]
fn keys_of_a_backup_are_loaded_and_no_new_one_is_made() {
    let cluster = Cluster::start();
    let keys = [issue(2048), issue(3072), issue(4096)];
    // The key of old carries no label; its name says what it is.
    for (name, key) in ["sealed-secrets-key", "restored", "large"]
        .iter()
        .zip(&keys)
    {
        bring(&cluster, name, key);
    }
    label(&cluster, "restored", KEY_LABEL_ACTIVE);
    label(&cluster, "large", KEY_LABEL_ACTIVE);
    let controller = Controller::start(&cluster);
    let namespace = cluster.namespace("keys");
    for (index, key) in keys.iter().enumerate() {
        opens(&namespace, &format!("db-{index}"), &key.certificate);
    }
    assert_eq!(active_keys(&cluster).len(), 2);
    assert!(!controller.log().contains("new sealing key"));
}

#[test]
fn keys_are_renewed() {
    let cluster = Cluster::start();
    let controller = Controller::start_with(
        &cluster,
        &[
            "--key-size=2048",
            "--key-renew-period=3s",
            "--key-ttl=48h",
            "--key-prefix=team-key-",
        ],
    );
    let first = controller.certificate();
    let validity = first.not_after().duration_since(first.not_before());
    assert_eq!(validity, SignedDuration::from_hours(48));
    eventually("a second key", PATIENCE, || {
        let served = controller.certificate();
        (served.not_before() > first.not_before()).then_some(())
    });
    let namespace = cluster.namespace("keys");
    opens(&namespace, "old", &first);
    opens(&namespace, "new", &controller.certificate());
    let keys = active_keys(&cluster);
    assert!(keys.len() >= 2);
    for key in keys {
        assert!(key.metadata.name.unwrap().starts_with("team-key-"));
        assert_eq!(key.type_.as_deref(), Some("kubernetes.io/tls"));
        let pem = &key.data.unwrap()["tls.key"].0;
        assert!(pem.starts_with(b"-----BEGIN RSA PRIVATE KEY-----\n"));
    }
}
