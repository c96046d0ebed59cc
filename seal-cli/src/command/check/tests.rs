//! Rules by table: a good object, one change, what is found in which line.

mod plain;

use seal_format::Envelope;

use super::catalog::ALL;
use super::file::{Surroundings, check};
use super::finding::shown;

const GOOD: &str = "apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata:
  annotations: {}
  labels: {}
  name: db
  namespace: prod
spec:
  encryptedData:
    A: VALUE
    B: VALUE
  template:
    data:
      url: 'x://{{ .A }}'
    metadata:
      annotations: {}
      labels: {}
    type: Opaque
";

fn value(rsa_block: usize) -> String {
    let envelope = Envelope {
        wrapped_key: vec![9; rsa_block],
        payload: vec![7; 32],
    };
    envelope.to_text().unwrap()
}

/// What is found once `from` is `to`.
fn found(from: &str, to: &str) -> Vec<String> {
    assert!(GOOD.contains(from), "{from}");
    found_in(&GOOD.replacen(from, to, 1))
}

fn found_in(text: &str) -> Vec<String> {
    let text = text.replace("VALUE", &value(512));
    let checked = check(text.as_bytes(), &Surroundings::default());
    for finding in &checked.found {
        assert!(ALL.contains(&finding.check), "{}", finding.check.id);
        assert!(!finding.message.contains('\n'), "{}", finding.message);
    }
    shown(&checked.found)
}

fn all(table: &[(&str, &str, &[&str])]) {
    for (from, to, expected) in table {
        assert_eq!(found(from, to), *expected, "{to}");
    }
}

#[test]
fn a_good_object_has_no_findings() {
    assert_eq!(found_in(GOOD), [""; 0]);
    let json = GOOD.replace("VALUE", &value(256));
    let json = seal_manifest::read(json.as_bytes()).unwrap()[0]
        .root()
        .to_json();
    assert_eq!(found_in(&json.to_string()), [""; 0]);
}

#[test]
fn files() {
    all(&[
        (GOOD, "", &["0:empty"]),
        (GOOD, "# later\n---\n", &["0:empty"]),
        (GOOD, "a: b", &["0:no-sealed-secret"]),
        (GOOD, "kind: SecretStore", &["0:no-sealed-secret"]),
        (
            GOOD,
            "kind: Secret\n{{ of a chart }}",
            &["0:no-sealed-secret"],
        ),
        ("spec:", "spec: [", &["10:not-yaml"]),
        ("name: db", "name: db\n  name: db", &["7:duplicate-key"]),
        ("name: db", "{{- if .x }}", &["6:unrendered-template"]),
        (
            "    A: VALUE\n",
            "<<<<<<< a\n=======\n>>>>>>> b\n",
            &["10:conflict"],
        ),
    ]);
    let broken = format!("kind: SealedSecret\n\tx\n---\n{GOOD}---\nkind: Secret\ndata: {{a: b}}\n");
    assert_eq!(found_in(&broken), ["1:not-yaml", "24:plain-secret"]);
}

#[test]
fn structure() {
    all(&[
        ("v1alpha1", "v1", &["1:other-version"]),
        (
            "apiVersion: bitnami.com/v1alpha1\n",
            "",
            &["1:other-version"],
        ),
        ("  name: db\n", "", &["3:missing-field"]),
        ("name: db", "name: ''", &["3:missing-field"]),
        ("name: db", "name: 1", &["6:wrong-type"]),
        ("name: db", "name: DB", &["6:bad-name"]),
        ("namespace: prod", "namespace: a.b", &["7:bad-name"]),
        (
            "A: VALUE",
            "a/b: VALUE",
            &["10:bad-item-name", "14:missing-item"],
        ),
        ("A: VALUE", "A: 1", &["10:wrong-type"]),
        (
            "    A: VALUE\n    B: VALUE\n",
            "",
            &["8:missing-field", "12:missing-item"],
        ),
        (
            "    A: VALUE\n    B: VALUE\n",
            "    {}\n",
            &["9:no-items", "13:missing-item"],
        ),
        ("spec:", "spec:\n  data: VALUE", &["9:both-forms"]),
        ("type: Opaque", "typ: Opaque", &["18:unknown-field"]),
        ("  labels: {}", "  label: {}", &["5:unknown-field"]),
        ("type: Opaque", "immutable: 'true'", &["18:wrong-type"]),
        (
            "annotations: {}",
            "annotations: {a: true}",
            &["4:wrong-type"],
        ),
        ("url: 'x://{{ .A }}'", "url: 1", &["14:wrong-type"]),
        ("url: 'x://{{ .A }}'", "url: null", &[]),
        ("spec:", "spec:\n  dataKeys: {k: {}}", &["9:malformed"]),
    ]);
    let old = "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: a, namespace: b}\nspec: {data: VALUE, encryptedData: {}}\n";
    assert_eq!(found_in(old), ["4:whole-secret"]);
    let list = format!(
        "kind: List\nitems:\n- {}",
        GOOD.trim_end().replace('\n', "\n  ")
    );
    assert_eq!(found_in(&list), ["3:in-list"]);
}

