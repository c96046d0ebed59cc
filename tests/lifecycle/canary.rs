//! No secret is told: not in logs, events, statuses or metrics, whatever goes wrong.

use k8s_openapi::api::core::v1::Secret;
use seal_api::{ConditionStatus, SealedSecret};
use seal_keys::Certificate;
use serde_json::json;
use suite::{Cluster, Controller, Namespace};
use testkit::Canary;

/// What must not appear: values, template texts, and what someone writes into a live Secret.
struct Canaries {
    value: Canary,
    template: Canary,
    /// A function that a template calls: [`Self::template`] as an identifier.
    function: Canary,
    drift: Canary,
}

impl Canaries {
    fn new() -> Self {
        let canary = |kind| Canary::new(kind).unwrap();
        let template = canary("template");
        Self {
            value: canary("value"),
            function: Canary::of(template.text().replace('-', "")),
            template,
            drift: canary("drift"),
        }
    }

    fn assert_absent(&self, place: &str, text: &str) {
        for canary in [&self.value, &self.template, &self.function, &self.drift] {
            canary.assert_absent(place, text);
        }
    }
}

fn with_template(mut sealed: SealedSecret, text: String) -> SealedSecret {
    let template = sealed.spec.template.get_or_insert_default();
    template.data = Some([("rendered".to_owned(), Some(text))].into());
    sealed
}

/// Opens it and drifts it: all goes well.
fn open_and_drift(namespace: &Namespace<'_>, certificate: &Certificate, canaries: &Canaries) {
    let value = canaries.value.text();
    let plain = |name: &str| namespace.plain(name).item("password", value);
    namespace.create(&plain("opened").seal(certificate));
    let rendered = format!("{} {{{{ .password }}}}", canaries.template.text());
    let templated = plain("templated").seal(certificate);
    namespace.create(&with_template(templated, rendered));
    for name in ["opened", "templated"] {
        namespace.wait_synced(name, ConditionStatus::True);
    }
    let secret = suite::data(&namespace.wait_secret("templated"));
    for canary in [&canaries.value, &canaries.template] {
        assert!(canary.find(secret["rendered"].as_bytes()).is_some());
    }
    let edit = json!({"stringData": {"password": canaries.drift.text()}});
    namespace.patch::<Secret>("opened", &edit);
    namespace.wait_for("opened", "to be repaired", |secret: &Secret| {
        suite::data(secret)["password"] == value
    });
}

/// Mis-seals it, does not seal it at all, and lets the API server refuse it.
fn mis_seal(namespace: &Namespace<'_>, certificate: &Certificate, canaries: &Canaries) {
    let value = canaries.value.text();
    let plain = |name: &str| namespace.plain(name).item("password", value);
    let mut renamed = plain("other").seal(certificate);
    renamed.metadata.name = Some("mis-sealed".to_owned());
    namespace.create(&renamed);
    for (name, text) in [
        ("base64", canaries.value.base64()),
        ("plaintext", value.to_owned()),
    ] {
        let mut sealed = plain(name).seal(certificate);
        let items = &mut sealed.spec.encrypted_data;
        items.insert("password".to_owned(), text);
        namespace.create(&sealed);
    }
    let label = plain("bad-label").label("app", &format!("{value} !"));
    namespace.create(&label.seal(certificate));
    let item = namespace.plain("bad-item").item("not a key", value);
    namespace.create(&item.seal(certificate));
    namespace.wait_event("mis-sealed", "ErrUnsealFailed");
    namespace.wait_event("bad-label", "ErrUpdateFailed");
}

