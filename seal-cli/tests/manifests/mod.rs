//! Inputs that people seal, from the plain to the odd.

const META: &str = "metadata:\n  name: app\n  namespace: demo\n";

fn secret(rest: &str) -> String {
    format!("apiVersion: v1\nkind: Secret\n{META}{rest}")
}

/// Name and text of each.
pub(crate) fn all() -> Vec<(&'static str, String)> {
    [
        plain(),
        metadata(),
        capitals(),
        values(),
        strings(),
        streams(),
    ]
    .concat()
}

fn plain() -> Vec<(&'static str, String)> {
    vec![
        ("stringData", secret("stringData:\n  password: hunter2\n")),
        ("data", secret("data:\n  password: aHVudGVyMg==\n")),
        ("no apiVersion", format!("kind: Secret\n{META}stringData: {{a: b}}\n")),
        ("no kind", format!("{META}stringData: {{a: b}}\n")),
        ("a number as kind", format!("kind: 1\n{META}stringData: {{a: b}}\n")),
        ("a truth value as KIND", format!("kind: Secret\nKIND: yes\n{META}stringData: {{a: b}}\n")),
        ("a list as apiVersion", format!("kind: Secret\napiVersion: [v1]\n{META}stringData: {{a: b}}\n")),
        ("null as kind and apiVersion", format!("kind: ~\napiVersion:\n{META}stringData: {{a: b}}\n")),
        (
            "JSON",
            r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"app","namespace":"demo"},"data":{"a":"Yg=="},"type":"Opaque"}"#.into(),
        ),
        (
            "JSON over several lines",
            "{\n  \"kind\": \"Secret\",\n  \"metadata\": {\"namespace\": \"demo\", \"name\": \"app\"},\n  \"stringData\": {\"z\": \"1\", \"a\": \"2\"}\n}\n".into(),
        ),
        ("flow YAML", "{kind: Secret, metadata: {name: app, namespace: demo}, stringData: {a: 'b', c: \"d\\te\"}}\n".into()),
        ("type", secret("type: kubernetes.io/dockerconfigjson\nstringData:\n  .dockerconfigjson: '{}'\n")),
        ("empty type", secret("type: ''\nstringData: {a: b}\n")),
        ("null type", secret("type: null\nstringData: {a: b}\n")),
        ("immutable", secret("immutable: true\nstringData: {a: b}\n")),
        ("not immutable", secret("immutable: false\nstringData: {a: b}\n")),
        ("immutable null", secret("immutable: null\nstringData: {a: b}\n")),
        ("unknown fields", secret("stringData: {a: b}\nspec: {x: [1, {y: z}]}\nstatus: {}\nsops: {mac: x}\n")),
        ("CRLF", secret("stringData:\n  a: |\n    one\n    two\n").replace('\n', "\r\n")),
        ("byte order mark", format!("\u{feff}{}", secret("stringData: {a: b}\n"))),
        ("comments", secret("# a\nstringData: # b\n  a: b # c\n  # d\n")),
        ("no line break at the end", secret("stringData:\n  a: b")),
    ]
}

