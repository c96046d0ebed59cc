//! Lines with `--raw`.

use super::files::KUBECONFIG;
use super::{Case, line};

/// Every scope, name and namespace, however it is said. With each stands whether it can work.
pub(crate) fn matrix() -> Vec<(Case, Option<String>)> {
    let scopes = [
        (&[][..], "strict"),
        (&["--scope", ""], "strict"),
        (&["--scope=strict"], "strict"),
        (&["--scope=namespace-wide"], "namespace-wide"),
        (&["--scope=cluster-wide"], "cluster-wide"),
    ];
    let namespaces = [
        (&[][..], None),
        (&["-n", "demo"], Some("demo")),
        (&["--namespace=ns/demo"], Some("demo")),
        (&["-n", ""], None),
        (&["--kubeconfig=kube.yaml"], Some("demo")),
        (
            &["--kubeconfig=kube.yaml", "--context=plain"],
            Some("default"),
        ),
        (&["--kubeconfig=kube.yaml", "-n", "other"], Some("other")),
    ];
    let names = [
        (&[][..], None),
        (&["--name=app"], Some("app")),
        (&["--name="], None),
    ];
    let mut cases = Vec::new();
    for (scope_args, scope) in scopes {
        for (namespace_args, namespace) in namespaces {
            for (name_args, name) in names {
                let args = [&["--raw"], scope_args, namespace_args, name_args].concat();
                let mut line = line(&args, "hunter2");
                line.files = vec![("kube.yaml", KUBECONFIG.to_owned())];
                let says: &[&str] = match (scope, namespace, name) {
                    ("strict", Some(_), None) => {
                        &["must provide the --name flag with --raw and --scope strict"]
                    }
                    _ => &[],
                };
                let place = place(scope, namespace, name);
                let name = format!("{scope}, {namespace:?}, {name:?}");
                cases.push((Case { name, line, says }, place));
            }
        }
    }
    cases
}

/// Where the value is bound to; `None` if something is missing for that.
fn place(scope: &str, namespace: Option<&str>, name: Option<&str>) -> Option<String> {
    match scope {
        "strict" => Some(format!("strict {}/{}", namespace?, name?)),
        "namespace-wide" => Some(format!("namespace-wide {}", namespace?)),
        _ => Some("cluster-wide".to_owned()),
    }
}

const STRICT: [&str; 5] = ["--raw", "-n", "demo", "--name", "app"];

/// Lines that seal for `strict demo/app`, or fail.
pub(crate) fn lines() -> Vec<Case> {
    let mut cases = values();
    cases.extend(files());
    cases.extend(variables());
    cases.extend(failures());
    cases
}

fn values() -> Vec<Case> {
    let large = vec![b'x'; 300_000];
    [
        ("text", &b"hunter2"[..]),
        ("a line break at the end", b"hunter2\n"),
        ("line breaks of Windows", b"hunter2\r\n\r\n"),
        ("white space", b" \t hunter2 "),
        ("a byte order mark", "\u{feff}hunter2".as_bytes()),
        ("no text", &[0, 255, 254, 10, 0]),
        ("a manifest", b"kind: Secret\nmetadata: {name: x}\n"),
        ("a large value", &large),
    ]
    .into_iter()
    .map(|(name, value)| case(name, &[], value))
    .collect()
}

fn case(name: &str, args: &[&str], stdin: &[u8]) -> Case {
    Case {
        name: name.to_owned(),
        line: line(&[&STRICT[..], args].concat(), stdin),
        ..Case::default()
    }
}

/// Whatever is on stdin is not the value.
fn files() -> Vec<Case> {
    let several: &[&str] =
        &["must provide only one --from-file when encrypting a single item with --raw"];
    [
        (&["--from-file", "value.txt"][..], &[][..]),
        (&["--from-file=./value.txt"], &[]),
        (&["--from-file", "key=value.txt"], &[]),
        (&["--from-file", "=value.txt"], &[]),
        (&["--from-file", "a=odd=name"], &[]),
        (&["--from-file", "empty.txt"], &[]),
        (&["--from-file", "\"a,b.txt\""], &[]),
        (&["--from-file=", "--from-file=value.txt"], &[]),
        (&["--from-file="], &[]),
        (&["--from-file=/dev/stdin"], &[]),
        (&["-w", "out.txt"], &[]),
        (&["-w", "out.yaml", "--from-file=value.txt"], &[]),
        (&["-w", "out.txt", "--from-file=nope"], &["nope"]),
        (&["-o", "yaml"], &[]),
        (&["--allow-empty-data"], &[]),
        (&["--from-file", "nope.txt"], &["nope.txt"]),
        (&["--from-file", "k=nope.txt"], &["nope.txt"]),
        (&["--from-file", "."], &["directory"]),
        (&["--from-file", "a,b.txt"], several),
        (&["--from-file", "value.txt,value.txt"], several),
        (
            &["--from-file=value.txt", "--from-file=key=value.txt"],
            several,
        ),
        (&["--from-file", "value.txt,"], several),
        (&["--from-file", "val\"ue.txt"], &[]),
        (&["-w", "no/such/folder"], &[]),
    ]
    .into_iter()
    .map(|(args, says)| {
        let mut case = case("", args, b"from stdin");
        case.says = says;
        case.line.files = [
            ("value.txt", "from a file\n"),
            ("odd=name", "odd"),
            ("empty.txt", ""),
            ("a,b.txt", "comma"),
        ]
        .map(|(name, text)| (name, text.to_owned()))
        .into();
        case
    })
    .collect()
}

