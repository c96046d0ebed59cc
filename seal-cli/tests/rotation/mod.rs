//! `--validate` and `--re-encrypt`: the same controller (a double, as in the transcripts), the same inputs
//! and flags. The real controller is asked in `tests/interop`.

use crate::rivals::{Line, Rivals};
use crate::sealing_for_tests::{SECRET, seal};
use crate::{certificate_server, kubeconfig, reveal};

const KUBECONFIG: &str = "--kubeconfig=kube.yaml";

/// What every command line has at hand.
struct Desk {
    files: Vec<(&'static str, String)>,
}

impl Desk {
    fn new() -> Self {
        let path = format!("{}/certificates/rsa-2048.pem", reveal::VECTORS);
        let http = certificate_server::start(std::fs::read(path).unwrap());
        let good = seal(SECRET, &[]);
        let renamed = good.replacen("name: app", "name: other", 1);
        let wide = seal(SECRET, &["--scope", "cluster-wide"]);
        let typed = format!("{SECRET}type: example.com/any\nimmutable: true\n");
        let json = seal(SECRET, &["-o", "json"]);
        let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
        let files = vec![
            ("kube.yaml", kubeconfig::of(&http)),
            ("several.yaml", [good.as_str(), &wide].concat()),
            ("one-of-several.yaml", [wide.as_str(), &renamed].concat()),
            ("wide.yaml", wide.replace("name: app", "name: other")),
            (
                "namespaced.yaml",
                seal(SECRET, &["--scope", "namespace-wide"]),
            ),
            ("typed.yaml", seal(&typed, &[])),
            ("se1.yaml", seal(SECRET, &["--format-version", "se1"])),
            ("good.yaml", good),
            ("good.json", json),
            ("renamed.yaml", renamed),
            ("secret.yaml", SECRET.to_owned()),
            ("map.yaml", map.to_owned()),
        ];
        Self { files }
    }

    /// A command line; of the files only those that it names are there.
    fn line(&self, args: &[&str], stdin: Option<&str>) -> Line {
        let is_named = |name: &str| args.iter().any(|arg| arg.ends_with(name));
        let text = |name: &str| {
            let file = self.files.iter().find(|(known, _)| *known == name);
            file.unwrap().1.clone().into_bytes()
        };
        let files = self.files.iter().filter(|(name, _)| is_named(name));
        Line {
            called: Some("kubeseal"),
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
            files: files.cloned().collect(),
            stdin: stdin.map(text).unwrap_or_default(),
            ..Line::default()
        }
    }
}

/// Runs each line on both sides; gives how many went well.
fn compare(rivals: &Rivals, lines: Vec<Line>) -> usize {
    let (ran, mut wrong, mut well) = (lines.len(), 0, 0);
    for line in lines {
        let (ours, theirs) = (rivals.ours(&line), rivals.theirs(&line));
        well += usize::from(ours.code == 0);
        if ours.code != theirs.code || ours.shown != theirs.shown {
            wrong += 1;
            eprintln!("=== {:?}: {} and {}", line.args, ours.code, theirs.code);
            eprintln!("{}{}", ours.stderr, theirs.stderr);
            for (name, text) in ours.shown {
                let other = theirs.shown.get(&name);
                if other != Some(&text) {
                    eprintln!(
                        "{name}, ours:\n{text}theirs:\n{}",
                        other.map_or("", |it| it)
                    );
                }
            }
        }
    }
    assert_eq!(wrong, 0, "{wrong} of {ran} lines differ");
    well
}

#[test]
fn validate() {
    let Some(rivals) = Rivals::meet() else {
        return;
    };
    let desk = Desk::new();
    let mut lines = Vec::new();
    for (name, _) in &desk.files {
        lines.push(desk.line(&["--validate", KUBECONFIG], Some(name)));
    }
    for args in [
        &["-f", "several.yaml"][..],
        &["-f", "nope.yaml"],
        &["--re-encrypt", "--fetch-cert", "--raw", "--cert=nope.pem"],
        &["-o", "yaml", "-n", "elsewhere", "--name", "other"],
        &["--controller-name=busy"],
        &["--controller-name=in-kms"],
        &["--controller-name=down"],
        &["--controller-name=closed"],
        &["--controller-name=forbidden"],
        &["--controller-name=unauthorized"],
        &["--controller-name=nope"],
        &["--controller-namespace=nope"],
        &["--context=nope"],
        &["--validate=false", "--validate"],
    ] {
        let args = [&["--validate", KUBECONFIG], args].concat();
        lines.push(desk.line(&args, Some("good.yaml")));
    }
    let well = compare(&rivals, lines);
    assert!(well >= 10, "only {well} went well");
}

#[test]
fn re_encrypt() {
    let Some(rivals) = Rivals::meet() else {
        return;
    };
    let desk = Desk::new();
    let mut lines = Vec::new();
    let stdin = |name: &str, format: &str| {
        desk.line(&["--re-encrypt", KUBECONFIG, "-o", format], Some(name))
    };
    let files = desk.files.iter().map(|(name, _)| *name);
    // What the others of several become if one fails, and SE1, stand in the list of differences.
    let differ = ["one-of-several.yaml", "se1.yaml"];
    for name in files.filter(|name| !differ.contains(name)) {
        lines.extend([stdin(name, "json"), stdin(name, "yaml")]);
    }
    for name in [
        "good.yaml",
        "good.json",
        "several.yaml",
        "typed.yaml",
        "nope.yaml",
    ] {
        for args in [
            &[][..],
            &["-w", "out.json"],
            &["-w", "out.yaml"],
            &["-w", "out", "-o", "yaml"],
        ] {
            let args = [&["--re-encrypt", KUBECONFIG, "-f", name], args].concat();
            lines.push(desk.line(&args, None));
        }
    }
    for name in [
        "busy",
        "forgetful-not",
        "in-kms",
        "down",
        "closed",
        "unauthorized",
    ] {
        let controller = format!("--controller-name={name}");
        for args in [&["-f", "good.yaml"][..], &["-w", "out.yaml"]] {
            let args = [&["--re-encrypt", KUBECONFIG, &controller], args].concat();
            lines.push(desk.line(&args, Some("good.yaml")));
        }
    }
    let well = compare(&rivals, lines);
    assert!(well >= 28, "only {well} went well");
}
