//! A sealing key whose private half never leaves AWS KMS (ministack, behind a proxy).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt as _;
use seal_api::{ConditionStatus, KMS_CERTIFICATE_LABEL, KMS_KEY};
use seal_format::Scope;
use seal_keys::{Certificate, certify};
use serde_json::{Value, json};
use suite::{Cluster, Controller, Namespace, PATIENCE, condition, data, text};
use testkit::aws::{self, Emulator, Fault, FaultProxy, Kind};
use testkit::eventually;

use crate::cloud_keys::{SMALL, assert_no_private_key, keys};

/// An emulator behind a proxy, and an RSA key in it.
pub(crate) struct Aws {
    emulator: Emulator,
    pub(crate) proxy: FaultProxy,
    arn: String,
}

impl Aws {
    pub(crate) fn start() -> Self {
        let emulator = Emulator::start(Kind::Ministack).unwrap();
        let proxy = FaultProxy::start(emulator.url()).unwrap();
        let arn = emulator.kms().create_rsa_key(2048).unwrap();
        Self {
            emulator,
            proxy,
            arn,
        }
    }

    fn variables(&self) -> Vec<(&'static str, String)> {
        let mut variables = aws::environment(self.proxy.url()).to_vec();
        variables.push(("SEALED_SECRETS_SEALING_KEY", format!("kms:{}", self.arn)));
        variables
    }

    pub(crate) fn start_controller(&self, cluster: &Cluster) -> Controller {
        Controller::start_in(cluster, &[SMALL], &self.variables())
    }

    fn spawn_controller(&self, cluster: &Cluster) -> Controller {
        Controller::spawn_in(cluster, &[SMALL], &self.variables())
    }

    fn fail(&self, fault: Fault) {
        for operation in ["GetPublicKey", "Decrypt"] {
            self.proxy.fail(operation, fault);
        }
    }

    /// One for the key, made so many hours ago and valid for so many.
    fn certificate(&self, age: i64, life: i64) -> Certificate {
        let spki = self.emulator.kms().public_key(&self.arn).unwrap();
        let start = Timestamp::now() - SignedDuration::from_hours(age);
        certify(&spki, "planted", start, SignedDuration::from_hours(life)).unwrap()
    }

    /// The name of the certificate's Secret.
    fn secret_name(&self) -> String {
        let fingerprint = self.certificate(0, 1).fingerprint();
        format!("sealed-secrets-kms-{}", &fingerprint[..16])
    }
}

fn secret_of(arn: &str, pem: &str) -> Value {
    json!({
        "metadata": {
            "labels": {KMS_CERTIFICATE_LABEL: "active"}, "annotations": {KMS_KEY: arn},
        },
        "stringData": {"tls.crt": pem},
    })
}

fn stored(cluster: &Cluster) -> Vec<Secret> {
    let label = format!("{KMS_CERTIFICATE_LABEL}=active");
    cluster.existing("kube-system").list(&label)
}

fn readiness(controller: &Controller) -> (u16, String) {
    let page = controller.get("/readyz").unwrap();
    (page.status, page.body)
}

#[track_caller]
fn wait_readiness(controller: &Controller, status: u16, text: &str) {
    eventually(text, PATIENCE, || {
        let (found, body) = readiness(controller);
        (found == status && body.contains(text)).then_some(())
    });
}

fn seal(namespace: &Namespace<'_>, name: &str, certificate: &Certificate) {
    let plain = namespace.plain(name).item("password", "hunter2");
    let plain = plain.item("token", name);
    if name.starts_with("se1") {
        namespace.create(&plain.seal_se1(&[certificate]));
    } else {
        let scope = if name.starts_with("legacy") {
            Scope::ClusterWide
        } else if name.starts_with("namespace-wide") {
            Scope::NamespaceWide
        } else {
            Scope::Strict
        };
        namespace.create(&plain.scope(scope).seal(certificate));
    }
}

#[track_caller]
fn wait_opened(namespace: &Namespace<'_>, name: &str) {
    namespace.wait_synced(name, ConditionStatus::True);
    let secret = namespace.wait_secret(name);
    let items = text(&[("password", "hunter2"), ("token", name)]);
    assert_eq!(data(&secret), items);
}

#[track_caller]
fn wait_refused(namespace: &Namespace<'_>, name: &str, reason: &str) -> String {
    let what = format!("to have the reason {reason}");
    let sealed = namespace.wait_for(name, &what, |sealed| {
        condition(sealed).reason.as_deref() == Some(reason)
    });
    condition(&sealed).message.unwrap()
}

