//! Command lines and variables, called as kubeseal: what the real kubeseal 0.40.0 takes, ours
//! takes with the same result, and what it refuses, ours refuses with the same exit code. Where we
//! differ on purpose, `differences` says why (`interop_kubeseal` runs it).
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says why"
)]

mod certificate_server;
mod comparison;
mod reveal;
mod rivals;

use comparison::compare;
use rivals::{Line, Rivals};

const GOOD: &str =
    "kind: Secret\nmetadata: {name: app, namespace: demo}\nstringData: {password: hunter2}\n";
const NOWHERE: &str = "kind: Secret\nmetadata: {name: app}\nstringData: {password: hunter2}\n";
const EMPTY: &str = "kind: Secret\nmetadata: {name: app, namespace: demo}\n";
const CERT: &str = "--cert=certs/rsa-2048.pem";

const KUBECONFIG: &str = "\
apiVersion: v1
kind: Config
current-context: dev
contexts:
- name: dev
  context: {cluster: c, user: u, namespace: from-context}
- name: plain
  context: {cluster: c, user: u}
- name: lost
  context: {cluster: nope, user: nope}
- name: dead
  context: {cluster: d, user: u}
clusters:
- name: c
  cluster: {server: '{http}'}
- name: d
  cluster: {server: 'http://127.0.0.1:1'}
- name: tls
  cluster: {server: 'https://127.0.0.1:1', certificate-authority: nope.pem}
users:
- name: u
  user: {}
- name: t
  user: {token: abc}
";

/// A line as a person types it; words are split at blanks, and `''` is an empty one.
fn line(typed: &str, stdin: &str) -> (String, Line) {
    let words = typed.split_whitespace();
    let line = Line {
        called: Some("kubeseal"),
        args: words
            .map(|word| word.trim_matches('\'').to_owned())
            .collect(),
        stdin: stdin.as_bytes().to_vec(),
        files: vec![
            ("in.yaml", GOOD.replace("demo", "from-file")),
            (
                "kube.yaml",
                KUBECONFIG.replace("{http}", "http://127.0.0.1:1"),
            ),
        ],
        ..Line::default()
    };
    (typed.to_owned(), line)
}

/// Lines that all have a certificate and the same input.
fn lines(typed: &[&str], stdin: &str) -> Vec<(String, Line)> {
    let typed = typed.iter();
    typed
        .map(|typed| line(&format!("{CERT} {typed}"), stdin))
        .collect()
}

/// Behind a certificate, with a Secret on stdin.
const FLAGS: &[&str] = &[
    "-o yaml",
    "-oyaml",
    "-o=yaml",
    "--format yaml",
    "--format=yaml",
    "--format=",
    "-o yaml -o json",
    "-f in.yaml",
    "-fin.yaml",
    "-f=in.yaml",
    "-f in.yaml -w out.json",
    "-w=out.yaml",
    "-wout.yml -ojson",
    "-n demo",
    "-ndemo",
    "-n=NS/demo",
    "--namespace=namespaces/demo",
    "-n ns/",
    "-n other",
    "--name other --name last",
    "--name=",
    "--name ''",
    "--name -x",
    "--name --nope",
    "--scope cluster-wide --scope strict",
    "--scope=namespace-wide -n demo",
    "--scope=nope",
    "--scope strict,cluster-wide",
    "--controller-name '' --controller-namespace ''",
    "--kubeconfig nope.yaml",
    // Flags without a value take one only behind `=`.
    "--allow-empty-data",
    "--allow-empty-data=true",
    "--allow-empty-data=",
    "--allow-empty-data=yes",
    "--allow-empty-data=TRUE",
    "--allow-empty-data=tRUE",
    "--allow-empty-data false",
    "--fetch-cert",
    "--fetch-cert true",
    "--fetch-cert=T",
    "--fetch-cert=0",
    "--fetch-cert --fetch-cert=false",
    // What kubeseal does not know.
    "--nope",
    "--nope=1",
    "--Name=x",
    "--controller",
    "--cert-file=x",
    "--no-fetch-cert",
    "-x",
    "-s http://x",
    "-n",
    "-o",
    "--cert",
    // Words that belong to no flag.
    "in.yaml",
    "seal",
    "inspect in.yaml",
    "help",
    "''",
    "-",
    "--",
    "-- --nope",
    "-- -o yaml",
    "app.yaml -o yaml",
];

