//! Keys in AWS KMS open SE1 values: symmetric ones on moto, RSA keys and states on ministack, with a
//! proxy in between that counts and makes trouble.

use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt as _;
use seal_api::{ConditionStatus, SealedSecret};
use seal_format::Scope;
use seal_format::se1::{Binding, Fault as Class, Wrap};
use seal_keys::RsaRecipient;
use serde_json::json;
use suite::{Cluster, Controller, KmsReader, Namespace, Reader, condition, data, text};
use testkit::aws::{self, Emulator, Fault, FaultProxy, Kind, Kms};

/// An emulator behind a proxy.
struct Aws {
    emulator: Emulator,
    proxy: FaultProxy,
}

impl Aws {
    fn start(kind: Kind) -> Self {
        let emulator = Emulator::start(kind).unwrap();
        let proxy = FaultProxy::start(emulator.url()).unwrap();
        Self { emulator, proxy }
    }

    fn reader(&self) -> KmsReader {
        KmsReader::make(Kms::at(self.proxy.url()))
    }

    fn controller(&self, cluster: &Cluster, args: &[&str]) -> Controller {
        let args = [&["--key-size=2048"], args].concat();
        Controller::start_in(cluster, &args, &aws::environment(self.proxy.url()))
    }

    fn decrypts(&self) -> usize {
        self.proxy.calls("Decrypt")
    }
}

fn create(namespace: &Namespace<'_>, name: &str, readers: &[&dyn Reader]) {
    let plain = namespace.plain(name).item("password", "hunter2");
    namespace.create(&plain.seal_se1(readers));
}

fn refused(namespace: &Namespace<'_>, name: &str, reason: &str) -> String {
    let sealed = namespace.wait_synced(name, ConditionStatus::False);
    let condition = condition(&sealed);
    let message = condition.message.unwrap();
    assert_eq!(condition.reason.as_deref(), Some(reason), "{message}");
    message
}

/// Wraps for another place than the object is in.
struct Misplaced<'a>(&'a KmsReader);

impl Reader for Misplaced<'_> {
    fn wrap_for(&self, key: &[u8], _: &Binding) -> Wrap {
        let other = Binding::from_text("strict/kms/other").unwrap();
        self.0.wrap_for(key, &other)
    }
}

#[test]
fn a_symmetric_key_opens_what_was_wrapped_for_this_place() {
    let aws = Aws::start(Kind::Moto);
    let reader = aws.reader();
    let cluster = Cluster::start();
    let controller = aws.controller(&cluster, &["--kms-key", &reader.arn]);
    let namespace = cluster.namespace("kms");
    for (title, scope, context) in [
        (
            "strict",
            Scope::Strict,
            json!({"seal-namespace": "kms", "seal-name": "strict"}),
        ),
        (
            "namespace-wide",
            Scope::NamespaceWide,
            json!({"seal-namespace": "kms"}),
        ),
        ("cluster-wide", Scope::ClusterWide, json!({})),
    ] {
        aws.proxy.forget_calls();
        let plain = namespace.plain(title).item("password", "hunter2");
        let plain = plain.item("a", "1").item("b", "2").scope(scope);
        namespace.create(&plain.seal_se1(&[&reader]));
        namespace.wait_synced(title, ConditionStatus::True);
        let secret = namespace.wait_secret(title);
        let items = [("password", "hunter2"), ("a", "1"), ("b", "2")];
        assert_eq!(data(&secret), text(&items));
        let calls = aws.proxy.requests("Decrypt");
        assert_eq!(calls.len(), 1, "one call, whatever the number of values");
        assert_eq!(calls[0]["KeyId"], reader.arn);
        let mut expected = context;
        expected["seal-format"] = json!("se1");
        expected["seal-scope"] = json!(title);
        assert_eq!(calls[0]["EncryptionContext"], expected);
    }

    // What was unwrapped is remembered: making the Secret again costs no call.
    aws.proxy.forget_calls();
    namespace.delete::<Secret>("strict");
    namespace.wait_secret("strict");
    assert_eq!(aws.decrypts(), 0);
    let unwraps =
        |labels: &[&str]| controller.metric("sealed_secrets_controller_unwraps_total", labels);
    assert!(unwraps(&["\"kms\"", "\"success\""]) > 2.5);
    assert!(unwraps(&["\"kms\"", "\"remembered\""]) > 0.5);
}

