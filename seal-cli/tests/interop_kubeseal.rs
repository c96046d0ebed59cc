//! `seal` against the real kubeseal 0.40.0: the same command lines, the same results, byte for
//! byte once sealed values are opened. Where we differ on purpose, a table says why.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says why"
)]

mod certificate_server;
mod comparison;
mod differences;
mod manifests;
mod reveal;
mod rivals;

use comparison::compare;
use rivals::{Line, Rivals};

const CERT: &str = "--cert=certs/rsa-2048.pem";

fn line(args: &[&str], stdin: &str) -> Line {
    Line {
        args: args.iter().map(|arg| (*arg).to_owned()).collect(),
        stdin: stdin.as_bytes().to_vec(),
        ..Line::default()
    }
}

fn secret(namespace: Option<&str>) -> String {
    let namespace = namespace.map_or(String::new(), |name| format!("  namespace: {name}\n"));
    format!("kind: Secret\nmetadata:\n  name: app\n{namespace}stringData:\n  password: hunter2\n")
}

#[test]
fn every_manifest_in_every_format_and_scope() {
    let Some(rivals) = Rivals::meet() else {
        return;
    };
    let mut lines = Vec::new();
    for (name, text) in manifests::all() {
        for args in [
            &[CERT][..],
            &[CERT, "-o", "yaml"],
            &[CERT, "-o", "yaml", "--scope", "namespace-wide"],
            &[CERT, "--scope", "cluster-wide"],
            &["--cert=certs/rsa-4096.pem", "-o", "yaml", "--name", "other"],
        ] {
            lines.push((name.to_owned(), line(args, &text)));
        }
    }
    let ran = compare(&rivals, lines);
    assert!(ran >= 200, "only {ran} lines ran");
}

const KUBECONFIG: &str = "apiVersion: v1\nkind: Config\ncurrent-context: dev\ncontexts:\n- name: dev\n  context: {cluster: c, user: u, namespace: from-context}\n- name: plain\n  context: {cluster: c, user: u}\nclusters:\n- name: c\n  cluster: {server: 'http://127.0.0.1:1'}\nusers:\n- name: u\n  user: {}\n";

#[test]
fn namespaces_and_contexts() {
    let Some(rivals) = Rivals::meet() else {
        return;
    };
    let mut lines = Vec::new();
    for own in [None, Some("demo"), Some("''"), Some("other")] {
        for scope in ["strict", "namespace-wide", "cluster-wide"] {
            for flags in [
                &[][..],
                &["-n", "other"],
                &["--namespace=ns/other"],
                &["-n", ""],
                &["--kubeconfig", "kube.yaml"],
                &["--kubeconfig", "kube.yaml", "--context", "plain"],
                &["--kubeconfig", "kube.yaml", "--context", "nope"],
                &["--kubeconfig", "kube.yaml", "-n", "other"],
            ] {
                let args = [&[CERT, "--scope", scope], flags].concat();
                let mut line = line(&args, &secret(own));
                line.files = vec![("kube.yaml", KUBECONFIG.to_owned())];
                lines.push((format!("own {own:?}"), line));
            }
        }
        for (name, file, env) in [
            (
                "by KUBECONFIG",
                "kube.yaml",
                vec![("KUBECONFIG", "kube.yaml".to_owned())],
            ),
            (
                "by KUBECONFIG, a list",
                "kube.yaml",
                vec![("KUBECONFIG", "nope:kube.yaml".to_owned())],
            ),
            ("by ~/.kube/config", ".kube/config", vec![]),
            (
                "by variable",
                "x",
                vec![("SEALED_SECRETS_NAMESPACE", "other".to_owned())],
            ),
            (
                "by an empty variable",
                "x",
                vec![("SEALED_SECRETS_NAMESPACE", String::new())],
            ),
        ] {
            let mut line = line(&[CERT], &secret(own));
            line.files = vec![(file, KUBECONFIG.to_owned())];
            line.env = env;
            lines.push((format!("own {own:?}, {name}"), line));
        }
    }
    compare(&rivals, lines);
}