#[test]
fn flags_and_their_values() {
    let Some(rivals) = Rivals::meet() else {
        return;
    };
    let mut all = lines(FLAGS, GOOD);
    all.extend(lines(
        &["", "--allow-empty-data", "--allow-empty-data=0"],
        EMPTY,
    ));
    all.extend(lines(&["", "-n other", "--scope cluster-wide"], NOWHERE));
    let ran = compare(&rivals, all);
    assert!(ran >= 65, "only {ran} lines ran");
}

#[test]
fn flags_of_klog_have_no_effect() {
    let Some(rivals) = Rivals::meet() else {
        return;
    };
    let typed = [
        "-v 5",
        "-v5",
        "-v=5",
        "--v 5",
        "-v x",
        "-v -1",
        "-v=5 --v=1",
        "--logtostderr",
        "--logtostderr=true",
        "--logtostderr=nope",
        "--alsologtostderr --alsologtostderr=false",
        "--vmodule a=1,b=2",
        "--vmodule=",
        "--vmodule a",
        "--stderrthreshold ERROR",
        "--stderrthreshold=warning",
        "--stderrthreshold 2",
        "--stderrthreshold nope",
        "--alsologtostderrthreshold=1",
        "--legacy_stderr_threshold_behavior=false",
        "--log_dir logs",
        "--log_file log",
        "--log_file_max_size 1",
        "--log_file_max_size x",
        "--log_backtrace_at a.go:1",
        "--log_backtrace_at=:0",
        "--log_backtrace_at a",
        "--skip_headers",
        "--skip_log_headers=1",
        "--one_output",
        "--add_dir_header",
        "--add_dir_header=2",
        "--log-dir logs",
        "--skip-headers",
    ];
    let mut all = lines(&typed, GOOD);
    // They have no variables.
    let (name, mut with_variable) = line(CERT, GOOD);
    with_variable.env = vec![("SEALED_SECRETS_V", "x".to_owned())];
    all.push((name, with_variable));
    compare(&rivals, all);
}

/// A command line, stdin, and what is set.
type Set = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

const VARIABLES: &[Set] = &[
    ("", GOOD, &[("SEALED_SECRETS_FORMAT", "YAML")]),
    ("-o json", GOOD, &[("SEALED_SECRETS_FORMAT", "yaml")]),
    ("-o yaml", GOOD, &[("SEALED_SECRETS_FORMAT", "nope")]),
    ("", GOOD, &[("SEALED_SECRETS_O", "yaml")]),
    ("", GOOD, &[("sealed_secrets_format", "yaml")]),
    (
        "--scope=namespace-wide",
        GOOD,
        &[("SEALED_SECRETS_SCOPE", "cluster-wide")],
    ),
    ("--name=typed", GOOD, &[("SEALED_SECRETS_NAME", "set")]),
    ("--name=", GOOD, &[("SEALED_SECRETS_NAME", "set")]),
    ("", NOWHERE, &[("SEALED_SECRETS_NAMESPACE", "NS/demo")]),
    (
        "--namespace=",
        NOWHERE,
        &[("SEALED_SECRETS_NAMESPACE", "demo")],
    ),
    ("-n demo", GOOD, &[("SEALED_SECRETS_NAMESPACE", "other")]),
    ("", NOWHERE, &[("SEALED_SECRETS_KUBECONFIG", "kube.yaml")]),
    (
        "",
        NOWHERE,
        &[
            ("SEALED_SECRETS_KUBECONFIG", "kube.yaml"),
            ("SEALED_SECRETS_CONTEXT", "plain"),
        ],
    ),
    (
        "--kubeconfig=kube.yaml",
        NOWHERE,
        &[("SEALED_SECRETS_KUBECONFIG", "nope.yaml")],
    ),
    (
        "--context=",
        NOWHERE,
        &[
            ("KUBECONFIG", "kube.yaml"),
            ("SEALED_SECRETS_CONTEXT", "plain"),
        ],
    ),
    (
        "",
        NOWHERE,
        &[("SEALED_SECRETS_SERVER", "http://127.0.0.1:1")],
    ),
    ("", EMPTY, &[("SEALED_SECRETS_ALLOW_EMPTY_DATA", "1")]),
    ("", EMPTY, &[("SEALED_SECRETS_ALLOW_EMPTY_DATA", "yes")]),
    (
        "--allow-empty-data=false",
        EMPTY,
        &[("SEALED_SECRETS_ALLOW_EMPTY_DATA", "1")],
    ),
    ("", GOOD, &[("SEALED_SECRETS_FETCH_CERT", "")]),
    ("", GOOD, &[("SEALED_SECRETS_CERT", "nope.pem")]),
    (
        "",
        GOOD,
        &[
            ("SEALED_SECRETS_TOKEN", "a"),
            ("SEALED_SECRETS_AS_GROUP", "b"),
        ],
    ),
    (
        "",
        GOOD,
        &[("SEALED_SECRETS_INSECURE_SKIP_TLS_VERIFY", "maybe")],
    ),
    ("", GOOD, &[("SEALED_SECRETS_NOPE", "1")]),
];

