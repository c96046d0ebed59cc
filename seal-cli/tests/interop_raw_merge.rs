//! `--raw` and `--merge-into` against the real kubeseal 0.40.0: the same lines, the same exit codes,
//! the same bytes once sealed values are opened. Where we differ on purpose, one list says why
//! (`raw_merge/differences.rs`).
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says why"
)]

mod raw_merge;
mod reveal;
#[allow(dead_code, reason = "another test uses the rest")]
mod rivals;

use raw_merge::Case;
use raw_merge::files::Files;
use reveal::Keys;
use rivals::{Outcome, Rivals};
use serde_json::json;

fn files() -> Files {
    Files::new(&testkit::peers::kubeseal().unwrap())
}

/// A bare value, opened for every place at once: the one that it is for shows it.
fn opened(keys: &Keys, value: &str) -> String {
    let metadata = |scope: &str| {
        let annotation = format!("sealedsecrets.bitnami.com/{scope}");
        json!({"name": "app", "annotations": {annotation: "true"}})
    };
    for namespace in ["demo", "default", "other"] {
        for scope in ["strict", "namespace-wide", "cluster-wide"] {
            let mut object = json!({"kind": "SealedSecret", "metadata": metadata(scope), "spec": {"encryptedData": {"v": value}}});
            object["metadata"]["namespace"] = namespace.into();
            let shown = keys.reveal(&object.to_string());
            if let Some((_, shown)) = shown.split_once("[SEALED ") {
                return format!("[SEALED {}", shown.split("\"}}").next().unwrap());
            }
        }
    }
    value.to_owned()
}

/// stdout and what was written are values.
fn with_values_opened(keys: &Keys, mut outcome: Outcome) -> Outcome {
    for (name, text) in &mut outcome.shown {
        if name == "stdout" || name.starts_with("out") {
            *text = opened(keys, text);
        }
    }
    outcome
}

fn difference(ours: &Outcome, theirs: &Outcome, says: &[&str]) -> Option<String> {
    if ours.code != theirs.code {
        return Some("other exit codes".to_owned());
    }
    let silent = says.iter().find(|text| {
        let said = |outcome: &Outcome| outcome.stderr.contains(*text);
        ours.code != 0 && !(said(ours) && said(theirs))
    });
    if let Some(text) = silent {
        return Some(format!("{text:?} is not said by both"));
    }
    // Usage goes to their stdout; that of failures is tested elsewhere.
    let mut shown = [ours, theirs].map(|outcome| outcome.shown.clone());
    if ours.code != 0 {
        for shown in &mut shown {
            shown.remove("stdout");
        }
    }
    if shown[0] != shown[1] {
        return Some("other results".to_owned());
    }
    (ours.recovered != theirs.recovered).then(|| "kubeseal recovers other values".to_owned())
}

/// Tells of each line that differs.
fn compare(rivals: &Rivals, cases: &[Case], shown: impl Fn(Outcome) -> Outcome) {
    let mut wrong = 0;
    for Case { name, line, says } in cases {
        let (ours, theirs) = (shown(rivals.ours(line)), shown(rivals.theirs(line)));
        if let Some(difference) = difference(&ours, &theirs, says) {
            wrong += 1;
            eprintln!(
                "=== {name} {:?}: {difference}\nours: {ours:#?}\ntheirs: {theirs:#?}",
                line.args
            );
        }
    }
    assert_eq!(wrong, 0, "{wrong} of {} lines differ", cases.len());
}

#[test]
fn raw_values_for_every_place() {
    let Some(rivals) = Rivals::meet() else {
        return;
    };
    let keys = Keys::of_tests();
    let matrix = raw_merge::raw::matrix();
    assert!(matrix.len() >= 100, "only {} lines", matrix.len());
    for (case, place) in &matrix {
        let ours = opened(&keys, &rivals.ours(&case.line).shown["stdout"]);
        let expected = place
            .as_ref()
            .map(|place| format!("[SEALED {place} \"hunter2\"]"));
        assert_eq!(ours, expected.unwrap_or_default(), "{}", case.name);
    }
    let cases: Vec<_> = matrix.into_iter().map(|(case, _)| case).collect();
    compare(&rivals, &cases, |outcome| {
        with_values_opened(&keys, outcome)
    });
}

#[test]
fn raw_values_from_everywhere() {
    let Some(rivals) = Rivals::meet() else {
        return;
    };
    let keys = Keys::of_tests();
    let cases = raw_merge::raw::lines();
    assert!(cases.len() >= 50, "only {} lines", cases.len());
    compare(&rivals, &cases, |outcome| {
        with_values_opened(&keys, outcome)
    });
}

#[test]
fn merged_files() {
    let Some(rivals) = Rivals::meet() else {
        return;
    };
    let cases = raw_merge::merge::lines(&files());
    assert!(cases.len() >= 80, "only {} lines", cases.len());
    compare(&rivals, &cases, |outcome| outcome);
}

#[test]
fn deliberate_differences() {
    let Some(rivals) = Rivals::meet() else {
        return;
    };
    let keys = Keys::of_tests();
    for difference in raw_merge::differences::all(&files()) {
        let what = format!("{} ({})", difference.what, difference.why);
        let line = &difference.line;
        for (who, seen, outcome) in [
            ("ours", &difference.ours, rivals.ours(line)),
            ("theirs", &difference.theirs, rivals.theirs(line)),
        ] {
            assert_eq!(outcome.code, seen.code, "{what}, {who}: {outcome:#?}");
            let text = &outcome.shown[difference.file];
            for part in &seen.shown {
                assert!(
                    text.contains(*part),
                    "{what}, {who}: {part:?} is not in {text}"
                );
            }
            for part in &seen.hidden {
                assert!(
                    !text.contains(*part),
                    "{what}, {who}: {part:?} is in {text}"
                );
            }
            let stderr = &outcome.stderr;
            assert!(stderr.contains(seen.stderr), "{what}, {who}: {stderr}");
            if seen.is_unchanged {
                let before = keys.reveal(&line.files[0].1);
                assert_eq!(*text, before, "{what}, {who}");
            }
        }
    }
}