#[test]
fn one_certificate_for_all_and_no_private_key_in_the_cluster() {
    let aws = Aws::start();
    let cluster = Cluster::start();
    // Both at once: one of them makes it.
    let first = aws.spawn_controller(&cluster);
    let mut second = aws.spawn_controller(&cluster);
    first.wait_ready();
    second.wait_ready();
    let pem = |controller: &Controller| controller.get("/v1/cert.pem").unwrap().body;
    let served = pem(&first);
    assert_eq!(served, pem(&second));
    let certificate = first.certificate();
    assert!(certificate.is_kms_held());
    assert_eq!(
        certificate.fingerprint(),
        aws.certificate(0, 1).fingerprint()
    );
    assert_no_private_key(&cluster);
    assert!(keys(&cluster).is_empty());
    let [secret] = stored(&cluster).try_into().unwrap();
    assert_eq!(secret.name_any(), aws.secret_name());
    assert_eq!(secret.annotations()[KMS_KEY], aws.arn);
    assert_eq!(secret.type_.as_deref(), Some("Opaque"));
    assert_eq!(data(&secret), text(&[("tls.crt", &served)]));
    first.process().stop().unwrap();

    // Neither a restart nor an outage of KMS changes what is served.
    let namespace = cluster.namespace("cloud");
    seal(&namespace, "se1", &certificate);
    wait_opened(&namespace, "se1");
    aws.fail(Fault::Unavailable);
    second.process().kill().unwrap();
    second.process_mut().restart().unwrap();
    second.wait_ready();
    assert_eq!(pem(&second), served);
    let (_, body) = readiness(&second);
    assert!(
        body.starts_with("ok\n") && body.contains("no answer from AWS"),
        "{body}"
    );
    assert!(!body.contains("arn:"), "{body}");
    for name in ["se1-later", "legacy-later"] {
        seal(&namespace, name, &certificate);
        let message = wait_refused(&namespace, name, "KeyUnavailable");
        assert!(message.contains("no answer from AWS"), "{message}");
    }
    aws.proxy.clear();
    wait_opened(&namespace, "se1-later");
    wait_opened(&namespace, "legacy-later");
    eventually("no more trouble", PATIENCE, || {
        (readiness(&second) == (200, "ok\n".to_owned())).then_some(())
    });
    assert_eq!(pem(&second), served);

    // Whoever deletes it deletes nothing that is lost.
    let system = cluster.existing("kube-system");
    system.delete::<Secret>(&aws.secret_name());
    let again = system.wait_secret(&aws.secret_name());
    assert_eq!(data(&again)["tls.crt"], served);
    assert_no_private_key(&cluster);
    assert!(keys(&cluster).is_empty());
}

#[test]
fn what_is_sealed_for_it_opens_where_kms_can() {
    let aws = Aws::start();
    let cluster = Cluster::start();
    // Sealed before, for a key in the cluster.
    let before = Controller::start_in(&cluster, &[SMALL], &[]);
    let old = before.certificate();
    before.process().stop().unwrap();
    let args = [SMALL, "--key-renew-period=1s"];
    let controller = Controller::start_in(&cluster, &args, &aws.variables());
    let certificate = controller.certificate();
    assert_ne!(certificate.fingerprint(), old.fingerprint());
    let namespace = cluster.namespace("migrated");
    for name in ["strict-old", "namespace-wide-old", "legacy-old", "se1-old"] {
        seal(&namespace, name, &old);
        wait_opened(&namespace, name);
    }
    assert_eq!(aws.proxy.calls("Decrypt"), 0);

    seal(&namespace, "se1", &certificate);
    wait_opened(&namespace, "se1");
    let [call] = aws.proxy.requests("Decrypt").try_into().unwrap();
    assert_eq!(call["KeyId"], aws.arn);
    aws.proxy.forget_calls();
    seal(&namespace, "legacy", &certificate);
    wait_opened(&namespace, "legacy");
    let calls = aws.proxy.requests("Decrypt");
    assert_eq!(calls.len(), 2, "one for each value");
    for call in calls {
        assert_eq!(call["KeyId"], aws.arn);
        assert_eq!(call["EncryptionAlgorithm"], "RSAES_OAEP_SHA_256");
        assert!(call.get("EncryptionContext").is_none());
    }
    // What KMS opened is remembered, wherever it is.
    aws.proxy.forget_calls();
    namespace.delete::<Secret>("legacy");
    wait_opened(&namespace, "legacy");
    assert_eq!(aws.proxy.calls("Decrypt"), 0);

    // KMS cannot be told a label: it is not even asked.
    for name in ["strict", "namespace-wide"] {
        seal(&namespace, name, &certificate);
        let message = wait_refused(&namespace, name, "UnsealFailed");
        for part in [
            "no key could decrypt",
            "KMS takes no label",
            "--format-version se1",
        ] {
            assert!(message.contains(part), "{message}");
        }
    }
    assert_eq!(aws.proxy.calls("Decrypt"), 0);
    // The period is long over: nothing was minted in the old way.
    assert_eq!(keys(&cluster).len(), 1);
}

