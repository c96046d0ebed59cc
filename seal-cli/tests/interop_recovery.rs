//! The actions that need private keys, against the real kubeseal 0.40.0: the same key files, inputs and
//! flags, the same results byte for byte. What differs on purpose stands in one list, `action_differences`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says why"
)]

mod action_differences;
mod certificate_server;
mod key_files;
mod kubeconfig;
mod manifests;
mod reveal;
mod rivals;
mod rotation;
mod sealed_inputs;
mod sealing_for_tests;

use rivals::{Line, Rivals};
use sealing_for_tests::{SECRET, seal, try_seal};

const KEY: &str = "--recovery-private-key=certs/../keys/rsa-2048.pem";
const OTHER_KEY: &str = "--recovery-private-key=certs/../keys/rsa-4096.pem";

/// A command line with `--recovery-unseal` in front.
pub(crate) fn line(args: &[&str], stdin: &str) -> Line {
    let args = ["--recovery-unseal"].iter().chain(args);
    Line {
        // Under our own name flags that contradict each other are an error.
        called: Some("kubeseal"),
        args: args.map(|arg| (*arg).to_owned()).collect(),
        stdin: stdin.as_bytes().to_vec(),
        files: key_files::all(),
        ..Line::default()
    }
}

/// kubeseal's output without the owner that has no uid, and with empty values where it writes null:
/// deliberate differences.
fn as_ours(theirs: &str) -> String {
    let mut kept = String::new();
    let mut end = None;
    for line in theirs.lines() {
        let indent = line.len() - line.trim_start().len();
        if line.trim_start().starts_with("\"ownerReferences\": [") {
            end = Some((indent, "]"));
        } else if line == "  ownerReferences:" {
            end = Some((indent, ""));
        } else if let Some((start, last)) = end {
            if last.is_empty() {
                // The fields of the list, which is not further in than its key.
                if indent > start || line.trim_start().starts_with("- ") {
                    continue;
                }
                end = None;
                kept.push_str(line);
                kept.push('\n');
            } else if indent == start && line.trim_start().starts_with(last) {
                end = None;
            }
        } else {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    // In JSON the field before may be the last one now.
    kept.replace(",\n  }", "\n  }").replace(": null", ": \"\"")
}

/// The sentences of a failure that name items, with the items in order.
fn sentences(stderr: &str) -> Vec<String> {
    let known = [
        "no key could decrypt secret (",
        "illegal base64 data at input byte ",
    ];
    let lines = stderr.lines();
    let found = lines.filter_map(|line| {
        let start = known.iter().find_map(|known| line.find(known))?;
        let (sentence, items) = line[start..].split_once('(')?;
        let mut items: Vec<_> = items.split_once(')')?.0.split(", ").collect();
        items.sort_unstable();
        Some(format!("{sentence}({})", items.join(", ")))
    });
    found.collect()
}

fn difference(ours: &(i32, String, String), theirs: &(i32, String, String)) -> Option<String> {
    let said = format!("ours: {ours:?}\ntheirs: {theirs:?}");
    if ours.0 != theirs.0 {
        return Some(format!("exit codes\n{said}"));
    }
    if theirs.0 != 0 {
        let theirs_says = sentences(&theirs.2);
        let same = ours.1.is_empty() && theirs.1.is_empty();
        let same = same && (theirs_says.is_empty() || sentences(&ours.2) == theirs_says);
        return (!same).then(|| format!("failures\n{said}"));
    }
    (ours.1 != as_ours(&theirs.1)).then(|| format!("outputs\n{said}"))
}

/// Runs each line on both sides; gives how many opened something.
fn compare(rivals: &Rivals, lines: Vec<(String, Line)>) -> usize {
    let ran = lines.len();
    let (mut wrong, mut opened) = (0, 0);
    for (name, line) in lines {
        let (ours, theirs) = (rivals.run_ours(&line), rivals.run_theirs(&line));
        opened += usize::from(ours.0 == 0);
        if let Some(difference) = difference(&ours, &theirs) {
            wrong += 1;
            eprintln!("=== {name}: {:?}\n{difference}", line.args);
        }
    }
    assert_eq!(wrong, 0, "{wrong} of {ran} lines differ");
    opened
}

#[test]
fn every_shape_of_a_key_file() {
    let Some(rivals) = Rivals::meet() else {
        return;
    };
    let sealed = seal(SECRET, &[]);
    let mut lines = Vec::new();
    for key in key_files::all() {
        let flag = format!("--recovery-private-key={}", key.0);
        for format in ["json", "yaml"] {
            lines.push((key.0.to_owned(), line(&[&flag, "-o", format], &sealed)));
        }
    }
    lines.retain(|(name, _)| !action_differences::KEY_FILES.contains(&name.as_str()));
    assert!(lines.len() >= 30, "{} lines", lines.len());
    let opened = compare(&rivals, lines);
    assert!(opened >= 18, "only {opened} opened");
}

#[test]
fn several_key_files_and_variables() {
    let Some(rivals) = Rivals::meet() else {
        return;
    };
    let sealed = seal(SECRET, &[]);
    let mut lines = Vec::new();
    for args in [
        &[][..],
        &[KEY],
        &[OTHER_KEY],
        &[OTHER_KEY, KEY],
        &[KEY, KEY],
        &["--recovery-private-key", "other.yaml,pkcs1.pem"],
        &["--recovery-private-key=other.yaml,secret.yaml,list.json"],
        &["--recovery-private-key=garbage,pkcs1.pem"],
        &["--recovery-private-key=certificate.pem,pkcs1.pem"],
        &["--recovery-private-key=ec.pem,pkcs1.pem"],
        &["--recovery-private-key=other.yaml, pkcs1.pem"],
        &["--recovery-private-key=\"with, comma.pem\",other.yaml"],
        &["--recovery-private-key=pkcs1.pem,"],
        &["--recovery-private-key=,"],
        &["--recovery-private-key="],
        &["--recovery-private-key=", KEY],
        &["--recovery-private-key=nope.pem", KEY],
        &[KEY, "--recovery-private-key=nope.pem"],
    ] {
        lines.push((String::new(), line(args, &sealed)));
        for variable in ["pkcs1.pem", "other.yaml", "other.yaml,pkcs1.pem", ""] {
            let mut line = line(args, &sealed);
            line.env = vec![("SEALED_SECRETS_RECOVERY_PRIVATE_KEY", variable.to_owned())];
            lines.push((format!("variable {variable:?}"), line));
        }
    }
    let mut by_variable = line(&[KEY], &sealed);
    by_variable.args.remove(0);
    by_variable.env = vec![("SEALED_SECRETS_RECOVERY_UNSEAL", "true".to_owned())];
    lines.push(("the action by variable".to_owned(), by_variable));
    compare(&rivals, lines);
}

#[test]
fn every_manifest_scope_and_format() {
    let Some(rivals) = Rivals::meet() else {
        return;
    };
    let mut lines = Vec::new();
    for (name, secret) in manifests::all() {
        for scope in ["strict", "namespace-wide", "cluster-wide"] {
            let Some(sealed) = try_seal(&secret, &["--scope", scope]) else {
                continue;
            };
            // Of several documents kubeseal reads the first: a deliberate difference.
            if sealed.matches("kind: SealedSecret").count() != 1 {
                continue;
            }
            let format = if lines.len() % 2 == 0 { "yaml" } else { "json" };
            lines.push((name.to_owned(), line(&[KEY, "-o", format], &sealed)));
        }
    }
    assert!(lines.len() >= 120, "{} lines", lines.len());
    let opened = compare(&rivals, lines);
    assert!(opened >= 120, "only {opened} opened");
}

#[test]
fn inputs_that_open_and_inputs_that_do_not() {
    let Some(rivals) = Rivals::meet() else {
        return;
    };
    let mut lines = Vec::new();
    for (name, text) in sealed_inputs::all() {
        for format in ["json", "yaml"] {
            lines.push((name.to_owned(), line(&[KEY, "-o", format], &text)));
        }
    }
    let opened = compare(&rivals, lines);
    assert!(opened >= 30, "only {opened} opened");
}

/// Neither cluster nor certificate is asked, and no other action is done.
#[test]
fn other_flags() {
    let Some(rivals) = Rivals::meet() else {
        return;
    };
    let sealed = seal(SECRET, &[]);
    let mut lines = Vec::new();
    for args in [
        &["--kubeconfig=nope.yaml"][..],
        &["--kubeconfig=garbage", "--context=nope"],
        &["--cert=nope.pem"],
        &["--validate", "--re-encrypt", "--fetch-cert", "--raw"],
        &["--merge-into=nope.yaml"],
        &["-n", "other"],
        &["--name", "other", "--scope", "cluster-wide"],
        &["-f", "sealed.yaml"],
        &["-f", "nope.yaml"],
        &["-f", ""],
        &["-o", "YAML"],
        &["--recovery-unseal=false", "--recovery-unseal"],
    ] {
        let mut line = line(&[&[KEY], args].concat(), &sealed);
        line.files.push(("sealed.yaml", sealed.clone()));
        lines.push((String::new(), line));
    }
    let opened = compare(&rivals, lines);
    assert!(opened >= 10, "only {opened} opened");
}

/// The file of `-w` is for its owner alone, as nothing but the Secret is in it.
#[test]
fn the_result_in_a_file() {
    let Some(rivals) = Rivals::meet() else {
        return;
    };
    let sealed = seal(SECRET, &[]);
    for (name, key) in [
        ("out.yaml", KEY),
        ("out.json", KEY),
        ("out", KEY),
        ("out.yaml", OTHER_KEY),
    ] {
        let mut line = line(&[key, "-w", name], &sealed);
        line.files.clear();
        let (ours, theirs) = (rivals.ours(&line), rivals.theirs(&line));
        assert_eq!(ours.code, theirs.code, "{name} {key}");
        let texts = |outcome: &rivals::Outcome| {
            let mut texts = outcome.shown.clone();
            for text in texts.values_mut() {
                *text = as_ours(text);
            }
            texts
        };
        assert_eq!(texts(&ours), texts(&theirs), "{name} {key}");
        assert_eq!(ours.shown.contains_key(name), key == KEY, "{name} {key}");
        assert_eq!(ours.shown["stdout"], "", "{name} {key}");
    }
}

#[test]
fn deliberate_differences() {
    let Some(rivals) = Rivals::meet() else {
        return;
    };
    let certificate = format!("{}/certificates/rsa-2048.pem", reveal::VECTORS);
    let http = certificate_server::start(std::fs::read(certificate).unwrap());
    for difference in action_differences::all() {
        let mut line = line(&difference.args, &difference.stdin);
        line.args.remove(0);
        line.files.push(("kube.yaml", kubeconfig::of(&http)));
        let uses_files = line.args.iter().any(|arg| arg == "-f" || arg == "-w");
        if uses_files {
            line.files.push(("sealed", difference.stdin.clone()));
        }
        let seen_in_files = |outcome: rivals::Outcome| {
            let files = ["sealed", "out.yaml", "stdout"].into_iter();
            let shown = files.filter_map(|name| Some((name, outcome.shown.get(name)?)));
            let shown: Vec<_> = shown
                .map(|(name, text)| format!("{name}:\n{text}"))
                .collect();
            (outcome.code, shown.concat(), outcome.stderr)
        };
        let outcomes = if uses_files {
            [rivals.ours(&line), rivals.theirs(&line)].map(seen_in_files)
        } else {
            [rivals.run_ours(&line), rivals.run_theirs(&line)]
        };
        let what = format!("{} ({})", difference.what, difference.why);
        let sides = [("ours", &difference.ours), ("theirs", &difference.theirs)];
        for ((who, seen), outcome) in sides.into_iter().zip(outcomes) {
            let (code, stdout, stderr) = outcome;
            assert_eq!(code, seen.0, "{what}, {who}: {stdout}{stderr}");
            assert!(stdout.contains(seen.1), "{what}, {who}: {stdout}");
            assert!(stderr.contains(seen.2), "{what}, {who}: {stderr}");
            assert!(!stdout.contains(seen.3), "{what}, {who}: {stdout}");
        }
    }
}
