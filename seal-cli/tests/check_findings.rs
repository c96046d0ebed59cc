//! What `seal check` can find is documented and shown, all of it and nothing else.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, and says why"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use regex::Regex;
use serde_json::Value;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// What no transcript can show, as it depends on the day: a test of its own does.
const BY_THE_DAY: &str = "certificate-expires";

/// The log for a file, read.
fn sarif(text: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a b.yaml"), text).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_seal"))
        .args(["check", "-o", "sarif", "a b.yaml"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Id and severity of each.
fn of_program() -> BTreeMap<String, String> {
    let log = sarif("kind: Secret\n");
    let rules = log["runs"][0]["tool"]["driver"]["rules"]
        .as_array()
        .unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    rules
        .iter()
        .map(|rule| {
            (
                text(&rule["id"]),
                text(&rule["defaultConfiguration"]["level"]),
            )
        })
        .collect()
}

#[test]
fn findings_are_documented() {
    let text = fs::read_to_string(format!("{ROOT}/docs/reference/check.md")).unwrap();
    let row = Regex::new("(?m)^\\| `([a-z0-9-]+)` \\| ([a-z]+) \\| [^|]+ \\| [^|]*\\|$").unwrap();
    let documented: BTreeMap<_, _> = row
        .captures_iter(&text)
        .map(|row| (row[1].to_owned(), row[2].to_owned()))
        .collect();
    assert_eq!(documented, of_program());
}

#[test]
fn findings_are_shown_by_transcripts() {
    let finding = Regex::new("(?m): (?:error|warning|note)\\[([a-z0-9-]+)\\]: ").unwrap();
    let mut shown = BTreeSet::from([BY_THE_DAY.to_owned()]);
    for file in fs::read_dir(format!("{ROOT}/tests/transcripts/check")).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        shown.extend(finding.captures_iter(&text).map(|id| id[1].to_owned()));
    }
    let known: BTreeSet<_> = of_program().into_keys().collect();
    assert_eq!(shown, known);
}

/// What SARIF 2.1.0 asks of a log, a run, a rule and a result (OASIS, §3.13, §3.14, §3.49, §3.27).
#[test]
fn sarif_has_the_structure_of_its_standard() {
    let log = sarif(
        "kind: SealedSecret\nmetadata: {name: a}\nspec: {encryptedData: {A: x}}\n---\nkind: Secret\n\tx",
    );
    assert_eq!(log["version"], "2.1.0");
    assert!(
        log["$schema"]
            .as_str()
            .unwrap()
            .ends_with("sarif-2.1.0.json")
    );
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let levels = ["none", "note", "warning", "error"];
    let is_level = |value: &Value| levels.contains(&value.as_str().unwrap());
    for rule in rules {
        assert!(rule["shortDescription"]["text"].is_string());
        assert!(is_level(&rule["defaultConfiguration"]["level"]));
    }
    let results = run["results"].as_array().unwrap();
    assert!(results.len() > 2, "{results:?}");
    for result in results {
        let index = result["ruleIndex"].as_u64().unwrap();
        assert_eq!(
            rules[usize::try_from(index).unwrap()]["id"],
            result["ruleId"]
        );
        assert!(is_level(&result["level"]));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "a%20b.yaml");
        assert!(place["region"]["startLine"].as_u64().unwrap() > 0);
    }
}