#[test]
fn certificates() {
    let Some(rivals) = Rivals::meet() else {
        return;
    };
    let read = |name: &str| {
        std::fs::read_to_string(format!("{}/certificates/{name}.pem", reveal::VECTORS)).unwrap()
    };
    let (rsa, ec, public) = (read("rsa-2048"), read("ec"), read("public-key-only"));
    let headers = rsa.replacen("-----\n", "-----\nA: b\n\n", 1);
    let damaged = "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n";
    let mut lines = Vec::new();
    for (name, pem) in [
        ("nothing", String::new()),
        ("garbage", "garbage\n".to_owned()),
        ("a public key only", public.clone()),
        ("a public key before", format!("{public}{rsa}")),
        ("words before and behind", format!("words\n{rsa}words\n")),
        ("a damaged block before", format!("{damaged}{rsa}")),
        ("two", format!("{rsa}{}", read("rsa-4096"))),
        ("an EC one behind", format!("{rsa}{ec}")),
        ("an EC one before", format!("{ec}{rsa}")),
        ("with PEM headers", headers.clone()),
        (
            "with PEM headers, before another",
            format!("{headers}{rsa}"),
        ),
        ("CRLF", rsa.replace('\n', "\r\n")),
        ("no line break at the end", rsa.trim_end().to_owned()),
        ("expired", read("expired")),
        ("blank lines inside", rsa.replacen('\n', "\n\n", 3)),
        (
            "not DER",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned(),
        ),
    ] {
        let mut line = line(&["--cert=c.pem"], &secret(Some("demo")));
        line.files = vec![("c.pem", pem.clone())];
        lines.push((name.to_owned(), line));
        let mut line = self::line(&["--cert=c.pem", "--fetch-cert"], "");
        line.files = vec![("c.pem", pem)];
        lines.push((format!("{name}, fetched"), line));
    }
    compare(&rivals, lines);
}

#[test]
fn flags_and_variables() {
    let Some(rivals) = Rivals::meet() else {
        return;
    };
    let good = secret(Some("demo"));
    let empty = "kind: Secret\nmetadata: {name: app, namespace: demo}\n";
    let mut lines: Vec<_> = [
        (&["-o", "YAML"][..], good.as_str()),
        (&["-o", ""], &good),
        (&["-oyaml"], &good),
        (&["--format=Json"], &good),
        (&["-o", "json", "-o", "yaml"], &good),
        (&["--cert=nope.pem", CERT], &good),
        (&["--name", "other"], &good),
        (&["--name", ""], &good),
        (&["--scope", ""], &good),
        (&["--scope", "Strict"], &good),
        (&["--allow-empty-data"], empty),
        (&["--allow-empty-data=T"], empty),
        (&["--allow-empty-data=0"], empty),
        (&["--allow-empty-data=maybe"], empty),
        (&["-w", "out.json"], &good),
        (&["-w", "out.yaml"], &good),
        (&["-w", "out.YAML"], &good),
        (&["-w", "out"], &good),
        (&["-w", "no/such/out"], &good),
        (&["-f", "in.yaml"], ""),
        (&["-f", "nope.yaml"], ""),
        (&["-f", ""], &good),
        (&["--raw=false"], &good),
        (&["--nope"], &good),
        (&["--fetch-cert=false"], &good),
    ]
    .into_iter()
    .map(|(args, stdin)| (String::new(), line(&[&[CERT], args].concat(), stdin)))
    .collect();
    for (variable, value) in [
        ("SEALED_SECRETS_FORMAT", "yaml"),
        ("SEALED_SECRETS_FORMAT", ""),
        ("SEALED_SECRETS_NAME", "other"),
        ("SEALED_SECRETS_SCOPE", "cluster-wide"),
        ("SEALED_SECRETS_SCOPE", ""),
        ("SEALED_SECRETS_SEALED_SECRET_FILE", "out.yaml"),
        ("SEALED_SECRETS_SECRET_FILE", "in.yaml"),
        ("SEALED_SECRETS_CERT", "nope.pem"),
        ("SEALED_SECRETS_FETCH_CERT", "1"),
        ("SEALED_SECRETS_ALLOW_EMPTY_DATA", "maybe"),
        ("SEALED_SECRETS_CONTROLLER_NAME", ""),
    ] {
        let mut line = line(&[CERT], &good);
        line.env = vec![(variable, value.to_owned())];
        lines.push((format!("{variable}={value}"), line));
    }
    for (_, line) in &mut lines {
        line.files = vec![("in.yaml", secret(Some("from-file")))];
    }
    compare(&rivals, lines);
}

/// URLs, and the controller behind an API server: the same requests, the same results.
#[test]
fn certificates_from_servers() {
    let Some(rivals) = Rivals::meet() else {
        return;
    };
    let path = format!("{}/certificates/rsa-2048.pem", reveal::VECTORS);
    let http = certificate_server::start(std::fs::read(path).unwrap());
    let mut lines = Vec::new();
    for fetch in [&[][..], &["--fetch-cert"]] {
        for url in ["cert.pem", "moved", "page", "nope"] {
            let cert = format!("--cert={http}/{url}");
            let args = [&[cert.as_str()], fetch].concat();
            lines.push((url.to_owned(), line(&args, &secret(Some("demo")))));
        }
        for controller in [
            &[][..],
            &[
                "--controller-name=unnamed",
                "--controller-namespace=sealing",
            ],
            &["--controller-name=nope"],
            &["--controller-name=forbidden"],
            &["--controller-name=unauthorized"],
            &["--controller-name=down"],
            &["--controller-name=closed"],
            &["--controller-namespace=nope"],
        ] {
            let args = [&["--kubeconfig=kube.yaml"], controller, fetch].concat();
            lines.push((String::new(), line(&args, &secret(None))));
        }
    }
    for (_, line) in &mut lines {
        let kubeconfig = KUBECONFIG.replace("http://127.0.0.1:1", &http);
        line.files = vec![("kube.yaml", kubeconfig)];
    }
    compare(&rivals, lines);
}

