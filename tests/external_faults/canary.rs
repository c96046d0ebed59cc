//! No secret is told: not in logs, events, conditions or metrics, whatever goes wrong.

use std::fs;

use k8s_openapi::api::core::v1::Secret;
use serde_json::{Value, json};
use suite::{Namespace, data};
use testkit::Canary;
use testkit::aws::Fault;

use crate::bed::{Bed, external, keys, one, wait_failed, wait_synced, wait_value};

/// What must not appear.
struct Canaries {
    /// In AWS.
    value: Canary,
    /// A store's secret access key.
    key: Canary,
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
            key: canary("key"),
            function: Canary::of(template.text().replace('-', "")),
            template,
            drift: canary("drift"),
        }
    }

    fn assert_absent(&self, place: &str, text: &str) {
        let all = [&self.value, &self.key, &self.template, &self.function];
        for canary in all.into_iter().chain([&self.drift]) {
            canary.assert_absent(place, text);
        }
    }
}

fn templated(name: &str, template: &Value) -> seal_api::external_secrets::ExternalSecret {
    let rest = json!({
        "data": [{"secretKey": "password", "remoteRef": {"key": "canary"}}],
        "target": {"template": template},
    });
    external(name, "1h", &rest)
}

/// All goes well.
fn sync_and_drift(namespace: &Namespace<'_>, canaries: &Canaries) {
    let text = format!("{} {{{{ .password }}}}", canaries.template.text());
    namespace.create(&templated("good", &json!({"data": {"rendered": text}})));
    let rendered = data(&namespace.wait_secret("good"));
    for canary in [&canaries.value, &canaries.template] {
        assert!(canary.find(rendered["rendered"].as_bytes()).is_some());
    }
    namespace.create(&one("plain", "1h", "canary"));
    wait_value(namespace, "plain", canaries.value.text());
    let edit = json!({"stringData": {"value": canaries.drift.text()}});
    namespace.patch::<Secret>("plain", &edit);
    wait_value(namespace, "plain", canaries.value.text());
}

/// Templates that fail, in ways that make Go's errors repeat what they hold.
fn mis_template(namespace: &Namespace<'_>, canaries: &Canaries) {
    let text = canaries.template.text();
    let broken = [
        "{{ fail .password }}".to_owned(),
        format!("{{{{ fail \"{text}\" }}}}"),
        format!("{{{{ .password | {} }}}}", canaries.function.text()),
        format!("{text} {{{{ if }}}}"),
        format!("{{{{ index .password \"{text}\" }}}}"),
        format!("{{{{ template \"{text}\" }}}}"),
        "{{ .password.field }}".to_owned(),
        "{{ mustFromJson .password }}".to_owned(),
        "{{ mustToDate \"2006-01-02\" .password }}".to_owned(),
        "{{ mustRegexMatch .password .password | div 1 0 }}".to_owned(),
        "{{ slice .password 1000 2000 }}".to_owned(),
        "{{ call .password }}".to_owned(),
        "{{ .password | pkcs12key }}".to_owned(),
        "{{ .password | jwkPublicKeyPem }}".to_owned(),
        "{{ .password | pemCertificate }}".to_owned(),
        "{{ filterPEM .password .password }}".to_owned(),
    ];
    for (index, template) in broken.into_iter().enumerate() {
        let name = format!("broken-{index}");
        namespace.create(&templated(&name, &json!({"data": {"a": template}})));
        wait_failed(namespace, &name);
    }
    // The API server refuses what is rendered, and says what it was.
    let label = json!({"metadata": {"labels": {"app": "{{ .password }} !"}}, "data": {"a": "b"}});
    namespace.create(&templated("bad-label", &label));
    let kind = json!({"type": "kubernetes.io/tls", "data": {"a": "{{ .password }}"}});
    namespace.create(&templated("bad-type", &kind));
    for name in ["bad-label", "bad-type"] {
        wait_failed(namespace, name);
        namespace.wait_event(name, "UpdateFailed");
    }
}

/// Values that are not what the manifest takes them for.
fn mis_read(namespace: &Namespace<'_>) {
    let data = |remote: Value| json!({"data": [{"secretKey": "a", "remoteRef": remote}]});
    let extract = |extract: Value, rewrite: Value| json!({"dataFrom": [{"extract": extract, "rewrite": rewrite}]});
    let none = json!([]);
    let bad_transform = json!([{"transform": {"template": "{{ fail .value }}"}}]);
    let cases = [
        data(json!({"key": "canary", "property": "password"})),
        data(json!({"key": "canary", "decodingStrategy": "Base64"})),
        data(json!({"key": "json", "property": "password.deeper"})),
        extract(json!({"key": "canary"}), none.clone()),
        extract(json!({"key": "half-json"}), none.clone()),
        extract(json!({"key": "list"}), none.clone()),
        extract(json!({"key": "json", "decodingStrategy": "Base64"}), none),
        extract(json!({"key": "json"}), bad_transform),
    ];
    for (index, rest) in cases.iter().enumerate() {
        let name = format!("misread-{index}");
        namespace.create(&external(&name, "1h", rest));
        wait_failed(namespace, &name);
    }
}

