//! Lines with `--merge-into` that end the same with both programs.

use super::files::{Files, KUBECONFIG};
use super::{Case, line};

pub(crate) const INPUT: &str = "kind: Secret\nmetadata:\n  name: app\n  namespace: demo\n  labels: {l: two, new: x}\n  annotations: {note: 'no', b: c, kubectl.kubernetes.io/last-applied-configuration: '{}'}\nstringData: {b: new, c: third, k2: two}\n";
/// Without labels and annotations.
pub(crate) const PLAIN: &str =
    "kind: Secret\nmetadata: {name: app, namespace: demo}\nstringData: {b: new, c: third}\n";

/// All of them; the file is `t`.
pub(crate) fn lines(files: &Files) -> Vec<Case> {
    let mut cases = results(files);
    cases.extend(inputs(files));
    cases.extend(scopes(files));
    cases.extend(places(files));
    cases.extend(variables(files));
    cases.extend(failures(files));
    cases
}

/// A file `t` and the words behind the certificate.
pub(crate) fn merge(file: &str, args: &[&str], stdin: &str) -> Case {
    let mut line = line(&[&["--merge-into=t"], args].concat(), stdin);
    line.files = vec![("t", file.to_owned())];
    Case {
        line,
        ..Case::default()
    }
}

const YAML: &[&str] = &["-o", "yaml"];

fn results(files: &Files) -> Vec<Case> {
    let mut cases = Vec::new();
    for file in [&files.yaml, &files.json, &files.typed] {
        for args in [
            YAML,
            &["-o", "json"],
            &["--format=JSON"],
            &["-oyaml", "--cert=certs/rsa-4096.pem"],
        ] {
            cases.push(merge(file, args, INPUT));
            cases.push(merge(file, args, PLAIN));
        }
    }
    cases.push(merge(&files.plain, YAML, PLAIN));
    cases.push(merge(&files.json, &[], INPUT));
    cases.push(merge(&files.json, &["-o", ""], INPUT));
    cases
}

fn inputs(files: &Files) -> Vec<Case> {
    [
        PLAIN.replace("app", "other"),
        PLAIN.replace("demo", "other"),
        PLAIN.replace("name: app, ", ""),
        PLAIN.replace(", namespace: demo", ""),
        PLAIN.replace("metadata: {name: app, namespace: demo}\n", ""),
        PLAIN.replace("kind: Secret\n", ""),
        "{\"kind\":\"Secret\",\"data\":{\"a\":\"AP8=\"},\"stringData\":{\"d\":\"\"}}".to_owned(),
        "data: {a: b2xk, x: b2xk}\nstringData: {a: new}\n".to_owned(),
        "stringData: {a: 8080, b: yes, c: 1.10, d: null}\n".to_owned(),
        "stringData: {a: \"one\\ntwo\\n\"}\ntype: other\nimmutable: false\n".to_owned(),
        "metadata:\n  labels: {a: 1, b: null}\n  annotations: {x: \"one\\ntwo\", y: words that go on and on until the line is longer than eighty columns, z: 'true'}\nstringData: {a: b}\n".to_owned(),
        "metadata: {finalizers: [x], ownerReferences: [], uid: u}\nstringData: {a: b}\n".to_owned(),
        format!("---\n\n---\n{PLAIN}---\n"),
        PLAIN.replace('\n', "\r\n"),
        format!("\u{feff}{PLAIN}"),
    ]
    .iter()
    .map(|input| merge(&files.yaml, YAML, input))
    .chain([
        merge(&files.yaml, &["-o", "yaml", "--allow-empty-data"], "metadata: {labels: {new: x}}\n"),
        merge(&files.plain, &["-o", "yaml", "--allow-empty-data"], "kind: Secret\n"),
        merge(&files.yaml, &["-o", "yaml", "--name", "other"], PLAIN),
        merge(&files.yaml, &["-o", "yaml", "--raw"], PLAIN),
        merge(&files.yaml, &["-o", "yaml", "--merge-into=t", "--raw=false"], PLAIN),
    ])
    .collect()
}

/// Where kubeseal gets it right.
fn scopes(files: &Files) -> Vec<Case> {
    let annotated = |scope: &str| {
        let annotation = format!("annotations: {{sealedsecrets.bitnami.com/{scope}: 'true'}}");
        PLAIN.replace("demo}", &format!("demo, {annotation}}}"))
    };
    let (wide, wider) = ("namespace-wide", "cluster-wide");
    let both = annotated(wider).replace(
        "'true'",
        "'true', sealedsecrets.bitnami.com/namespace-wide: 'true'",
    );
    vec![
        merge(&files.namespace_wide, &["-oyaml", "--scope", wide], PLAIN),
        merge(&files.namespace_wide, &["-oyaml", "--scope", wide], INPUT),
        merge(&files.namespace_wide, YAML, &annotated(wide)),
        merge(
            &files.namespace_wide,
            &["-oyaml", "--scope=strict"],
            &annotated(wide),
        ),
        merge(
            &files.namespace_wide,
            &["-oyaml", "--scope", wide],
            &annotated(wider),
        ),
        merge(&files.cluster_wide, &["-oyaml", "--scope", wider], PLAIN),
        merge(
            &files.cluster_wide,
            &["-oyaml", "--scope", wider, "-n", "other"],
            PLAIN,
        ),
        merge(&files.cluster_wide, YAML, &annotated(wider)),
        merge(&files.cluster_wide, YAML, &both),
        merge(&files.yaml, &["-oyaml", "--scope=strict"], PLAIN),
        merge(&files.yaml, &["-oyaml", "--scope="], PLAIN),
        merge(
            &files.yaml,
            YAML,
            &annotated(wide).replace("'true'", "'false'"),
        ),
    ]
}