fn variables() -> Vec<Case> {
    let raw = ("SEALED_SECRETS_RAW", "true");
    let place = [
        ("SEALED_SECRETS_NAMESPACE", "demo"),
        ("SEALED_SECRETS_NAME", "app"),
    ];
    let file = |name| ("SEALED_SECRETS_FROM_FILE", name);
    [
        (&["-n=demo", "--name=app"][..], vec![raw]),
        (&["--raw"], place.to_vec()),
        (&[], [&[raw][..], &place].concat()),
        (&[], [&[raw, file("value.txt")][..], &place].concat()),
        (&[], [&[raw, file("")][..], &place].concat()),
        (
            &["--from-file=value.txt"],
            [&[raw, file("value.txt")][..], &place].concat(),
        ),
        (
            &["--raw"],
            [&place[..], &[("SEALED_SECRETS_SCOPE", "")]].concat(),
        ),
        (&["--raw=false"], [&[raw][..], &place].concat()),
        (
            &[],
            [&[("SEALED_SECRETS_RAW", "maybe")][..], &place].concat(),
        ),
        (&[], vec![file("value.txt")]),
        (&["--raw", "-n", ""], place.to_vec()),
        (&["--raw", "--name="], place.to_vec()),
        (
            &["--raw"],
            [&place[..], &[("SEALED_SECRETS_SEALED_SECRET_FILE", "out")]].concat(),
        ),
        (
            &["--raw"],
            [&place[..], &[("SEALED_SECRETS_CERT", "nope.pem")]].concat(),
        ),
    ]
    .into_iter()
    .map(|(args, env)| {
        let mut line = line(args, "from stdin");
        line.env = env
            .into_iter()
            .map(|(name, value)| (name, value.to_owned()))
            .collect();
        line.files = vec![("value.txt", "from a file\n".to_owned())];
        let name = format!("{:?}", line.env);
        Case {
            name,
            line,
            says: &[],
        }
    })
    .collect()
}

fn failures() -> Vec<Case> {
    let requires: &[&str] = &["--from-file requires --raw"];
    let mut cases: Vec<_> = [
        (&["--from-file", "x"][..], requires),
        (&["--from-file", "x", "--raw=false"], requires),
        (&["--from-file", "x", "--fetch-cert"], requires),
        (&["--from-file", "x", "--merge-into", "x"], requires),
        (&["--raw=maybe"], &[]),
        (&["--raw", "-n", "demo"], &["--name", "--scope strict"]),
    ]
    .into_iter()
    .map(|(args, says)| Case {
        line: line(args, "hunter2"),
        says,
        ..Case::default()
    })
    .collect();
    let expired: &'static [&'static str] = &["failed to encrypt using an expired certificate"];
    let kubeconfig = "--kubeconfig=kube.yaml";
    let more: [(&[&str], &'static [&'static str]); 7] = [
        (&["--scope", "wide"], &[]),
        (&["--nope"], &[]),
        (&["-f", "nope.yaml"], &[]),
        (&["--cert=nope.pem"], &["nope.pem"]),
        (
            &["--cert=", kubeconfig],
            &["cannot get sealed secret service"],
        ),
        (&["--namespace=", kubeconfig, "--context=nope"], &["nope"]),
        (&["--cert=certs/expired.pem"], expired),
    ];
    cases.extend(more.into_iter().map(|(args, says)| Case {
        says,
        ..case("", args, b"hunter2")
    }));
    for case in &mut cases {
        case.line.files = vec![("kube.yaml", KUBECONFIG.to_owned())];
    }
    cases
}
