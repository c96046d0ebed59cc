//! What was found, and where. Messages name fields, items and lines, never a value.

use super::catalog::Check;

/// One finding in a file.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) check: &'static Check,
    /// From 1; `None` for the file as a whole.
    pub(super) line: Option<usize>,
    /// `namespace/name`, as far as the file says.
    pub(super) object: Option<String>,
    /// What is wrong, and the next step.
    pub(super) message: String,
}

impl Finding {
    /// About the file rather than an object of it.
    pub(super) fn of_file(check: &'static Check, line: Option<usize>, message: String) -> Self {
        Self {
            check,
            line,
            object: None,
            message,
        }
    }
}

/// Lines and ids, for tests.
#[cfg(test)]
pub(super) fn shown(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|found| format!("{}:{}", found.line.unwrap_or(0), found.check.id))
        .collect()
}
