//! Sealing keys whose private half is stored only wrapped, for KMS (moto, behind a proxy) or age.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt as _;
use seal_api::{AGE_IDENTITIES_LABEL, ConditionStatus, KEY_LABEL, KEY_LABEL_ACTIVE, SealedSecret};
use seal_format::se1::Fault as Class;
use seal_keys::{Certificate, Issued, PrivateKey};
use serde_json::{Value, json};
use suite::{AgePair, Cluster, Controller, Namespace, PATIENCE, condition};
use testkit::aws::{self, Emulator, Fault, FaultProxy, Kind};
use testkit::eventually;

pub(crate) const SMALL: &str = "--key-size=2048";

/// An emulator behind a proxy, and a symmetric key.
pub(crate) struct Aws {
    pub(crate) emulator: Emulator,
    pub(crate) proxy: FaultProxy,
    pub(crate) arn: String,
}

impl Aws {
    pub(crate) fn start() -> Self {
        let emulator = Emulator::start(Kind::Moto).unwrap();
        let proxy = FaultProxy::start(emulator.url()).unwrap();
        let arn = emulator.kms().create_symmetric_key().unwrap();
        Self {
            emulator,
            proxy,
            arn,
        }
    }

    pub(crate) fn variables(&self) -> [(&'static str, String); 8] {
        aws::environment(self.proxy.url())
    }
}

pub(crate) fn keys(cluster: &Cluster) -> Vec<Secret> {
    let active = format!("{KEY_LABEL}={KEY_LABEL_ACTIVE}");
    cluster.existing("kube-system").list(&active)
}

/// A key as backups hold it, newer than any that a controller made by now.
fn bring_own(cluster: &Cluster) -> Issued {
    let later = Timestamp::now() + SignedDuration::from_mins(1);
    let own = seal_keys::issue(2048, "own", later, SignedDuration::from_hours(24)).unwrap();
    let pem = own.key.to_pkcs1_pem().unwrap();
    let secret = json!({
        "metadata": {"labels": {KEY_LABEL: KEY_LABEL_ACTIVE}}, "type": "kubernetes.io/tls",
        "stringData": {"tls.crt": own.certificate.to_pem(), "tls.key": pem.as_str()},
    });
    cluster
        .existing("kube-system")
        .create_secret("own", &secret);
    own
}

pub(crate) fn opens(namespace: &Namespace<'_>, name: &str, certificate: &Certificate) {
    let plain = |name: &str| namespace.plain(name).item("password", "hunter2");
    let se1 = format!("{name}-se1");
    namespace.create(&plain(name).seal(certificate));
    namespace.create(&plain(&se1).seal_se1(&[certificate]));
    for name in [name, &se1] {
        namespace.wait_synced(name, ConditionStatus::True);
        namespace.wait_secret(name);
    }
}

/// Whatever stands in the Secret, in any nesting of JSON and base64.
fn layers(bytes: &[u8], found: &mut Vec<Vec<u8>>) {
    found.push(bytes.to_vec());
    if let Ok(json) = serde_json::from_slice::<Value>(bytes) {
        texts(&json, found);
    }
    match STANDARD.decode(bytes) {
        Ok(decoded) if !decoded.is_empty() => layers(&decoded, found),
        _ => {}
    }
}

fn texts(json: &Value, found: &mut Vec<Vec<u8>>) {
    match json {
        Value::String(text) => layers(text.as_bytes(), found),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(fields) => fields.values().for_each(|item| texts(item, found)),
        _ => {}
    }
}

/// Whether anything in these bytes is an RSA private key: as PEM, or as DER at any place.
fn holds_a_key(bytes: &[u8]) -> bool {
    let der = |at: usize| {
        let rest = &bytes[at..];
        PrivateKey::from_pkcs8_der(rest).is_ok()
            || PrivateKey::from_pkcs1_der(rest)
                .is_ok_and(|key| seal_keys::RsaIdentity::new(&key).is_ok())
    };
    let sequences = (0..bytes.len()).filter(|&at| bytes[at..].starts_with(&[0x30, 0x82]));
    PrivateKey::from_pem(bytes).is_ok() || sequences.into_iter().any(der)
}

/// What `kubectl get secrets` or a backup of etcd shows opens nothing, though keys are in it.
pub(crate) fn assert_opens_nothing(cluster: &Cluster) {
    let dump = assert_no_private_key(cluster);
    let secrets = dump["items"].as_array().unwrap();
    let mut fields = secrets.iter().map(|secret| &secret["data"]["seal.se1"]);
    assert!(fields.any(Value::is_string));
}

/// Every Secret, none of which holds a private key.
pub(crate) fn assert_no_private_key(cluster: &Cluster) -> Value {
    let dump = cluster
        .plane()
        .run(&["get", "secrets", "--all-namespaces", "-o", "json"])
        .unwrap();
    let dump: Value = serde_json::from_str(&dump).unwrap();
    let mut found = Vec::new();
    texts(&dump, &mut found);
    for bytes in found {
        assert!(!holds_a_key(&bytes), "{}", String::from_utf8_lossy(&bytes));
        let text = String::from_utf8_lossy(&bytes).to_ascii_uppercase();
        assert!(!text.contains("PRIVATE KEY"), "{text}");
        assert!(!text.contains("AGE-SECRET-KEY"), "{text}");
    }
    dump
}

pub(crate) fn data(secret: &Secret) -> BTreeMap<String, Vec<u8>> {
    let fields = secret.data.iter().flatten();
    fields
        .map(|(name, value)| (name.clone(), value.0.clone()))
        .collect()
}

#[test]
fn the_test_itself_finds_private_keys() {
    let now = Timestamp::now();
    let issued = seal_keys::issue(2048, "", now, SignedDuration::from_hours(1)).unwrap();
    let pem = issued.key.to_pkcs1_pem().unwrap();
    let der = [b"x", issued.key.pkcs8_der()].concat();
    let nested = json!({"a": [STANDARD.encode(json!({"b": STANDARD.encode(&der)}).to_string())]});
    let mut found = Vec::new();
    texts(&nested, &mut found);
    assert!(found.iter().any(|bytes| holds_a_key(bytes)));
    assert!(holds_a_key(pem.as_bytes()));
    assert!(!holds_a_key(issued.certificate.to_pem().as_bytes()));
}

#[test]
fn keys_are_stored_wrapped_and_open_after_a_restart() {
    let (aws, person) = (Aws::start(), AgePair::make());
    let cluster = Cluster::start();
    let recipients = format!("kms:{},{}", aws.arn, person.recipient.name());
    let mut variables = aws.variables().to_vec();
    variables.push(("SEALED_SECRETS_WRAP_KEYS_WITH", recipients));
    let mut controller = Controller::start_in(&cluster, &[SMALL], &variables);
    let certificate = controller.certificate();
    let namespace = cluster.namespace("wrapped");
    opens(&namespace, "db", &certificate);

    let [key] = keys(&cluster).try_into().unwrap();
    let name = key.name_any();
    assert!(name.starts_with("sealed-secrets-key"));
    assert_eq!(key.type_.as_deref(), Some("kubernetes.io/tls"));
    let fields = data(&key);
    assert_eq!(fields["tls.key"], b"");
    assert_eq!(fields["tls.crt"], certificate.to_pem().as_bytes());
    let wrapped: Value = serde_json::from_slice(&fields["seal.se1"]).unwrap();
    let bound = format!("strict/kube-system/{name}");
    let entries = wrapped["dataKeys"].as_object().unwrap();
    let entry = entries.values().next().unwrap();
    assert_eq!(entry["boundTo"], bound);
    assert_eq!(entry["wraps"][0]["to"], person.recipient.name());
    assert_eq!(entry["wraps"][1]["to"], aws.arn);
    let context = json!({
        "seal-format": "se1", "seal-scope": "strict",
        "seal-namespace": "kube-system", "seal-name": name,
    });
    assert_eq!(
        aws.proxy.requests("Encrypt")[0]["EncryptionContext"],
        context
    );
    assert_opens_nothing(&cluster);

    aws.proxy.forget_calls();
    controller.process().kill().unwrap();
    controller.process_mut().restart().unwrap();
    controller.wait_ready();
    assert_eq!(
        controller.certificate().fingerprint(),
        certificate.fingerprint()
    );
    for name in ["db", "db-se1"] {
        namespace.delete::<Secret>(name);
        namespace.wait_secret(name);
    }
    opens(&namespace, "later", &certificate);
    assert_eq!(keys(&cluster).len(), 1);
    // Once at the start, whatever is opened then.
    let calls = aws.proxy.requests("Decrypt");
    assert_eq!(calls.len(), 1);
    assert_eq!(
        (&calls[0]["KeyId"], &calls[0]["EncryptionContext"]),
        (&json!(aws.arn), &context)
    );
    assert!(!controller.log().contains("PRIVATE KEY"));
}

/// The metric of locked sealing keys.
const NUMBER_LOCKED: &str = "sealed_secrets_controller_locked_sealing_keys";

/// A certificate of another cluster.
fn stranger() -> Certificate {
    let hour = SignedDuration::from_hours(1);
    let issued = seal_keys::issue(2048, "", Timestamp::now(), hour).unwrap();
    issued.certificate
}

/// A controller whose one key is locked says so, and makes no other.
fn says_that_it_waits(controller: &Controller, cluster: &Cluster, aws: &Aws, name: &str) {
    let system = cluster.existing("kube-system");
    let event = system.wait_event(name, "SealingKeyLocked").message.unwrap();
    assert!(
        event.contains(&format!("kms:Decrypt with {}: access denied", aws.arn)),
        "{event}"
    );
    assert!(event.contains("no new key is made"), "{event}");
    let page = controller.get("/readyz").unwrap();
    let locked = format!("sealing key {name} cannot be unwrapped yet\n");
    assert_eq!(
        (page.status, page.body),
        (503, format!("not ready\n{locked}"))
    );
    assert_eq!(controller.get("/v1/cert.pem").unwrap().status, 503);
    assert_eq!(keys(cluster).len(), 1);

    assert!(controller.metric(NUMBER_LOCKED, &[]) > 0.5);
}

/// Objects whose key is locked say so; others say what they lack.
fn tell_that_they_wait(namespace: &Namespace, name: &str) {
    for (late, reason, said) in [
        ("late", "KeyUnavailable", format!("yet: {name}. ")),
        (
            "late-se1",
            "KeyUnavailable",
            format!("is for the sealing key {name}, which cannot"),
        ),
        ("before", "KeyUnavailable", format!("yet: {name}. ")),
        (
            "before-se1",
            "KeyUnavailable",
            format!("is for the sealing key {name}, which cannot"),
        ),
        ("damaged", "UnsealFailed", "(damaged)".to_owned()),
        ("stranger", "UnsealFailed", Class::NoIdentity.to_string()),
    ] {
        let refused = namespace.wait_synced(late, ConditionStatus::False);
        let condition = condition(&refused);
        let message = condition.message.unwrap();
        assert_eq!(
            condition.reason.as_deref(),
            Some(reason),
            "{late}: {message}"
        );
        assert!(message.contains(&said), "{late}: {message}");
    }
}

#[test]
fn while_kms_is_away_other_keys_work_and_none_is_made() {
    let aws = Aws::start();
    let cluster = Cluster::start();
    let wrap = format!("--wrap-keys-with=kms:{}", aws.arn);
    let args = [SMALL, &wrap];
    let controller = Controller::start_in(&cluster, &args, &aws.variables());
    let wrapped = controller.certificate();
    let namespace = cluster.namespace("away");
    opens(&namespace, "before", &wrapped);
    controller.process().stop().unwrap();
    let [key] = keys(&cluster).try_into().unwrap();
    let name = key.name_any();

    // Nothing else is there: it waits, and makes no other key, though one were due for long.
    aws.proxy.fail("Decrypt", Fault::AccessDenied);
    let overdue = [SMALL, &wrap, "--key-renew-period=1s"];
    let controller = Controller::spawn_in(&cluster, &overdue, &aws.variables());
    says_that_it_waits(&controller, &cluster, &aws, &name);

    // A key that is at hand works, meanwhile.
    let own = bring_own(&cluster);
    controller.wait_ready();
    assert_eq!(
        controller.get("/readyz").unwrap().body,
        format!("ok\nsealing key {name} cannot be unwrapped yet\n")
    );
    opens(&namespace, "own", &own.certificate);
    let plain = |name: &str| namespace.plain(name).item("password", "hunter2");
    namespace.create(&plain("late").seal(&wrapped));
    namespace.create(&plain("late-se1").seal_se1(&[&wrapped]));
    // What only the locked key opens says so. A legacy value names no key, and may be for this one.
    let mut damaged = plain("damaged").seal(&wrapped);
    let items = &mut damaged.spec.encrypted_data;
    items.insert("damaged".to_owned(), "AAAA".to_owned());
    namespace.create(&damaged);
    namespace.create(&plain("stranger").seal_se1(&[&stranger()]));
    tell_that_they_wait(&namespace, &name);
    assert!(namespace.secret("before").is_some());

    aws.proxy.clear();
    for late in ["late", "late-se1", "before", "before-se1"] {
        namespace.wait_synced(late, ConditionStatus::True);
    }
    let system = cluster.existing("kube-system");
    system.wait_event(&name, "SealingKeyUnwrapped");
    assert_eq!(controller.get("/readyz").unwrap().body, "ok\n");
    assert!(controller.metric(NUMBER_LOCKED, &[]) < 0.5);
    // The key of tomorrow is not overdue.
    assert_eq!(keys(&cluster).len(), 2);
    assert!(aws.emulator.kms().describe(&aws.arn).is_ok());
}

#[test]
fn a_key_that_could_not_be_opened_again_is_never_stored() {
    let cluster = Cluster::start();
    let (ours, offline) = (AgePair::make(), AgePair::make());
    let wrap = |pair: &AgePair| format!("--wrap-keys-with={}", pair.recipient.name());
    let (ours_too, offline_only) = (wrap(&ours), wrap(&offline));
    let args = [SMALL, &offline_only, &ours_too, "--key-renew-period=3s"];
    let controller = Controller::spawn_in(&cluster, &args, &[]);
    eventually("a refusal to make a key", PATIENCE, || {
        let said = "this controller could not unwrap it after a restart";
        controller.log().contains(said).then_some(())
    });
    assert!(keys(&cluster).is_empty());

    // With one of the identities it goes on; new keys are wrapped for all, each time.
    let identities = json!({
        "metadata": {"labels": {AGE_IDENTITIES_LABEL: "active"}},
        "stringData": {"keys.txt": ours.identity},
    });
    cluster
        .existing("kube-system")
        .create_secret("identities", &identities);
    controller.wait_ready();
    let first = controller.certificate();
    eventually("a second key", PATIENCE, || {
        let served = controller.certificate();
        (served.not_before() > first.not_before()).then_some(())
    });
    let namespace = cluster.namespace("rotated");
    opens(&namespace, "old", &first);
    opens(&namespace, "new", &controller.certificate());
    for key in keys(&cluster) {
        let fields = data(&key);
        assert_eq!(fields["tls.key"], b"");
        let wrapped = String::from_utf8(fields["seal.se1"].clone()).unwrap();
        for pair in [&ours, &offline] {
            assert!(wrapped.contains(pair.recipient.name()));
        }
    }
}

#[test]
fn a_copy_of_a_wrapped_key_in_a_sealed_secret_opens_nothing() {
    let (aws, pair) = (Aws::start(), AgePair::make());
    let cluster = Cluster::start();
    let system = cluster.existing("kube-system");
    let identities = json!({
        "metadata": {"labels": {AGE_IDENTITIES_LABEL: "active"}},
        "stringData": {"keys.txt": pair.identity},
    });
    system.create_secret("identities", &identities);
    let wrap = format!("--wrap-keys-with=kms:{}", aws.arn);
    let person = format!("--wrap-keys-with={}", pair.recipient.name());
    let allowed = format!("--kms-key={}", aws.arn);
    for recipients in [&[&wrap][..], &[&wrap, &person]] {
        let mut args = vec![SMALL, &allowed];
        args.extend(recipients.iter().map(|flag| flag.as_str()));
        let controller = Controller::start_in(&cluster, &args, &aws.variables());
        let [key] = keys(&cluster).try_into().unwrap();
        let name = key.name_any();
        let field = String::from_utf8(data(&key)["seal.se1"].clone()).unwrap();
        aws.proxy.forget_calls();
        for (item, fault, calls) in [
            ("seal/private-key", Class::Malformed, 0),
            // Whoever gives it a name that Secrets can have has changed the value.
            ("tls.key", Class::BadValue, 2 - recipients.len()),
        ] {
            let spec: Value =
                serde_json::from_str(&field.replace("seal/private-key", item)).unwrap();
            let copy =
                json!({"metadata": {"name": name, "namespace": "kube-system"}, "spec": spec});
            system.create(&serde_json::from_value::<SealedSecret>(copy).unwrap());
            let refused = system.wait_synced(&name, ConditionStatus::False);
            let condition = condition(&refused);
            assert_eq!(condition.reason.as_deref(), Some("UnsealFailed"));
            let expected = format!("{fault} ({item})");
            assert_eq!(condition.message, Some(expected));
            assert_eq!(aws.proxy.calls("Decrypt"), calls, "{item}");
            system.delete::<SealedSecret>(&name);
        }
        // Neither was the key's Secret touched, which has the same name.
        assert_eq!(system.get::<Secret>(&name).unwrap(), key);
        drop(controller);
        system.delete::<Secret>(&name);
    }
}