#[test]
fn scope_and_annotations() {
    let own = "annotations: {}\n  labels";
    let with = |text: &str| format!("annotations: {{{text}}}\n  labels");
    let template = "annotations: {}\n      labels";
    let in_template = |text: &str| format!("annotations: {{{text}}}\n      labels");
    let key = |name: &str, value: &str| format!("sealedsecrets.bitnami.com/{name}: '{value}'");
    for (from, to, expected) in [
        (own, with(&key("cluster-wide", "true")), &[][..]),
        (own, with(&key("cluster-wide", "false")), &[]),
        (own, with(&key("cluster-wide", "True")), &["4:not-true"]),
        (own, with(&key("cluster-wide", "")), &["4:not-true"]),
        (
            own,
            with(&format!(
                "{}, {}",
                key("cluster-wide", "true"),
                key("namespace-wide", "true")
            )),
            &["4:two-scopes"],
        ),
        (
            own,
            with(&key("clusterwide", "true")),
            &["4:unknown-annotation"],
        ),
        (
            own,
            with(&key("scope", "strict")),
            &["4:unknown-annotation"],
        ),
        (own, with(&key("managed", "true")), &["4:no-effect"]),
        (template, in_template(&key("managed", "true")), &[]),
        (
            template,
            in_template(&key("patch", "yes")),
            &["16:not-true"],
        ),
        (
            template,
            in_template(&key("cluster-wide", "true")),
            &["16:scope-in-template"],
        ),
        (
            "labels: {}",
            format!("labels: {{{}}}", key("managed", "true")),
            &["5:no-effect"],
        ),
        ("  namespace: prod\n", String::new(), &["3:no-namespace"]),
    ] {
        assert_eq!(found(from, &to), expected, "{to}");
    }
    let no_namespace = GOOD.replace("  namespace: prod\n", "");
    let wide = with(&key("cluster-wide", "true"));
    assert_eq!(found_in(&no_namespace.replacen(own, &wide, 1)), [""; 0]);
}

#[test]
fn values() {
    let other = format!("A: {}", value(256));
    let small = format!("A: {}", value(128));
    all(&[
        ("A: VALUE", &other, &["9:mixed-key-sizes"]),
        ("A: VALUE", &small, &["10:not-sealed"]),
        ("A: VALUE", "A: hunter2!", &["10:not-sealed"]),
        ("A: VALUE", "A: aHVudGVyMg==", &["10:not-sealed"]),
        ("A: VALUE", "A: AgB=", &["10:not-sealed"]),
        ("A: VALUE", "A: ''", &["10:not-sealed"]),
        (
            "A: VALUE",
            "A: se1.kqj3msyyrrst.x",
            &["9:mixed-formats", "10:se1-refused"],
        ),
    ]);
}

#[test]
fn template_texts() {
    all(&[
        ("{{ .A }}", "{{ .C }}", &["14:missing-item"]),
        ("{{ .A }}", "{{ if }}", &["14:bad-template"]),
        ("{{ .A }}", "{{ nope .A }}", &["14:bad-template"]),
        ("url:", "B:", &["14:shadowed-template"]),
        ("url:", "o: z\n      url:", &[]),
        ("{{ .A }}", "{{ .url }}", &[]),
    ]);
}

