//! What was found, and where. Messages name fields, items and lines, never a value.

use super::catalog::Check;
use crate::ui::in_line;

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

/// Names that a message tells.
const MOST_NAMED: usize = 10;

/// The first of many names: an object may have a hundred thousand items, and a person one screen.
pub(super) fn few(names: &[impl AsRef<str>]) -> String {
    let (shown, more) = names.split_at(names.len().min(MOST_NAMED));
    let shown: Vec<_> = shown.iter().map(|name| in_line(name.as_ref())).collect();
    match more.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_names_are_counted() {
        assert_eq!(few(&["a", "b\nc"]), "a, b\u{fffd}c");
        let many: Vec<_> = (0..12).map(|number| number.to_string()).collect();
        assert_eq!(few(&many), "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more");
    }
}
