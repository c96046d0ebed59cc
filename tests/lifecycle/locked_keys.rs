//! Wrapped sealing keys that do not open: damaged, or with a key service that is silent.

use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt as _;
use seal_api::{ConditionStatus, KEY_LABEL, KEY_LABEL_ACTIVE};
use serde_json::{Value, json};
use suite::{Cluster, Controller, Namespace, PATIENCE};
use testkit::aws::Fault;
use testkit::eventually;

use crate::cloud_keys::{Aws, SMALL, data, keys, opens};

const WRAPPED: &str = "seal.se1";

fn start(cluster: &Cluster, aws: &Aws) -> Controller {
    let controller = spawn(cluster, aws);
    controller.wait_ready();
    controller
}

fn spawn(cluster: &Cluster, aws: &Aws) -> Controller {
    let wrap = format!("--wrap-keys-with=kms:{}", aws.arn);
    Controller::spawn_in(cluster, &[SMALL, &wrap], &aws.variables())
}

fn write_wrapped(system: &Namespace<'_>, name: &str, wrapped: &[u8]) {
    let text = std::str::from_utf8(wrapped).unwrap();
    system.patch::<Secret>(name, &json!({"stringData": {WRAPPED: text}}));
}

fn label(value: &str) -> Value {
    json!({"metadata": {"labels": {KEY_LABEL: value}}})
}

#[test]
fn a_damaged_key_stays_in_use_and_none_is_made_in_its_place() {
    let (aws, cluster) = (Aws::start(), Cluster::start());
    let controller = start(&cluster, &aws);
    let certificate = controller.certificate();
    let namespace = cluster.namespace("damaged");
    opens(&namespace, "before", &certificate);
    let [key] = keys(&cluster).try_into().unwrap();
    let (name, wrapped) = (key.name_any(), data(&key)[WRAPPED].clone());

    // Under a running controller: the key works on.
    let system = cluster.existing("kube-system");
    write_wrapped(&system, &name, b"{}");
    let event = system.wait_event(&name, "SealingKeyLocked");
    let message = event.message.unwrap();
    assert!(
        message.contains("its seal.se1: not well-formed"),
        "{message}"
    );
    assert!(message.contains("works on in the memory"), "{message}");
    opens(&namespace, "meanwhile", &certificate);
    assert_eq!(keys(&cluster).len(), 1);
    controller.process().stop().unwrap();

    // At the start of the next: it is not to be had, and no other is made.
    let controller = spawn(&cluster, &aws);
    let locked = format!("not ready\nsealing key {name} cannot be unwrapped yet\n");
    eventually("the key to be told as locked", PATIENCE, || {
        let page = controller.get("/readyz")?;
        (page.status == 503 && page.body == locked).then_some(())
    });
    eventually("why no new key is made", PATIENCE, || {
        controller
            .log()
            .contains("no new key is made")
            .then_some(())
    });
    assert_eq!(keys(&cluster).len(), 1);

    // Put back, it opens everything again.
    write_wrapped(&system, &name, &wrapped);
    controller.wait_ready();
    let served = controller.certificate();
    assert_eq!(served.fingerprint(), certificate.fingerprint());
    opens(&namespace, "after", &certificate);
    assert_eq!(keys(&cluster).len(), 1);
}

#[test]
fn a_silent_key_service_holds_up_no_other_key() {
    let (aws, cluster) = (Aws::start(), Cluster::start());
    let controller = start(&cluster, &aws);
    let first = controller.certificate();
    let system = cluster.existing("kube-system");
    let [key] = keys(&cluster).try_into().unwrap();
    // Without it another is made; then both are there.
    system.patch::<Secret>(&key.name_any(), &label("away"));
    eventually("another key", PATIENCE, || {
        let page = controller.get("/v1/cert.pem")?;
        (page.status == 200 && page.body != first.to_pem()).then_some(())
    });
    system.patch::<Secret>(&key.name_any(), &label(KEY_LABEL_ACTIVE));
    assert_eq!(keys(&cluster).len(), 2);
    controller.process().stop().unwrap();

    // The first of two calls is never answered.
    aws.proxy.fail_next("Decrypt", 1, Fault::Stall);
    let controller = spawn(&cluster, &aws);
    eventually("the other key to be in use", PATIENCE, || {
        (controller.get("/v1/cert.pem")?.status == 200).then_some(())
    });
    let given_up = controller.log().contains("cannot be unwrapped yet");
    assert!(!given_up, "{}", controller.log());

    // And the call is made again.
    aws.proxy.clear();
    eventually("both keys", PATIENCE, || {
        let log = controller.log();
        (log.matches("unwrapped and in use").count() == 2).then_some(())
    });
    let namespace = cluster.namespace("silent");
    let plain = namespace.plain("db").item("password", "hunter2");
    namespace.create(&plain.seal(&first));
    namespace.wait_synced("db", ConditionStatus::True);
}