#[test]
fn what_lies_open() {
    let key = ["AKIA", "IOSFODNN7EXAMPLE"].concat();
    let in_data = format!("url: 'key={key}'");
    let in_item = format!("A: {key}");
    let random = "labels: {}\n  generateName: x";
    let copy = "      annotations:\n        kubectl.kubernetes.io/last-applied-configuration: '{\"kind\":\"Secret\",\"data\":{\"a\":\"aHVudGVyMg==\"}}'\n";
    all(&[
        ("url: 'x://{{ .A }}'", &in_data, &["14:plaintext"]),
        ("A: VALUE", &in_item, &["10:not-sealed", "10:plaintext"]),
        (
            "x://{{ .A }}",
            "Zx8vQ2mT7pLk4Rw9Ns3Bd6Yh",
            &["14:maybe-plaintext"],
        ),
        ("labels: {}", random, &[]),
        (
            "type: Opaque",
            "stringData: {a: b}",
            &["18:plaintext", "18:unknown-field"],
        ),
        ("      annotations: {}\n", copy, &["17:last-applied"]),
        (
            "      annotations: {}\n",
            &copy.replace("Secret", "SealedSecret"),
            &[],
        ),
    ]);
    for (secret, expected) in [
        ("data: {a: b}", &["2:plain-secret"][..]),
        ("stringData: {a: 1}", &["2:plain-secret"]),
        ("data: {}", &[]),
        ("data: {a: ''}", &[]),
        ("data: {a: 'ENC[x]'}\nsops: {}", &[]),
        ("data: {a: b}\nsops: {}", &["2:plain-secret"]),
        ("data: {a: 'ENC[x]'}", &["2:plain-secret"]),
        (
            "data: {a: 'ENC[x]'}\nstringData: {b: c}\nsops: {}",
            &["3:plain-secret"],
        ),
        ("stringData:\n  a: b\n  a: c", &["4:duplicate-key"]),
        (
            "stringData: {{ .Values.all }}\na: b: c",
            &["0:no-sealed-secret"],
        ),
    ] {
        assert_eq!(
            found_in(&format!("kind: Secret\n{secret}\n")),
            expected,
            "{secret}"
        );
    }
}

/// What another program fills in, or lays over another object, is no mistake.
#[test]
fn what_is_not_whole_yet() {
    all(&[
        ("name: db", "name: db-${ENV}", &[]),
        ("namespace: prod", "namespace: '{{ .Values.ns }}'", &[]),
        ("namespace: prod", "namespace: ${NS:=prod}", &[]),
        ("A: VALUE", "A: ${A}", &[]),
        ("A: VALUE", "A: '{{ .Values.a }}'", &[]),
        ("A: VALUE", "A: x${A}", &["10:not-sealed"]),
        ("{{ .A }}", "{{ .Values.host }}{{ include \"x\" . }}", &[]),
        ("type: Opaque", "immutable: ${FIXED}", &[]),
        (
            "encryptedData:\n    A: VALUE\n",
            "encryptedData:\n    $patch: replace\n    A: null\n",
            &[],
        ),
        (
            GOOD,
            "$patch: delete\napiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: db}\n",
            &[],
        ),
    ]);
    for (secret, expected) in [
        ("stringData: {a: '${A}', user: app}", &[][..]),
        (
            "stringData: {a: '${A}', password: app}",
            &["2:plain-secret"],
        ),
        ("stringData: {url: 'x://app:${A}@db'}", &[]),
        (
            "stringData: {url: \"x\\nhunter2 ${A}\"}",
            &["2:plain-secret"],
        ),
        ("stringData: {user: app}", &["2:plain-secret"]),
        ("data: {a: '{{ .Values.a | b64enc }}'}", &[]),
        (
            "data: {a: '{{ .Values.a }}', b: aHVudGVyMg==}",
            &["2:plain-secret"],
        ),
    ] {
        let found = found_in(&format!("kind: Secret\n{secret}\n"));
        assert_eq!(found, expected, "{secret}");
    }
}

#[test]
fn patches_lack_what_the_object_has() {
    let patch = "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: db}\nspec: {template: {data: {a: '{{ .B }}'}, typ: x}}\n";
    let found = |text: &str, is_patch| {
        let around = Surroundings {
            is_patch,
            ..Surroundings::default()
        };
        shown(&check(text.as_bytes(), &around).found)
    };
    let whole = found(patch, false);
    assert_eq!(
        whole,
        [
            "3:no-namespace",
            "4:missing-field",
            "4:missing-item",
            "4:unknown-field"
        ]
    );
    assert_eq!(found(patch, true), ["4:unknown-field"]);
    let operations = "- op: add\n  path: /metadata/labels\n  value: SealedSecret\n";
    assert_eq!(found(operations, false), ["1:not-yaml"]);
    assert_eq!(found(operations, true), ["0:no-sealed-secret"]);
}