/// Arguments, input, and what both programs say.
fn refusals() -> Vec<(&'static [&'static str], String, &'static str)> {
    let good = secret(Some("demo"));
    let nameless = "kind: Secret\nmetadata: {namespace: demo}\nstringData: {a: b}\n".to_owned();
    let empty = "kind: Secret\nmetadata: {name: app, namespace: demo}\n".to_owned();
    vec![
        (&[CERT][..], String::new(), "no secrets found"),
        (
            &[CERT],
            String::new(),
            "Ensure the input is valid and UTF-8 encoded",
        ),
        (&[CERT], nameless, "missing metadata.name in input Secret"),
        (
            &[CERT],
            empty,
            "secret.data is empty in input Secret, assuming this is an error and aborting. To work with empty data, --allow-empty-data can be used",
        ),
        (
            &[CERT, "-n", "other"],
            good.clone(),
            "namespace mismatch: input secret is in namespace \"demo\" but \"other\" was specified",
        ),
        (&[CERT], secret(None), "secret must declare a namespace"),
        (
            &[CERT, "-o", "toml"],
            good.clone(),
            "unsupported output format: ",
        ),
        (
            &["--cert=nope.pem"],
            good.clone(),
            "open nope.pem: no such file or directory",
        ),
        (
            &["--cert=certs/expired.pem"],
            good.clone(),
            "failed to encrypt using an expired certificate on February 3, 2021",
        ),
        (
            &["--cert=certs/public-key-only.pem"],
            good.clone(),
            "data does not contain any valid RSA or ECDSA certificates",
        ),
        (
            &["--cert=certs/ec.pem"],
            good.clone(),
            "expected RSA public key",
        ),
        (
            &["--kubeconfig=kube.yaml"],
            good.clone(),
            "cannot get sealed secret service",
        ),
        (
            &["--kubeconfig=kube.yaml"],
            good.clone(),
            "Please, use the flag --controller-name and --controller-namespace to set up the name and namespace of the sealed secrets controller",
        ),
    ]
}

/// Failures whose texts scripts and people search for (contract §3.3 and §3.4).
#[test]
fn error_texts() {
    let Some(rivals) = Rivals::meet() else {
        return;
    };
    for (args, stdin, text) in refusals() {
        let mut line = line(args, &stdin);
        line.files = vec![("kube.yaml", KUBECONFIG.to_owned())];
        for (who, outcome) in [
            ("ours", rivals.ours(&line)),
            ("theirs", rivals.theirs(&line)),
        ] {
            assert_ne!(outcome.code, 0, "{who}: {args:?}");
            assert!(
                outcome.stderr.starts_with("error: "),
                "{who}: {}",
                outcome.stderr
            );
            assert!(
                outcome.stderr.contains(text),
                "{who}: {text:?} is not in {}",
                outcome.stderr
            );
            assert_eq!(outcome.shown["stdout"], "", "{who}: {args:?}");
        }
    }
}

#[test]
fn deliberate_differences() {
    let Some(rivals) = Rivals::meet() else {
        return;
    };
    let certificate = format!("{}/certificates/rsa-2048.pem", reveal::VECTORS);
    let indented = std::fs::read_to_string(certificate).unwrap();
    let indented = indented.replace('\n', "\n  ");
    let as_kubeseal = differences::called_as_kubeseal().into_iter();
    let as_kubeseal = as_kubeseal.map(|difference| (Some("kubeseal"), difference));
    let as_seal = differences::all().into_iter();
    for (called, difference) in as_seal.map(|seal| (None, seal)).chain(as_kubeseal) {
        let mut line = line(difference.args, &difference.stdin);
        line.called = called;
        line.files = vec![
            ("kube.yaml", KUBECONFIG.to_owned()),
            ("indented.pem", indented.clone()),
        ];
        let what = format!("{} ({})", difference.what, difference.why);
        for (who, seen, outcome) in [
            ("ours", difference.ours, rivals.run_ours(&line)),
            ("theirs", difference.theirs, rivals.run_theirs(&line)),
        ] {
            let (code, stdout, stderr) = outcome;
            assert_eq!(code, seen.0, "{what}, {who}: {stdout}{stderr}");
            assert!(stdout.contains(seen.1), "{what}, {who}: {stdout}");
            assert!(stderr.contains(seen.2), "{what}, {who}: {stderr}");
            let nothing = seen.0 != 0 && seen.1.is_empty();
            assert!(!nothing || stdout.is_empty(), "{what}, {who}: {stdout}");
        }
    }
}