#[test]
fn variables() {
    let Some(rivals) = Rivals::meet() else {
        return;
    };
    let mut all = Vec::new();
    for (typed, stdin, variables) in VARIABLES {
        let (name, mut line) = line(&format!("{CERT} {typed}"), stdin);
        line.env = variables
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        all.push((format!("{name} {variables:?}"), line));
    }
    compare(&rivals, all);
}

/// Where the certificate comes from.
#[test]
fn certificates() {
    let Some(rivals) = Rivals::meet() else {
        return;
    };
    let path = format!("{}/certificates/rsa-2048.pem", reveal::VECTORS);
    let http = certificate_server::start(std::fs::read(path).unwrap());
    let mut all = Vec::new();
    for cert in [
        "certs/rsa-2048.pem",
        "./certs/rsa-2048.pem",
        "certs",
        "file:///nope.pem",
        "FILE:///nope.pem",
        "{http}/cert.pem",
        "{http}/moved",
        "{http}/nope",
        "HTTP://127.0.0.1:1/cert.pem",
        "ftp://127.0.0.1/cert.pem",
        "http://",
        "c:\\cert.pem",
    ] {
        let cert = cert.replace("{http}", &http);
        all.push(line(&format!("--cert={cert}"), GOOD));
        all.push(line(&format!("--fetch-cert --cert {cert}"), ""));
    }
    compare(&rivals, all);
}