#[test]
fn slips_in_what_an_object_is() {
    all(&[
        (
            "kind: SealedSecret",
            "kind: Sealedsecret",
            &["2:other-kind"],
        ),
        ("kind: SealedSecret\n", "", &["1:other-kind"]),
        ("kind: SealedSecret", "kind: Sealed", &["2:other-kind"]),
        (
            "bitnami.com/v1alpha1",
            "bitnami/v1alpha1",
            &["1:other-version"],
        ),
        (
            "    type: Opaque",
            "      name: web\n    type: Opaque",
            &["6:moved"],
        ),
        (
            "    type: Opaque",
            "      name: db\n      namespace: dev\n    type: Opaque",
            &["7:moved"],
        ),
        (
            "    type: Opaque",
            "      name: db\n      namespace: ${NS}\n    type: Opaque",
            &[],
        ),
    ]);
    let wide = GOOD
        .replacen(
            "annotations: {}",
            "annotations: {sealedsecrets.bitnami.com/cluster-wide: 'true'}",
            1,
        )
        .replace(
            "    type: Opaque",
            "      name: web\n      namespace: dev\n    type: Opaque",
        );
    assert_eq!(found_in(&wide), [""; 0]);
    assert_eq!(found_in(&format!("{GOOD}---\n{GOOD}")), ["20:twice"]);
    assert_eq!(found_in("kind: secret\ndata: {a: b}\n"), ["2:plain-secret"]);
    assert_eq!(
        found_in("kind: SecretList\nitems:\n- data: {a: b}\n"),
        ["3:plain-secret"]
    );
    assert_eq!(
        found_in("kind: SealedSecretList\nitems:\n- metadata: {name: a}\n"),
        [
            "3:missing-field",
            "3:other-version",
            "3:in-list",
            "3:no-namespace"
        ]
    );
}

#[test]
fn comments_except_what_they_name() {
    let kept = GOOD.replace("name: db", "name: DB # seal:ignore bad-name it is so");
    let checked = check(
        kept.replace("VALUE", &value(512)).as_bytes(),
        &Surroundings::default(),
    );
    assert_eq!((shown(&checked.found), checked.excepted), (Vec::new(), 1));
    all(&[
        (
            "name: db",
            "name: db # seal:ignore bad-name",
            &["6:unused-ignore"],
        ),
        (
            "name: db",
            "name: DB # seal:ignore badname",
            &["6:bad-name", "6:unknown-ignore"],
        ),
        ("A: VALUE", "# seal:ignore not-sealed\n    A: x", &[]),
        (GOOD, "# seal:ignore empty\n", &[]),
    ]);
}

/// Whatever stands in a file: no panic, and no value in a message.
#[test]
fn messages_hold_no_value() {
    let canary = "hunter2-canary";
    for at in 0..GOOD.len() {
        let text = format!("{} {canary} {}", &GOOD[..at], &GOOD[at..]);
        let text = text.replace("VALUE", &value(512));
        let _ = check(text.as_bytes(), &Surroundings::default());
    }
    for (from, to) in [
        ("A: VALUE", "A: CANARY"),
        ("{{ .A }}", "{{ .CANARY }}"),
        ("{{ .A }}", "{{ CANARY }}"),
        ("name: db", "name: CANARY!"),
        ("Opaque", "[CANARY]"),
        ("v1alpha1", "CANARY"),
        (
            "annotations: {}",
            "annotations: {sealedsecrets.bitnami.com/managed: CANARY}",
        ),
    ] {
        let text = GOOD.replacen(from, &to.replace("CANARY", canary), 1);
        let text = text.replace("VALUE", &value(512));
        let checked = check(text.as_bytes(), &Surroundings::default());
        for found in &checked.found {
            assert!(!found.message.contains(canary), "{}", found.message);
        }
        assert!(from == "Opaque" || !checked.found.is_empty(), "{to}");
    }
}