/// Breaks templates on it, in ways that make Go's errors repeat it.
fn mis_template(namespace: &Namespace<'_>, certificate: &Certificate, canaries: &Canaries) {
    let (value, text) = (canaries.value.text(), canaries.template.text());
    let broken = [
        "{{ fail .password }}".to_owned(),
        format!("{{{{ fail \"{text}\" }}}}"),
        format!("{{{{ .password | {} }}}}", canaries.function.text()),
        format!("{{{{ {} }}}}", canaries.function.text()),
        format!("{text} {{{{ if }}}}"),
        format!("{{{{ index .password \"{text}\" }}}}"),
        format!("{{{{ template \"{text}\" }}}}"),
        "{{ .password.field }}".to_owned(),
        "{{ mustFromJson .password }}".to_owned(),
        "{{ mustToDate \"2006-01-02\" .password }}".to_owned(),
        "{{ mustRegexMatch .password .password | div 1 0 }}".to_owned(),
        "{{ slice .password 1000 2000 }}".to_owned(),
        "{{ call .password }}".to_owned(),
    ];
    for (index, template) in broken.into_iter().enumerate() {
        let name = format!("broken-{index}");
        let plain = namespace.plain(&name).item("password", value);
        namespace.create(&with_template(plain.seal(certificate), template));
        namespace.wait_synced(&name, ConditionStatus::False);
    }
    namespace.wait_event("broken-0", "ErrUnsealFailed");
}

#[test]
fn no_secret_is_told() {
    let cluster = Cluster::start();
    for (name, args) in [
        ("trace", ["--log-level=TRACE", "--log-format=text"]),
        ("json", ["--log-level=INFO", "--log-format=json"]),
    ] {
        let controller = Controller::start_with(&cluster, &["--key-size=2048", args[0], args[1]]);
        let namespace = cluster.namespace(name);
        let canaries = Canaries::new();
        for provoke in [open_and_drift, mis_seal, mis_template] {
            provoke(&namespace, &controller.certificate(), &canaries);
        }
        post(&controller, &namespace, &canaries);

        let ask = |args: &[&str]| cluster.plane().run(args).unwrap();
        let events = ask(&["get", "events", "--all-namespaces", "--output=json"]);
        assert!(events.contains("ErrUnsealFailed"));
        canaries.assert_absent("an event", &events);
        let path = "--output=jsonpath={.items[*].status}";
        let statuses = ask(&["get", "sealedsecrets", "--all-namespaces", path]);
        assert!(statuses.contains("UnsealFailed"));
        canaries.assert_absent("a status", &statuses);
        canaries.assert_absent("a metric", &controller.metrics().body);
        assert_eq!(controller.process().stop().unwrap(), "exit status: 0");
        let log = controller.log();
        assert!(log.contains("ErrUnsealFailed"));
        canaries.assert_absent("the log", &log);
        let namespace = cluster.existing("kube-system");
        for key in namespace.list::<Secret>(seal_api::KEY_LABEL) {
            let pem = String::from_utf8(key.data.unwrap()["tls.key"].0.clone()).unwrap();
            // Any line of the key will do: its header is no secret.
            let line = pem.lines().nth(3).unwrap();
            Canary::of(line).assert_absent("the log", &log);
        }
    }
}

/// What is posted, whether it opens or not, and whether it can be read or not.
fn post(controller: &Controller, namespace: &Namespace<'_>, canaries: &Canaries) {
    let plain = namespace
        .plain("posted")
        .item("password", canaries.value.text());
    let sealed = plain.seal(&controller.certificate());
    let sealed = with_template(sealed, canaries.template.text().to_owned());
    let good = serde_json::to_string(&sealed).unwrap();
    let renamed = good.replace("posted", "renamed");
    let broken = good.replace("\"spec\"", canaries.value.text());
    for path in ["/v1/verify", "/v1/rotate"] {
        for (body, expected) in [
            (&good, [200, 200]),
            (&renamed, [409, 500]),
            (&broken, [500, 500]),
        ] {
            let answer = controller.post(path, body);
            assert!(expected.contains(&answer.status), "{answer:?}");
            canaries.value.assert_absent("an answer", &answer.body);
        }
    }
}