#[test]
fn without_kms_and_without_a_certificate_it_waits() {
    let aws = Aws::start();
    let cluster = Cluster::start();
    aws.fail(Fault::AccessDenied);
    let controller = aws.spawn_controller(&cluster);
    wait_readiness(
        &controller,
        503,
        "the public key of the sealing key in KMS is not known yet (access denied)",
    );
    assert_eq!(controller.get("/v1/cert.pem").unwrap().status, 503);
    let said = format!("kms:GetPublicKey with {}: access denied; allow", aws.arn);
    eventually(&said, PATIENCE, || {
        controller.log().contains(&said).then_some(())
    });
    assert!(stored(&cluster).is_empty() && keys(&cluster).is_empty());
    aws.proxy.clear();
    controller.wait_ready();
    controller.process().stop().unwrap();

    // A stored one for the same key is served while KMS is away; with two of them nobody knows.
    let system = cluster.existing("kube-system");
    let other =
        seal_keys::issue(2048, "", Timestamp::now(), SignedDuration::from_hours(1)).unwrap();
    let (now, hour) = (Timestamp::now(), SignedDuration::from_hours(1));
    let foreign = certify(other.certificate.spki(), "", now, hour).unwrap();
    let stranger = format!("sealed-secrets-kms-{}", &foreign.fingerprint()[..16]);
    system.create_secret(&stranger, &secret_of(&aws.arn, &foreign.to_pem()));
    aws.fail(Fault::Unavailable);
    let controller = aws.spawn_controller(&cluster);
    wait_readiness(&controller, 503, "certificates for several keys are stored");
    assert_eq!(controller.get("/v1/cert.pem").unwrap().status, 503);
    // KMS knows which; the other one is told, and left alone.
    aws.proxy.clear();
    controller.wait_ready();
    assert_eq!(
        controller.certificate().fingerprint(),
        aws.certificate(0, 1).fingerprint()
    );
    let event = system.wait_event(&stranger, "InvalidKmsCertificate");
    assert!(event.message.unwrap().contains("does not open here"));
    assert_eq!(
        data(&system.wait_secret(&stranger))["tls.crt"],
        foreign.to_pem()
    );
}

#[test]
fn a_key_that_cannot_decrypt_is_refused_by_name() {
    let mut aws = Aws::start();
    let cluster = Cluster::start();
    aws.arn = aws.emulator.kms().create_symmetric_key().unwrap();
    let controller = aws.spawn_controller(&cluster);
    wait_readiness(&controller, 503, "it is the wrong kind of key");
    let said = format!(
        "kms:GetPublicKey with {}: it is the wrong kind of key",
        aws.arn
    );
    assert!(controller.log().contains(&said));
    assert!(stored(&cluster).is_empty());
    let key = format!("--sealing-key=kms:{}", aws.arn);
    let wrap = format!("--wrap-keys-with=kms:{}", aws.arn);
    let refusal = Controller::refusal(&[&key, &wrap]);
    assert!(
        refusal.contains("--sealing-key and --wrap-keys-with exclude each other"),
        "{refusal}"
    );
}

#[test]
fn a_wrong_certificate_is_neither_served_nor_overwritten() {
    let aws = Aws::start();
    let cluster = Cluster::start();
    let system = cluster.existing("kube-system");
    let name = aws.secret_name();
    let (now, hour) = (Timestamp::now(), SignedDuration::from_hours(1));
    let other = seal_keys::issue(2048, "", now, hour).unwrap();
    let foreign = certify(other.certificate.spki(), "", now, hour).unwrap();
    let unmarked = other.certificate.to_pem();
    for (pem, said) in [
        (
            foreign.to_pem().as_str(),
            "tls.crt is for another key (rsa:",
        ),
        (
            unmarked.as_str(),
            "does not say that its private key is in KMS",
        ),
        ("rubbish", "does not contain any valid"),
    ] {
        let planted = system.create_secret(&name, &secret_of(&aws.arn, pem));
        let controller = aws.spawn_controller(&cluster);
        wait_readiness(&controller, 503, said);
        assert_eq!(controller.get("/v1/cert.pem").unwrap().status, 503);
        let event = eventually("an event that says so", PATIENCE, || {
            let events = system.events(&name, "InvalidKmsCertificate");
            let messages = events.into_iter().filter_map(|event| event.message);
            messages.into_iter().find(|message| message.contains(said))
        });
        assert!(
            event.contains("not overwritten") && event.contains("delete it"),
            "{event}"
        );
        let kept = system.wait_secret(&name);
        assert_eq!(kept.resource_version(), planted.resource_version());
        // What does not need the certificate works on.
        let namespace = cluster.existing("default");
        let object = format!("se1-{}", said.len());
        seal(&namespace, &object, &aws.certificate(0, 1));
        wait_opened(&namespace, &object);

        system.delete::<Secret>(&name);
        controller.wait_ready();
        assert_eq!(
            controller.certificate().fingerprint(),
            aws.certificate(0, 1).fingerprint()
        );
        // Spoilt while it runs: what is known to be right is served on.
        let served = controller.certificate().to_pem();
        system.patch::<Secret>(&name, &json!({"stringData": {"tls.crt": pem}}));
        wait_readiness(&controller, 200, said);
        assert_eq!(controller.certificate().to_pem(), served);
        controller.process().stop().unwrap();
        system.delete::<Secret>(&name);
    }
}