#[test]
fn only_configured_keys_are_called_and_none_without_need() {
    let aws = Aws::start(Kind::Moto);
    let (reader, unlisted) = (aws.reader(), aws.reader());
    let cluster = Cluster::start();
    let controller = aws.controller(&cluster, &["--kms-key", &reader.arn]);
    let namespace = cluster.namespace("kms");
    let mut foreign = aws.reader();
    foreign.called = Some("arn:aws:kms:us-east-1:999999999999:key/abc".to_owned());
    for (name, reader) in [("unlisted", &unlisted), ("foreign", &foreign)] {
        create(&namespace, name, &[reader]);
        let message = refused(&namespace, name, "UnsealFailed");
        assert!(
            message.starts_with(&Class::NoIdentity.to_string()),
            "{message}"
        );
        let named = reader.called.as_ref().unwrap_or(&reader.arn);
        assert!(message.contains(&format!("is for {named};")), "{message}");
    }
    // Nor is one in a service where a key at hand will do.
    let certificate = controller.certificate();
    create(&namespace, "local", &[&reader, &certificate]);
    namespace.wait_synced("local", ConditionStatus::True);
    assert_eq!(aws.proxy.all_calls().get("Decrypt"), None);

    create(&namespace, "misplaced", &[&Misplaced(&reader)]);
    let message = refused(&namespace, "misplaced", "UnsealFailed");
    assert_eq!(message, format!("{} (password)", Class::BadWrap));
    let unwraps =
        |labels: &[&str]| controller.metric("sealed_secrets_controller_unwraps_total", labels);
    assert!(unwraps(&["\"kms\"", "\"bad-wrap\""]) > 0.5);
    assert!(unwraps(&["\"none\"", "\"no-identity\""]) > 1.5);
}

#[test]
fn replicas_of_a_multi_region_key_are_one_key() {
    // moto does not find such keys by what they encrypted.
    let aws = Aws::start(Kind::Ministack);
    let kms = Kms::at(aws.proxy.url());
    let made = kms
        .call("CreateKey", &json!({"MultiRegion": true}))
        .unwrap();
    let arn = made["KeyMetadata"]["Arn"].as_str().unwrap().to_owned();
    let elsewhere = arn.replace(aws::REGION, "eu-central-1");
    let reader = KmsReader {
        kms,
        arn: arn.clone(),
        called: Some(elsewhere.clone()),
    };
    for (name, args) in [
        ("listed-here", vec!["--kms-key", &arn]),
        // The replica that the flag names is called, whichever is on the list.
        (
            "listed-there",
            vec!["--kms-key", &elsewhere, "--kms-region", aws::REGION],
        ),
    ] {
        let cluster = Cluster::start();
        let _controller = aws.controller(&cluster, &args);
        aws.proxy.forget_calls();
        let namespace = cluster.namespace("regions");
        create(&namespace, name, &[&reader]);
        namespace.wait_synced(name, ConditionStatus::True);
        assert_eq!(aws.proxy.requests("Decrypt")[0]["KeyId"], arn);
    }
}

#[test]
fn an_outage_delays_and_loses_nothing() {
    let aws = Aws::start(Kind::Moto);
    let reader = aws.reader();
    let cluster = Cluster::start();
    let controller = aws.controller(&cluster, &["--kms-key", &reader.arn]);
    let certificate = controller.certificate();
    let namespace = cluster.namespace("outage");
    create(&namespace, "live", &[&reader]);
    namespace.wait_synced("live", ConditionStatus::True);
    let denied = format!(
        "kms:Decrypt with {}: access denied; allow kms:Decrypt in",
        reader.arn
    );
    for (name, fault, said) in [
        (
            "throttled",
            Fault::Throttling,
            "AWS answers only so many calls",
        ),
        ("unavailable", Fault::Unavailable, "no answer from AWS"),
        ("reset", Fault::Reset, "no answer from AWS"),
        ("stall", Fault::Stall, "no answer from AWS"),
        (
            "expired",
            Fault::ExpiredToken,
            "the AWS credentials have expired",
        ),
        ("denied", Fault::AccessDenied, denied.as_str()),
    ] {
        let secret = namespace.wait_secret("live");
        aws.proxy.fail("Decrypt", fault);
        create(&namespace, name, &[&reader]);
        // One that was open before, with a new value.
        let changed = namespace.plain("live").item("password", name);
        let changed = changed.seal_se1(&[&reader]);
        namespace.edit("live", |sealed: &mut SealedSecret| {
            sealed.spec = changed.spec.clone();
        });
        for waiting in [name, "live"] {
            let message = refused(&namespace, waiting, "KeyUnavailable");
            assert!(
                message.starts_with(&Class::Unavailable.to_string()),
                "{message}"
            );
            assert!(message.contains(said), "{message}");
            namespace.wait_event(waiting, "ErrUnsealFailed");
        }
        assert!(namespace.secret(name).is_none());
        let kept = namespace.wait_secret("live");
        assert_eq!(kept.resource_version(), secret.resource_version());
        // Who needs no KMS does not wait for it.
        let local = format!("{name}-local");
        create(&namespace, &local, &[&certificate, &reader]);
        namespace.wait_synced(&local, ConditionStatus::True);

        aws.proxy.clear();
        for waiting in [name, "live"] {
            namespace.wait_synced(waiting, ConditionStatus::True);
        }
        assert_eq!(
            data(&namespace.wait_secret("live")),
            text(&[("password", name)])
        );
    }
}

