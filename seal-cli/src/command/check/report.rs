//! All findings, as they are told: text for people and editors, JSON for programs.

use std::fmt::Write as _;

use serde::Serialize;

use super::catalog::{SEALED, Severity};
use super::finding::Finding;
use crate::ui::{in_line, printable};

/// A finding with its file.
#[derive(Serialize)]
pub(super) struct Told {
    pub(super) file: String,
    pub(super) line: Option<usize>,
    pub(super) id: &'static str,
    pub(super) severity: Severity,
    pub(super) object: Option<String>,
    pub(super) message: String,
}

impl Told {
    /// `strict` makes errors of warnings.
    pub(super) fn new(file: &str, finding: Finding, strict: bool) -> Self {
        let severity = match finding.check.severity {
            Severity::Warning if strict => Severity::Error,
            severity => severity,
        };
        Self {
            file: file.to_owned(),
            line: finding.line,
            id: finding.check.id,
            severity,
            object: finding.object,
            message: finding.message,
        }
    }
}

/// One line each, as compilers write them.
pub(super) fn text(all: &[Told]) -> String {
    let mut text = String::new();
    for told in all {
        let _ = write!(text, "{}", in_line(&told.file));
        if let Some(line) = told.line {
            let _ = write!(text, ":{line}");
        }
        let _ = write!(text, ": {}[{}]: ", told.severity.as_str(), told.id);
        if let Some(object) = &told.object {
            let _ = write!(text, "{object}: ");
        }
        let _ = writeln!(text, "{}", told.message);
    }
    printable(&text)
}

/// A list, empty if there is nothing to tell.
pub(super) fn json(all: &[Told]) -> Option<String> {
    let mut text = serde_json::to_string_pretty(all).ok()?;
    text.push('\n');
    Some(text)
}

/// How many of each severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) errors: usize,
    warnings: usize,
    notes: usize,
}

impl Counts {
    pub(super) fn of(all: &[Told]) -> Self {
        // What is only listed is no complaint.
        let all = all.iter().filter(|told| told.id != SEALED.id);
        let count = |severity| {
            let all = all.clone();
            all.filter(|told| told.severity == severity).count()
        };
        Self {
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            notes: count(Severity::Note),
        }
    }

    /// `2 errors, 1 warning` of those that there are, and how many were left out.
    pub(super) fn told(self, ignored: usize) -> String {
        let counts = [
            (self.errors, "error"),
            (self.warnings, "warning"),
            (self.notes, "note"),
        ];
        let told: Vec<_> = counts
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| number(count, word))
            .collect();
        let mut text = if told.is_empty() {
            "nothing to complain about".to_owned()
        } else {
            told.join(", ")
        };
        if ignored > 0 {
            let _ = write!(text, ", {ignored} ignored");
        }
        text
    }
}

/// `1 file`, `2 files`.
pub(super) fn number(count: usize, word: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {word}{plural}")
}