fn metadata() -> Vec<(&'static str, String)> {
    let with = |fields: &str| secret(&format!("{fields}stringData: {{a: b}}\n"));
    vec![
        ("labels and annotations", with("  labels: {app: db, tier: '1'}\n  annotations: {note: x}\n")),
        ("empty maps", with("  labels: {}\n  annotations: {}\n  finalizers: []\n")),
        ("null maps", with("  labels: null\n  annotations:\n  finalizers:\n")),
        ("creationTimestamp null", with("  creationTimestamp: null\n")),
        (
            "server fields",
            with("  uid: 1-2\n  resourceVersion: '5'\n  generation: 3\n  selfLink: /x\n  creationTimestamp: 2020-01-02T03:04:05Z\n  deletionTimestamp: 2020-01-02T03:04:05Z\n  deletionGracePeriodSeconds: 5\n"),
        ),
        (
            "owner references",
            with("  ownerReferences:\n  - {apiVersion: v1, kind: Pod, name: p, uid: u, controller: true}\n"),
        ),
        ("finalizers", with("  finalizers: [example.com/b, example.com/a]\n")),
        ("generateName", with("  generateName: app-\n")),
        ("unknown metadata", with("  clusterName: c\n  owner: me\n")),
        (
            "last applied",
            with("  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: '{}'\n    kubecfg.ksonnet.io/last-applied-configuration: x\n    kept: 'yes'\n"),
        ),
        (
            "only last applied",
            with("  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: |\n      {\"a\":1}\n"),
        ),
        ("annotated cluster-wide", with("  annotations: {sealedsecrets.bitnami.com/cluster-wide: 'true', z: a}\n")),
        ("annotated namespace-wide", with("  annotations: {sealedsecrets.bitnami.com/namespace-wide: 'true'}\n")),
        (
            "annotated twice",
            with("  annotations: {sealedsecrets.bitnami.com/namespace-wide: 'true', sealedsecrets.bitnami.com/cluster-wide: 'true'}\n"),
        ),
        ("annotated in capitals", with("  annotations: {sealedsecrets.bitnami.com/cluster-wide: 'TRUE'}\n")),
        ("annotated false", with("  annotations: {sealedsecrets.bitnami.com/cluster-wide: 'false', sealedsecrets.bitnami.com/namespace-wide: 'true'}\n")),
        (
            "other annotations of ours",
            with("  annotations: {sealedsecrets.bitnami.com/managed: 'true', sealedsecrets.bitnami.com/patch: 'true', sealedsecrets.bitnami.com/skip-set-owner-references: 'true'}\n"),
        ),
        ("numbers as metadata", "kind: Secret\nmetadata:\n  name: 12\n  namespace: demo\n  labels: {a: 1, b: yes, c: 1.50, d: null}\n  annotations: {e: 010}\nstringData: {a: b}\n".into()),
    ]
}