#[test]
fn a_certificate_is_renewed_before_clients_refuse_it() {
    let aws = Aws::start();
    let cluster = Cluster::start();
    let system = cluster.existing("kube-system");
    let name = aws.secret_name();
    // Without its label, too: found by its name.
    let (old, young) = (aws.certificate(3, 5), aws.certificate(1, 5));
    let unlabelled = json!({"stringData": {"tls.crt": old.to_pem()}});
    let before = system.create_secret(&name, &unlabelled);
    let controller = aws.start_controller(&cluster);
    let renewed = eventually("a new certificate", PATIENCE, || {
        let served = controller.certificate();
        (served.to_pem() != old.to_pem()).then_some(served)
    });
    assert_eq!(renewed.fingerprint(), old.fingerprint());
    assert!(renewed.not_after() > old.not_after());
    let after = system.wait_secret(&name);
    assert_eq!(after.uid(), before.uid());
    assert_eq!(data(&after)["tls.crt"], renewed.to_pem());
    assert_eq!(after.annotations()[KMS_KEY], aws.arn);
    assert_eq!(after.labels()[KMS_CERTIFICATE_LABEL], "active");

    // Another replica's is taken over; an expired one is replaced.
    let put = |certificate: &Certificate| {
        let pem = certificate.to_pem();
        system.patch::<Secret>(&name, &json!({"stringData": {"tls.crt": pem}}));
    };
    put(&young);
    eventually("the certificate of another replica", PATIENCE, || {
        (controller.certificate().to_pem() == young.to_pem()).then_some(())
    });
    put(&aws.certificate(5, 2));
    eventually("a certificate that is valid", PATIENCE, || {
        let valid = controller.certificate().not_after() > Timestamp::now();
        (valid && data(&system.wait_secret(&name))["tls.crt"] != young.to_pem()).then_some(())
    });
    system.patch::<Secret>(
        &name,
        &json!({"metadata": {"annotations": {KMS_KEY: null}}}),
    );
    system.wait_for(&name, "to name its key again", |secret: &Secret| {
        secret.annotations().get(KMS_KEY) == Some(&aws.arn)
    });
}

#[test]
fn worthless_values_cost_few_calls() {
    let aws = Aws::start();
    let cluster = Cluster::start();
    let controller = aws.start_controller(&cluster);
    let namespace = cluster.namespace("worthless");
    let (now, hour) = (Timestamp::now(), SignedDuration::from_hours(1));
    let foreign = seal_keys::issue(2048, "", now, hour).unwrap().certificate;
    let mut plain = namespace.plain("many").scope(Scope::ClusterWide);
    for number in 0..100 {
        plain = plain.item(&format!("item-{number:02}"), "x");
    }
    namespace.create(&plain.clone().seal(&foreign));
    let message = wait_refused(&namespace, "many", "UnsealFailed");
    assert!(
        message.contains("no key could decrypt secret (item-00)"),
        "{message}"
    );
    assert!(
        message.contains("not tried, as others do not open (item-01"),
        "{message}"
    );
    let passes = controller.metric("sealed_secrets_controller_unseal_requests_total", &[]);
    let calls = controller.metric(
        "sealed_secrets_controller_unwraps_total",
        &["\"kms-rsa\"", "\"bad-wrap\""],
    );
    assert!(
        calls > 0.5 && calls <= 4.0 * passes,
        "{calls} calls in {passes} passes"
    );
    assert!(!message.contains("KMS takes no label"), "{message}");
    // Another size cannot be for this key.
    let longer = seal_keys::issue(3072, "", now, hour).unwrap().certificate;
    seal(&namespace, "legacy-longer", &longer);
    wait_refused(&namespace, "legacy-longer", "UnsealFailed");
    seal(&namespace, "legacy", &controller.certificate());
    wait_opened(&namespace, "legacy");
    for call in aws.proxy.requests("Decrypt") {
        let blob = STANDARD.decode(call["CiphertextBlob"].as_str().unwrap());
        assert_eq!(blob.unwrap().len(), 256);
    }
}
