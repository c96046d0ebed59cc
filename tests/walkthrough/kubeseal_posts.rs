//! `kubeseal --validate` and `--re-encrypt`, which post to our controller through the API server, with the rights of
//! anyone who is logged in.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use seal_format::Scope;
use serde_json::{Value, json};
use suite::Plain;
use testkit::peers;

use crate::{bed, text};

const SCOPES: [(&str, Scope); 3] = [
    ("strict", Scope::Strict),
    ("namespace-wide", Scope::NamespaceWide),
    ("cluster-wide", Scope::ClusterWide),
];

/// Runs the real kubeseal as the service account `default`.
fn kubeseal(args: &[&str], input: &str) -> Output {
    let plane = bed().unwrap().cluster.plane();
    let account = plane.service_account_kubeconfig("default", "default");
    let mut child = Command::new(peers::kubeseal().unwrap())
        .args(args)
        .env("KUBECONFIG", account.unwrap())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // It does not read on when it has failed.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().unwrap()
}

fn done(output: &Output) -> String {
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "");
    text(&output.stdout)
}

/// One object of each scope: more at once than the rate allows, so kubeseal has to come again.
fn objects() -> Vec<Value> {
    let certificate = bed().unwrap().controller.certificate();
    let object = |(title, scope)| {
        let plain = Plain::new("prod", title).scope(scope).label("app", "shop");
        let sealed = plain.item("password", "hunter2").seal(&certificate);
        let mut sealed = serde_json::to_value(sealed).unwrap();
        sealed["spec"]["template"]["data"] = json!({"url": "db://me:{{ .password }}@host"});
        sealed
    };
    [SCOPES, SCOPES].concat().into_iter().map(object).collect()
}

fn documents(objects: &[Value]) -> String {
    let documents = objects.iter().map(|object| format!("---\n{object}\n"));
    documents.collect()
}

#[test]
fn kubeseal_validates_against_our_controller() {
    if bed().is_none() {
        return;
    }
    let good = objects();
    assert_eq!(done(&kubeseal(&["--validate"], &documents(&good))), "");
    for (mut sealed, renames, moves) in good
        .into_iter()
        .zip([(false, false), (true, false), (true, true)])
        .map(|(sealed, (renames, moves))| (sealed, renames, moves))
    {
        for (field, value, opens) in [("name", "renamed", renames), ("namespace", "away", moves)] {
            sealed["metadata"][field] = value.into();
            let output = kubeseal(&["--validate"], &sealed.to_string());
            let name = sealed["metadata"]["name"].as_str().unwrap();
            let said = format!("error: unable to decrypt sealed secret: {name}\n");
            let expected = if opens {
                (Some(0), "")
            } else {
                (Some(1), said.as_str())
            };
            let stderr = text(&output.stderr);
            assert_eq!((output.status.code(), stderr.as_str()), expected);
        }
    }
}

#[test]
fn kubeseal_re_encrypts_with_our_controller() {
    if bed().is_none() {
        return;
    }
    let before = objects();
    for format in ["json", "yaml"] {
        let args = ["--re-encrypt", "--format", format];
        let output = done(&kubeseal(&args, &documents(&before)));
        let after = seal_manifest::read(output.as_bytes()).unwrap();
        assert_eq!(after.len(), before.len());
        for (before, after) in before.iter().zip(after) {
            let mut after = after.root().to_json();
            let value = after["spec"]["encryptedData"]["password"].take();
            assert_ne!(value, before["spec"]["encryptedData"]["password"]);
            let mut expected = before.clone();
            expected["spec"]["encryptedData"]["password"].take();
            assert_eq!(after, expected, "{format}");
        }
        assert_eq!(done(&kubeseal(&["--validate"], &output)), "");
    }
    // In place, as people do it.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db.yaml");
    std::fs::write(&file, before[0].to_string()).unwrap();
    let path = file.to_str().unwrap();
    done(&kubeseal(&["--re-encrypt", "-o", "yaml", "-f", path], ""));
    let written = std::fs::read_to_string(&file).unwrap();
    assert!(
        written.contains("url: db://me:{{ .password }}@host"),
        "{written}"
    );
    assert_eq!(done(&kubeseal(&["--validate"], &written)), "");
}

#[test]
fn kubeseal_shows_why_something_is_not_re_encrypted() {
    if bed().is_none() {
        return;
    }
    let mut sealed = objects().swap_remove(0);
    sealed["metadata"]["name"] = "renamed".into();
    let output = kubeseal(&["--re-encrypt"], &sealed.to_string());
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stdout), "");
    let said = text(&output.stderr);
    assert!(
        said.starts_with("error: cannot re-encrypt secret: "),
        "{said}"
    );
    assert!(
        said.contains("does not open with the keys of this controller"),
        "{said}"
    );
}
