//! Manifests and values that are out to exhaust the controller, beside one that wants its Secret.

use std::fmt::Write as _;

use kube::ResourceExt as _;
use seal_api::external_secrets::ExternalSecret;
use serde_json::{Value, json};
use suite::Namespace;

use crate::bed::{Bed, external, one, wait_failed, wait_synced, wait_value};

/// What the largest values that AWS takes may cost several times over.
const MOST_MEMORY: u64 = 300 << 20;

/// Templates that would never end, or fill the memory.
fn templates() -> Vec<String> {
    let mut doubling = r#"{{ define "t0" }}xxxxxxxx{{ end }}"#.to_owned();
    for level in 1..=60 {
        let below = level - 1;
        write!(
            doubling,
            r#"{{{{ define "t{level}" }}}}{{{{ template "t{below}" }}}}{{{{ template "t{below}" }}}}{{{{ end }}}}"#
        )
        .unwrap();
    }
    doubling.push_str(r#"{{ template "t60" }}"#);
    vec![
        doubling,
        r#"{{ define "x" }}{{ template "x" }}{{ end }}{{ template "x" }}"#.to_owned(),
        "{{ range until 1000000000 }}x{{ end }}".to_owned(),
        "{{ repeat 1000000000 .a }}".to_owned(),
        "{{ $s := .a }}{{ range until 64 }}{{ $s = print $s $s }}{{ end }}{{ $s }}".to_owned(),
        "{{ $s := list .a }}{{ range until 64 }}{{ $s = list $s $s }}{{ end }}{{ toJson $s }}"
            .to_owned(),
        "{{ range until 5000 }}{{ range until 5000 }}{{ sha256sum $.big }}{{ end }}{{ end }}"
            .to_owned(),
        "{{ regexReplaceAll \"(((x{1,50}){1,50}){1,50})\" .big .big }}".to_owned(),
        format!(
            "{}.a{}",
            "{{ ".to_owned() + &"(".repeat(50_000),
            ")".repeat(50_000) + " }}"
        ),
    ]
}

fn of_template(name: &str, template: &str) -> ExternalSecret {
    let datum = |item: &str| json!({"secretKey": item, "remoteRef": {"key": item}});
    let rest = json!({
        "data": [datum("a"), datum("big")],
        "target": {"template": {"data": {"rendered": template}}},
    });
    external(name, "1h", &rest)
}

/// Names that double, and patterns that are too large.
fn rewrites() -> Vec<Value> {
    let many = |one: Value| Value::from(vec![one; 60]);
    vec![
        many(json!({"regexp": {"source": "(.+)", "target": "$1$1"}})),
        many(json!({"transform": {"template": "{{ .value }}{{ .value }}"}})),
        json!([{"regexp": {"source": "(((a{1,1000}){1,1000}){1,1000})", "target": "x"}}]),
        json!([{"regexp": {"source": "(".repeat(10_000), "target": "x"}}]),
        json!([{"transform": {"template": "{{ repeat 1000000000 .value }}"}}]),
    ]
}

/// What they are, and that they fail.
fn attack(namespace: &Namespace<'_>) {
    let mut names = Vec::new();
    for (index, template) in templates().iter().enumerate() {
        let made = namespace.create(&of_template(&format!("template-{index}"), template));
        names.push(made.name_any());
    }
    for (index, rewrite) in rewrites().iter().enumerate() {
        let rest = json!({"dataFrom": [{"extract": {"key": "json"}, "rewrite": rewrite}]});
        let made = namespace.create(&external(&format!("rewrite-{index}"), "1h", &rest));
        names.push(made.name_any());
    }
    let pattern = "(((([a-z]{1,200}){1,200}){1,200}){1,200})$";
    let find = json!({"dataFrom": [{"find": {"name": {"regexp": pattern}}}]});
    names.push(namespace.create(&external("find", "1h", &find)).name_any());
    // 17 times 64 KiB.
    let data: Vec<_> = (0..17)
        .map(|item| json!({"secretKey": format!("i{item}"), "remoteRef": {"key": "big"}}))
        .collect();
    let large = external("large", "1h", &json!({"data": data}));
    names.push(namespace.create(&large).name_any());
    // Somebody else wants something meanwhile.
    namespace.create(&one("meanwhile", "4s", "a"));
    wait_value(namespace, "meanwhile", "xxxxxxxx");
    for name in &names {
        let message = wait_failed(namespace, name);
        assert!(message.len() < 2000, "{name}: {message}");
        assert!(namespace.secret(name).is_none(), "{name}");
    }
    let message = wait_failed(namespace, "large");
    assert!(message.contains("at most 1 MiB"), "{message}");
}

#[test]
fn hostile_manifests_cost_little_and_hold_nobody_up() {
    let bed = Bed::start(&[]);
    let namespace = bed.shop("hostile", "AKIAHOSTILE");
    let big = "x".repeat(1 << 16);
    let binary: Vec<u8> = (0..=255).collect();
    bed.secrets.create_secret("a", "xxxxxxxx", &[]).unwrap();
    bed.secrets.create_secret("big", &big, &[]).unwrap();
    bed.secrets
        .create_secret("json", r#"{"a": "1"}"#, &[])
        .unwrap();
    bed.secrets
        .create_secret("binary", &binary[..], &[])
        .unwrap();

    attack(&namespace);

    // As large as AWS makes them, and bytes that are no text.
    namespace.create(&one("big", "1h", "big"));
    wait_value(&namespace, "big", &big);
    let rest = json!({
        "data": [{"secretKey": "binary", "remoteRef": {"key": "binary"}}],
        "target": {"template": {"data": {"binary": "{{ .binary }}"}}},
    });
    namespace.create(&external("binary", "1h", &rest));
    wait_synced(&namespace, "binary");
    let secret = namespace.secret("binary").unwrap();
    assert_eq!(secret.data.unwrap()["binary"].0, binary);

    bed.secrets.put_secret_value("a", "two", &[]).unwrap();
    wait_value(&namespace, "meanwhile", "two");
    assert!(bed.controller.process().rss().unwrap() < MOST_MEMORY);
    assert_eq!(bed.controller.process().ended().unwrap(), None);
}
