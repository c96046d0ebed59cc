//! What came of a line on both sides, side by side.

use std::fmt::Write as _;

use crate::rivals::{Line, Outcome, Rivals};

/// What differs, if anything does.
fn difference(ours: &Outcome, theirs: &Outcome) -> Option<String> {
    if ours.code != theirs.code {
        return Some(format!(
            "exit codes {} and {}\nours: {}\ntheirs: {}",
            ours.code, theirs.code, ours.stderr, theirs.stderr
        ));
    }
    if theirs.code != 0 {
        return None;
    }
    if ours.shown != theirs.shown {
        return Some(different_lines(ours, theirs));
    }
    if ours.recovered != theirs.recovered {
        return Some("kubeseal recovers other values from ours".to_owned());
    }
    let values = |outcome: &Outcome| {
        let objects = outcome.recovered.iter();
        objects
            .map(|data| data.as_object().map_or(0, serde_json::Map::len))
            .sum::<usize>()
    };
    let opened: usize = ours
        .shown
        .values()
        .map(|text| text.matches("[SEALED ").count())
        .sum();
    (values(ours) != opened).then(|| format!("{} values, {opened} opened", values(ours)))
}

/// Only the lines that differ, for who reads the failure.
fn different_lines(ours: &Outcome, theirs: &Outcome) -> String {
    let mut text = String::new();
    for name in ours.shown.keys().chain(theirs.shown.keys()) {
        let lines = |outcome: &Outcome| -> Vec<String> {
            let text = outcome.shown.get(name).map_or("(no file)", String::as_str);
            text.lines().map(str::to_owned).collect()
        };
        let (ours, theirs) = (lines(ours), lines(theirs));
        for (sign, lines, others) in [('-', &ours, &theirs), ('+', &theirs, &ours)] {
            for line in lines.iter().filter(|line| !others.contains(line)) {
                let _ = writeln!(text, "{name}: {sign} {line:?}");
            }
        }
    }
    if text.is_empty() {
        text.push_str("the same lines in another order");
    }
    text
}

/// Runs each line on both sides; gives how many ran.
pub(crate) fn compare(rivals: &Rivals, lines: Vec<(String, Line)>) -> usize {
    let ran = lines.len();
    let mut wrong = 0;
    for (name, line) in lines {
        let (ours, theirs) = (rivals.ours(&line), rivals.theirs(&line));
        if let Some(difference) = difference(&ours, &theirs) {
            wrong += 1;
            eprintln!("=== {name}: {:?}\n{difference}", line.args);
        }
    }
    assert_eq!(wrong, 0, "{wrong} of {ran} lines differ");
    ran
}