/// Of the object or, if it names none, of whoever else says it.
fn places(files: &Files) -> Vec<Case> {
    let nowhere = PLAIN.replace(", namespace: demo", "");
    let open = &files.without_namespace;
    let kubeconfig = ["-oyaml", "--kubeconfig=kube.yaml"];
    let mut cases = vec![
        merge(&files.yaml, &["-oyaml", "-n", "demo"], PLAIN),
        merge(
            &files.yaml,
            &["-oyaml", "-n", "demo"],
            &PLAIN.replace("demo", "other"),
        ),
        merge(&files.yaml, &["-oyaml", "-n", "other"], PLAIN),
        merge(&files.yaml, &["-oyaml", "-n", "other"], &nowhere),
        merge(&files.yaml, &kubeconfig, &nowhere),
        merge(open, &["-oyaml", "-n", "other"], PLAIN),
        merge(open, YAML, &nowhere),
    ];
    for case in &mut cases {
        case.line.files.push(("kube.yaml", KUBECONFIG.to_owned()));
    }
    cases
}

fn variables(files: &Files) -> Vec<Case> {
    let mut cases: Vec<_> = [
        (&["-oyaml"][..], ("SEALED_SECRETS_MERGE_INTO", "t")),
        (&["-oyaml"], ("SEALED_SECRETS_MERGE_INTO", "")),
        (
            &["-oyaml", "--merge-into="],
            ("SEALED_SECRETS_MERGE_INTO", "t"),
        ),
        (
            &["-oyaml", "--merge-into=t"],
            ("SEALED_SECRETS_MERGE_INTO", "nope"),
        ),
        (&["--merge-into=t"], ("SEALED_SECRETS_FORMAT", "yaml")),
        (
            &["--merge-into=t", "-ojson"],
            ("SEALED_SECRETS_FORMAT", "yaml"),
        ),
        (
            &["--merge-into=t", "-oyaml"],
            ("SEALED_SECRETS_NAMESPACE", "other"),
        ),
        (
            &["--merge-into=t", "-oyaml"],
            ("SEALED_SECRETS_NAME", "other"),
        ),
        (&["--merge-into=t", "-oyaml"], ("SEALED_SECRETS_SCOPE", "")),
        (
            &["--merge-into=t", "-oyaml", "-f", "in.yaml"],
            ("SEALED_SECRETS_SECRET_FILE", "nope"),
        ),
        (
            &["--merge-into=t", "-oyaml"],
            ("SEALED_SECRETS_SECRET_FILE", "in.yaml"),
        ),
    ]
    .into_iter()
    .map(|(args, (name, value))| {
        let mut line = line(args, PLAIN);
        line.env = vec![(name, value.to_owned())];
        let name = format!("{name}={value}");
        Case {
            name,
            line,
            says: &[],
        }
    })
    .collect();
    for case in &mut cases {
        let input = PLAIN.replace("third", "of a file");
        case.line.files = vec![("t", files.yaml.clone()), ("in.yaml", input)];
    }
    cases
}

fn failures(files: &Files) -> Vec<Case> {
    let empty: &[&str] = &["secret.data is empty in input Secret", "--allow-empty-data"];
    let mut cases = vec![
        (merge(&files.yaml, YAML, ""), &["no secrets found"][..]),
        (merge(&files.yaml, YAML, "kind: Secret\n"), empty),
        (merge(&files.yaml, YAML, &files.json), empty),
        (merge(&files.yaml, YAML, "a: [b\n"), &[]),
        (merge(&files.yaml, YAML, "data: {a: 'b!'}\n"), &[]),
        (merge(&files.yaml, &["-f", "nope.yaml"], PLAIN), &[]),
        (
            merge(&files.yaml, &["--cert=nope.pem"], PLAIN),
            &["nope.pem"],
        ),
        (
            merge(&files.yaml, &["--cert=certs/expired.pem"], PLAIN),
            &["failed to encrypt using an expired certificate"],
        ),
        (
            merge(&files.yaml, &["--merge-into=nope.yaml"], PLAIN),
            &["nope.yaml"],
        ),
        (merge(&files.yaml, &["--merge-into=."], PLAIN), &[]),
        (merge(PLAIN, YAML, PLAIN), &[]),
        (
            merge(&files.yaml.replace("SealedSecret", "Other"), YAML, PLAIN),
            &[],
        ),
        (
            merge(&files.yaml.replace("v1alpha1", "v1"), YAML, PLAIN),
            &[],
        ),
        (merge("a: [b\n", YAML, PLAIN), &[]),
        (merge("a: b\n", YAML, "stringData: {a: b}\n"), &[]),
        (merge("", YAML, "stringData: {a: b}\n"), &[]),
        (merge(&files.yaml, &["--scope=wide"], PLAIN), &[]),
    ];
    // Sealed already is what ours says to that.
    cases[2].1 = &[];
    let with = |(case, says)| Case { says, ..case };
    cases.into_iter().map(with).collect()
}