/// `{http}` is the API server.
const CONNECTIONS: &[&str] = &[
    "",
    "--server {http}",
    "--server {http}/",
    "--server={address}",
    "--server=''",
    "--server=ftp://{address}",
    "--server={http} --kubeconfig=nope.yaml",
    "--kubeconfig=kube.yaml",
    "--kubeconfig=kube.yaml --context=plain",
    "--kubeconfig=kube.yaml --context=lost",
    "--kubeconfig=kube.yaml --context=lost --cluster=c --user=u",
    "--kubeconfig=kube.yaml --context=lost --server={http}",
    "--kubeconfig=kube.yaml --context=dead",
    "--kubeconfig=kube.yaml --context=dead --server {http}",
    "--kubeconfig=kube.yaml --context=dead --cluster c",
    "--kubeconfig=kube.yaml --context=nope --server {http}",
    "--kubeconfig=kube.yaml --cluster=d",
    "--kubeconfig=kube.yaml --cluster=nope",
    "--kubeconfig=kube.yaml --cluster=nope --server {http}",
    "--kubeconfig=kube.yaml --cluster=tls",
    "--kubeconfig=kube.yaml --user=t",
    "--kubeconfig=kube.yaml --user=nope",
    "--kubeconfig=kube.yaml --token=x --user=t",
    "--kubeconfig=kube.yaml --user=t --username=x",
    "--server {http} --token x",
    "--server {http} --username x --password y",
    "--server {http} --password y",
    "--server {http} --token x --password y",
    "--server {http} --as jane --as-group a --as-group b --as-uid 1",
    "--server {http} --as-group a",
    "--server {http} --as-uid 1",
    "--server {http} --as jane --as-group=",
    "--server {http} --client-certificate certs/rsa-2048.pem",
    "--server {http} --client-certificate nope --client-key nope",
    "--server {http} --client-key nope",
    "--server {http} --certificate-authority certs/rsa-2048.pem",
    "--server {http} --certificate-authority nope.pem",
    "--server {http} --insecure-skip-tls-verify",
    "--server {http} --insecure-skip-tls-verify=x",
    "--server {http} --insecure-skip-tls-verify --certificate-authority certs/rsa-2048.pem",
    "--server {http} --tls-server-name x",
    "--server {http} --disable-compression",
    "--server {http} --request-timeout 30",
    "--server {http} --request-timeout 1m30s",
    "--server {http} --request-timeout 0",
    "--server {http} --request-timeout=''",
    "--server {http} --request-timeout -1s",
    "--server {http} --request-timeout soon",
    "--server {http} --proxy-url ftp://x",
    "--server {http} --proxy-url http://127.0.0.1:1",
    "--insecure-skip-tls-verify",
    "--token x",
    "--cluster c",
];

/// Which cluster the flags lead to: its API server is one that speaks plain HTTP.
#[test]
fn connections() {
    let Some(rivals) = Rivals::meet() else {
        return;
    };
    let path = format!("{}/certificates/rsa-2048.pem", reveal::VECTORS);
    let http = certificate_server::start(std::fs::read(path).unwrap());
    let address = http.strip_prefix("http://").unwrap();
    let kubeconfig = KUBECONFIG.replace("{http}", &http);
    let mut all = Vec::new();
    for typed in CONNECTIONS {
        let typed = typed.replace("{http}", &http).replace("{address}", address);
        for (more, stdin) in [("--fetch-cert", ""), ("", NOWHERE)] {
            let (name, mut line) = line(&format!("{typed} {more}"), stdin);
            line.files = vec![("kube.yaml", kubeconfig.clone())];
            all.push((name, line));
        }
    }
    let ran = compare(&rivals, all);
    assert!(ran >= 100, "only {ran} lines ran");
}

/// What is printed is not the same, but where, and with which exit code.
#[test]
fn help_and_version() {
    let Some(rivals) = Rivals::meet() else {
        return;
    };
    for (typed, variable, code, begin) in [
        ("--version", "", 0, "kubeseal version: 0.40.0"),
        (
            "--version=true --cert nope",
            "",
            0,
            "kubeseal version: 0.40.0",
        ),
        ("--version --help", "", 0, ""),
        ("word --version", "", 0, "kubeseal version: 0.40.0"),
        ("", "SEALED_SECRETS_VERSION", 0, "kubeseal version: 0.40.0"),
        ("--version --nope", "", 2, ""),
        ("--version=maybe", "", 2, ""),
        ("--version=false", "", 1, ""),
        ("--help", "", 0, ""),
        ("-h", "", 0, ""),
        ("--help --cert nope", "", 0, ""),
    ] {
        let (_, mut line) = line(typed, "");
        if !variable.is_empty() {
            line.env = vec![(variable, "1".to_owned())];
        }
        for (who, (found, stdout, stderr)) in [
            ("ours", rivals.run_ours(&line)),
            ("theirs", rivals.run_theirs(&line)),
        ] {
            let what = format!("{who}: {typed} {variable}: {stdout}{stderr}");
            assert_eq!(found, code, "{what}");
            assert!(code != 0 || stdout.starts_with(begin), "{what}");
            assert!(code != 0 || !stdout.is_empty(), "{what}");
        }
    }
}