/// Definitions let these through, and nothing can be made of them.
fn malformed(bed: &Bed, namespace: &Namespace<'_>) {
    let canary = [{ json!({"secretKey": "a", "remoteRef": {"key": "canary"}}) }];
    for (name, rest) in [
        (
            "interval",
            json!({"data": canary, "refreshInterval": "soon"}),
        ),
        (
            "generator",
            json!({"dataFrom": [{"sourceRef": {"generatorRef": {
                "apiVersion": "generators.external-secrets.io/v1alpha1", "kind": "Password", "name": "x",
            }}}]}),
        ),
        (
            "no-store",
            json!({"data": canary, "secretStoreRef": {"name": "none"}}),
        ),
        (
            "pattern",
            json!({"dataFrom": [{"find": {"name": {"regexp": "(["}}}]}),
        ),
    ] {
        let mut spec = json!({"refreshInterval": "1h", "secretStoreRef": {"name": "aws"}});
        let fields = spec.as_object_mut().unwrap();
        fields.extend(rest.as_object().unwrap().clone());
        let object = json!({
            "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret",
            "metadata": {"name": name, "namespace": namespace.name()}, "spec": spec,
        });
        bed.cluster.plane().apply(&object).unwrap();
        wait_failed(namespace, name);
    }
}

/// A role by web identity: STS refuses the token at first. Gives the tokens.
fn web_identity(bed: &Bed, namespace: &Namespace<'_>) -> Vec<Canary> {
    let metadata = |name: &str| json!({"name": name, "namespace": namespace.name()});
    let mut account =
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata("reader")});
    account["metadata"]["annotations"] =
        json!({"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/reader"});
    let mut store = crate::bed::store(namespace.name());
    store["metadata"] = metadata("irsa");
    store["spec"]["provider"]["aws"]["auth"] =
        json!({"jwt": {"serviceAccountRef": {"name": "reader"}}});
    bed.proxy
        .fail("AssumeRoleWithWebIdentity", Fault::AccessDenied);
    for object in [account, store] {
        bed.cluster.plane().apply(&object).unwrap();
    }
    let mut external = one("irsa", "1h", "canary");
    external.spec.secret_store_ref = serde_json::from_value(json!({"name": "irsa"})).unwrap();
    namespace.create(&external);
    let message = wait_failed(namespace, "irsa");
    assert!(
        message.contains("sts:AssumeRoleWithWebIdentity"),
        "{message}"
    );
    bed.proxy.clear();
    wait_synced(namespace, "irsa");
    let requests = bed.proxy.requests("AssumeRoleWithWebIdentity");
    let tokens = requests
        .iter()
        .map(|it| it["WebIdentityToken"].as_str().unwrap());
    let signatures = tokens.map(|token| Canary::of(token.rsplit('.').next().unwrap()));
    signatures.collect()
}

#[test]
fn no_secret_is_told() {
    let bed = Bed::start(&["--loglevel=debug"]);
    let canaries = Canaries::new();
    let namespace = bed.shop("canary", "AKIACANARY");
    let rotated = keys("canary", "AKIACANARY", canaries.key.text());
    bed.cluster.plane().apply(&rotated).unwrap();
    let value = canaries.value.text();
    for (key, value) in [
        ("canary", value.to_owned()),
        ("json", json!({"password": value, "other": "!"}).to_string()),
        ("half-json", format!("{{\"password\": \"{value}\", {value}")),
        ("list", format!("[\"{value}\"]")),
    ] {
        bed.secrets.create_secret(key, &value, &[]).unwrap();
    }
    sync_and_drift(&namespace, &canaries);
    mis_template(&namespace, &canaries);
    mis_read(&namespace);
    malformed(&bed, &namespace);
    let tokens = web_identity(&bed, &namespace);
    assert!(!tokens.is_empty());
    for fault in [Fault::UnknownKey, Fault::ClockSkew, Fault::Truncated] {
        bed.fail_all(fault);
        let name = format!("failed-{}", format!("{fault:?}").to_lowercase());
        namespace.create(&one(&name, "1h", "canary"));
        wait_failed(&namespace, &name);
        bed.proxy.clear();
    }

    let ask = |args: &[&str]| bed.cluster.plane().run(args).unwrap();
    let events = ask(&["get", "events", "--all-namespaces", "--output=json"]);
    assert!(events.contains("UpdateFailed"));
    let path = "--output=jsonpath={.items[*].status}";
    let kinds = "externalsecrets.external-secrets.io,secretstores.external-secrets.io";
    let statuses = ask(&["get", kinds, "--all-namespaces", path]);
    assert!(statuses.contains("SecretSyncedError"));
    let pid = bed.controller.process().pid();
    let arguments = fs::read(format!("/proc/{pid}/cmdline")).unwrap();
    let children =
        fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    assert_eq!(children.trim(), "", "it starts no other program");
    let metrics = bed.controller.metrics().body;
    assert_eq!(bed.controller.process().stop().unwrap(), "exit status: 0");
    let log = bed.controller.log();
    assert!(log.contains("SecretStore \"irsa\""), "{log}");
    for (place, text) in [
        ("an event", &events),
        ("a status", &statuses),
        ("a metric", &metrics),
        ("the log", &log),
        (
            "an argument",
            &String::from_utf8_lossy(&arguments).into_owned(),
        ),
    ] {
        canaries.assert_absent(place, text);
        for token in &tokens {
            token.assert_absent(place, text);
        }
    }
}