/// Go finds fields whatever their capitals; of several spellings the last counts, and YAML is sorted
/// before.
fn capitals() -> Vec<(&'static str, String)> {
    let in_json = |fields: &str| {
        format!(r#"{{"kind":"Secret","metadata":{{"name":"app","namespace":"demo"}},{fields}}}"#)
    };
    vec![
        ("stringdata", secret("data: {q: cQ==}\nstringdata: {a: P}\n")),
        (
            "everything in capitals",
            "KIND: Secret\nApiVersion: v1\nMETADATA: {Name: app, nameSpace: demo, Labels: {x: y1}, ANNOTATIONS: {z: 8}, Finalizers: [a/b], generatename: app-}\nDATA: {b: Yg==}\nStringData: {a: b, n: 8, t: yes}\nType: x/y\nImmutable: true\n".into(),
        ),
        (
            "data and Data",
            secret("data: {a: cQ==}\nData: {a: Yg==, b: Yg==}\n"),
        ),
        (
            "stringData and stringdata",
            secret("stringdata: {a: one, b: x}\nstringData: {a: two, c: x}\n"),
        ),
        (
            "STRINGDATA and nothing",
            secret("STRINGDATA: {a: one}\nstringData: null\ndata: {b: Yg==}\n"),
        ),
        (
            "nothing and stringdata",
            secret("stringdata: {a: one}\nstringData: null\n"),
        ),
        (
            "the same in JSON",
            in_json(r#""stringdata":{"a":"low"},"stringData":{"a":"high"},"Type":"a","type":"b""#),
        ),
        (
            "the other way round in JSON",
            in_json(r#""stringData":{"a":"high"},"stringdata":{"a":"low"},"type":"b","Type":"a""#),
        ),
        (
            "nearly JSON",
            in_json(r#""stringdata":{"a":"low"},"stringData":{"a":"high"}"#).replacen("\"kind\"", "kind", 1),
        ),
        (
            "metadata and Metadata",
            "kind: Secret\nMetadata: {name: app, namespace: demo, labels: {a: b}, finalizers: [a/b]}\nmetadata: {Name: web, labels: {c: d}, finalizers: null}\nstringData: {a: b}\ntype: a\nType: b\n".into(),
        ),
        (
            "immutable, null and IMMUTABLE",
            secret("stringData: {a: b}\nIMMUTABLE: true\nimmutable: null\ntYpe: null\ntype: x\nTYPE: z\n"),
        ),
        ("a long s", secret("\u{17f}tringData: {a: b}\n\u{212a}ind: Secret\n")),
        ("unknown fields", secret("stringData: {a: b}\nstring_data: {c: d}\nspec: {}\n")),
        ("DATA is a number", secret("stringData: {a: b}\nDATA: 5\n")),
        (
            "stringData in metadata",
            format!("kind: Secret\n{META}  stringData: {{a: b}}\ndata: {{c: ZA==}}\n"),
        ),
    ]
}

fn values() -> Vec<(&'static str, String)> {
    let many: Vec<_> = (0..60).map(|i| format!("  k{i}: value-{i}\n")).collect();
    vec![
        ("binary", secret("data:\n  a: AP/+gIH/\n")),
        ("empty", secret("data: {a: ''}\nstringData: {b: ''}\n")),
        (
            "null values",
            secret("data: {a: null, d: , e: ~}\nstringData: {b: null, c: ~, f: Null, g: }\n"),
        ),
        (
            "stringData wins",
            secret("data: {a: b2xk, b: b2xk}\nstringData: {a: new}\n"),
        ),
        ("data null", secret("data: null\nstringData: {a: b}\n")),
        (
            "coerced",
            secret(
                "stringData: {a: 8080, b: yes, c: 1.10, d: 010, e: 0o17, f: 12e4567, g: 0x1F, h: 1e3, i: .5, j: 1_000, k: -0, l: 2020-01-02, m: .inf, n: +1}\n",
            ),
        ),
        ("a number as data", secret("data: {a: 8080}\n")),
        ("a truth value as data", secret("data: {a: yes}\n")),
        (
            "base64 in a block",
            secret("data:\n  a: |\n    aHVu\n    dGVyMg==\n"),
        ),
        ("base64 with unused bits", secret("data: {a: aGl=}\n")),
        (
            "blocks",
            secret(
                "stringData:\n  a: |\n    one\n      two\n\n  b: >-\n    folded\n    text\n  c: |+\n    kept\n\n  d: \"\\x00\\u263A\\n\"\n",
            ),
        ),
        (
            "quoted text that goes on without indentation",
            secret(
                "  annotations:\n    a: '{\n  \"b\": 1\n}'\nstringData:\n  a: '{\n  \"b\": 1,\n\n  \"c\": \"it''s\"\n  }'\n  b: \"{\n\t\\\"c\\\": 1\\\n,\n}\"\n  d: |\n    'x\n  e: 'a\n'\n",
            ),
        ),
        (
            "quoted text that holds the end of a document",
            secret("stringData:\n  a: 'b\n...\n  c'\n"),
        ),
        (
            "a quote that was forgotten",
            secret("stringData:\n  a: 'b\n  c: 'd'\n"),
        ),
        (
            "quoted text that goes on as a name",
            secret("stringData:\n  'a\n  b': c\n"),
        ),
        ("anchors", secret("stringData:\n  a: &x one\n  b: *x\n")),
        (
            "many items",
            secret(&format!("stringData:\n{}", many.concat())),
        ),
        (
            "a large value",
            secret(&format!("stringData:\n  a: {}\n", "x".repeat(100_000))),
        ),
    ]
}

/// Text that YAML and JSON writers stumble over.
const TEXTS: &[&str] = &[
    "",
    " ",
    " lead",
    "trail ",
    "yes",
    "No",
    "on",
    "y",
    "null",
    "~",
    "true",
    "1",
    "1.0",
    "0x1F",
    "1e3",
    "+1",
    "1_000",
    "2020-01-02",
    "12:30",
    ".inf",
    "=",
    "<<",
    "-",
    "- x",
    "? x",
    "a: b",
    "a:b",
    "a #b",
    "#b",
    "!x",
    "&x",
    "*x",
    "%x",
    "@x",
    "`x`",
    "'x'",
    "\"x\"",
    "[x]",
    "{x}",
    "x,",
    "|",
    ">",
    "line\nline",
    "line\n",
    "\nline",
    "a\tb",
    "back\\slash",
    "<a href=\"x\">&</a>",
    "häß",
    "😀",
    "\u{7}",
    "x: \"y\"\nz: 'w'\n",
    "a very long line of many words that goes on and on until it is longer than eighty columns and then some more",
];

/// The same as annotations and as item names.
fn strings() -> Vec<(&'static str, String)> {
    let quoted = |text: &&str| serde_json::to_string(text).unwrap();
    let as_values: Vec<_> = TEXTS
        .iter()
        .enumerate()
        .map(|(i, text)| format!("    n{i}: {}\n", quoted(text)))
        .collect();
    let as_keys: Vec<_> = TEXTS
        .iter()
        .filter(|text| !matches!(**text, "" | "<<"))
        .map(|text| format!("  {}: v\n", quoted(text)))
        .collect();
    vec![
        (
            "odd annotations",
            secret(&format!(
                "  annotations:\n{}stringData: {{a: b}}\n",
                as_values.concat()
            )),
        ),
        (
            "odd item names",
            secret(&format!("stringData:\n{}", as_keys.concat())),
        ),
        (
            "item names in natural order",
            secret(
                "stringData: {a10: x, a2: x, a1: x, A: x, b: x, a-1: x, a.1: x, _a: x, a01: x, '1': x, '10': x, '9': x}\n",
            ),
        ),
        ("an unquoted n", secret("stringData: {n: x, y: z}\n")),
        (
            "names that are no strings",
            secret(
                "  labels: {on: x, 1.10: y}\n  annotations: {010: z}\ndata: {no: Yg==, 0x10: Yg==}\nstringData: {1e3: a, 1_0: b, 1.10: c, off: d}\n",
            ),
        ),
    ]
}

fn streams() -> Vec<(&'static str, String)> {
    let one = secret("stringData: {a: b}\n");
    let two = one.replace("app", "two").replace("demo", "other");
    let json =
        r#"{"kind":"Secret","metadata":{"name":"three","namespace":"demo"},"data":{"a":"Yg=="}}"#;
    let wide = secret("stringData: {a: b}\n").replace(
        "  namespace: demo\n",
        "  namespace: demo\n  annotations: {sealedsecrets.bitnami.com/cluster-wide: 'true'}\n",
    );
    vec![
        ("two documents", format!("{one}---\n{two}")),
        (
            "leading and trailing separators",
            format!("---\n{one}---\n{two}---\n"),
        ),
        (
            "blank documents",
            format!("\n---\n\n---\n{one}---\n# nothing\n---\n{two}\n\n"),
        ),
        (
            "objects one after the other",
            format!("{json}\n{json}{json}\n"),
        ),
        ("documents of both kinds", format!("{json}\n---\n{one}")),
        (
            "byte order marks",
            format!(
                "\u{feff}{one}---\n\u{feff}{two}--- # three\n# and a comment\n\u{feff}{wide}---\n\u{feff}{json}\n"
            ),
        ),
        ("several scopes", format!("{one}---\n{wide}---\n{two}")),
        (
            "a comment behind a separator",
            format!("--- # one\n{one}--- # two\n{two}"),
        ),
    ]
}