#[test]
fn many_that_wait_neither_call_much_nor_hold_up_others() {
    const MANY: usize = 60;
    let aws = Aws::start(Kind::Moto);
    let reader = aws.reader();
    let cluster = Cluster::start();
    let controller = aws.controller(&cluster, &["--kms-key", &reader.arn]);
    let namespace = cluster.namespace("many");
    aws.proxy.fail("Decrypt", Fault::Stall);
    let names: Vec<_> = (0..MANY).map(|number| format!("db-{number}")).collect();
    for name in &names {
        create(&namespace, name, &[&reader]);
    }
    let plain = namespace.plain("legacy").item("a", "1");
    namespace.create(&plain.seal(&controller.certificate()));
    namespace.wait_synced("legacy", ConditionStatus::True);
    for name in &names {
        refused(&namespace, name, "KeyUnavailable");
    }
    let calls = aws.decrypts();
    assert!(calls < MANY, "{calls} calls");
    aws.proxy.clear();
    for name in &names {
        namespace.wait_synced(name, ConditionStatus::True);
    }
    assert_eq!(namespace.list::<Secret>("").len(), MANY + 1);
}

#[test]
fn an_rsa_key_in_kms_is_found_by_its_public_half() {
    let aws = Aws::start(Kind::Ministack);
    let kms = aws.emulator.kms();
    let arn = kms.create_rsa_key(2048).unwrap();
    let reader = RsaRecipient::from_spki(&kms.public_key(&arn).unwrap()).unwrap();
    let cluster = Cluster::start();
    // Away at the start: that keeps nobody from starting.
    aws.proxy.fail("GetPublicKey", Fault::Unavailable);
    let controller = aws.controller(&cluster, &["--kms-rsa-key", &arn]);
    let certificate = controller.certificate();
    let namespace = cluster.namespace("rsa");
    create(&namespace, "cluster", &[&certificate]);
    namespace.wait_synced("cluster", ConditionStatus::True);
    create(&namespace, "db", &[&reader]);
    let message = refused(&namespace, "db", "KeyUnavailable");
    assert!(
        message.contains(&format!("kms:GetPublicKey with {arn}: no answer")),
        "{message}"
    );
    // Waiting will not help where something else is wrong, too.
    let plain = namespace.plain("damaged").item("password", "hunter2");
    let mut damaged = plain.seal_se1(&[&reader]);
    let items = &mut damaged.spec.encrypted_data;
    items.insert("legacy".to_owned(), "AAAA".to_owned());
    namespace.create(&damaged);
    refused(&namespace, "damaged", "UnsealFailed");
    assert_eq!(aws.decrypts(), 0);

    aws.proxy.clear();
    namespace.wait_synced("db", ConditionStatus::True);
    let secret = namespace.wait_secret("db");
    assert_eq!(data(&secret), text(&[("password", "hunter2")]));
    let calls = aws.proxy.requests("Decrypt");
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0]["KeyId"], arn);
    assert_eq!(calls[0]["EncryptionAlgorithm"], "RSAES_OAEP_SHA_256");
    assert!(calls[0].get("EncryptionContext").is_none());

    kms.disable_key(&arn).unwrap();
    create(&namespace, "disabled", &[&reader]);
    let message = refused(&namespace, "disabled", "KeyUnavailable");
    assert!(
        message.contains("the key is disabled; enable it"),
        "{message}"
    );
    kms.enable_key(&arn).unwrap();
    namespace.wait_synced("disabled", ConditionStatus::True);
    // Another cluster's wrap is none of ours once all public halves are known.
    let stranger = kms.create_rsa_key(2048).unwrap();
    let stranger = RsaRecipient::from_spki(&kms.public_key(&stranger).unwrap()).unwrap();
    create(&namespace, "stranger", &[&stranger]);
    let message = refused(&namespace, "stranger", "UnsealFailed");
    assert!(
        message.starts_with(&Class::NoIdentity.to_string()),
        "{message}"
    );
}

#[test]
fn a_pods_role_is_enough() {
    let aws = Aws::start(Kind::Moto);
    let reader = aws.reader();
    let cluster = Cluster::start();
    let token = cluster.plane().dir().join("projected-token");
    std::fs::write(&token, "marker-in-token").unwrap();
    let nothing = || "/dev/null".to_owned();
    // As the EKS webhook sets them for a service account with a role; the endpoint by flag.
    let variables = [
        (
            "AWS_ROLE_ARN",
            "arn:aws:iam::123456789012:role/seal".to_owned(),
        ),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", token.display().to_string()),
        ("AWS_REGION", aws::REGION.to_owned()),
        ("AWS_ENDPOINT_URL_STS", aws.proxy.url().to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ("AWS_CONFIG_FILE", nothing()),
        ("AWS_SHARED_CREDENTIALS_FILE", nothing()),
        (
            "SEALED_SECRETS_KMS_KEYS",
            format!("{}, {}", aws.reader().arn, reader.arn),
        ),
    ];
    let endpoint = format!("--kms-endpoint={}", aws.proxy.url());
    let args = ["--key-size=2048", &endpoint, "--log-level=DEBUG"];
    let controller = Controller::start_in(&cluster, &args, &variables);
    let namespace = cluster.namespace("role");
    create(&namespace, "db", &[&reader]);
    namespace.wait_synced("db", ConditionStatus::True);
    assert_eq!(aws.proxy.calls("AssumeRoleWithWebIdentity"), 1);
    assert!(!controller.log().contains("marker-in-token"));
}
