//! Exceptions: comments `# seal:ignore ID reason`, for what is meant to be as it is.
//!
//! A comment counts for its line and what is indented below it; on a line of its own, for the next line;
//! before the first line of a document, for all of it. Comments are found by their text: one that stands in a block of text
//! counts as well, and whoever can write it there can write it elsewhere.

use std::sync::LazyLock;

use regex::Regex;

use super::catalog::{self, ALL, Check, UNKNOWN_IGNORE, UNUSED_IGNORE};
use super::finding::Finding;
use super::object::did_you_mean;

static COMMENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let pattern = r"(?:^|\s)#[ \t]*seal:ignore(?:[ \t]+([^ \t]*)|[ \t]*$)";
    Regex::new(pattern).ok()
});

/// What depends on more than the file: an exception for it may be unused today.
const BEYOND_THE_FILE: [&Check; 6] = [
    &catalog::OTHER_KEY,
    &catalog::READER_NOT_IN_RULE,
    &catalog::READER_MISSING,
    &catalog::OTHER_PLACE,
    &catalog::OTHER_SCOPE,
    &catalog::BAD_CONFIG,
];

/// A comment, for one id.
struct Exception {
    /// Its own, from 1.
    line: usize,
    /// What it counts for: from and to, both included.
    covers: (usize, usize),
    /// Also for what is said of the file as a whole.
    of_file: bool,
    check: &'static Check,
    is_used: bool,
}

/// The check of an id.
///
/// # Errors
/// What to write instead, as far as that can be told.
pub(super) fn known(id: &str) -> Result<&'static Check, String> {
    let found = ALL.iter().find(|check| check.id == id);
    found.copied().ok_or_else(|| {
        let ids = ALL.iter().map(|check| check.id);
        format!("no finding has this id{}", did_you_mean(id, ids))
    })
}

/// Takes out what comments in the text except, and tells of comments that do nothing. Gives how many findings
/// were taken out.
pub(super) fn apply(bytes: &[u8], found: &mut Vec<Finding>) -> usize {
    // Most files have none.
    let Some(text) = std::str::from_utf8(bytes)
        .ok()
        .filter(|text| text.contains("seal:ignore"))
    else {
        return 0;
    };
    let mut told = Vec::new();
    let mut exceptions = exceptions(text, &mut told);
    let before = found.len();
    found.retain(|finding| {
        let mut is_excepted = false;
        for exception in &mut exceptions {
            if exception.is_for(finding) {
                exception.is_used = true;
                is_excepted = true;
            }
        }
        !is_excepted
    });
    let excepted = before - found.len();
    let unused = exceptions
        .iter()
        .filter(|it| !it.is_used && !BEYOND_THE_FILE.contains(&it.check));
    told.extend(unused.map(|it| {
        let message = format!(
            "nothing here is called {}, so this comment does nothing; remove it, or move it to the line that it is for",
            it.check.id
        );
        Finding::of_file(&UNUSED_IGNORE, Some(it.line), message)
    }));
    found.append(&mut told);
    excepted
}

impl Exception {
    fn is_for(&self, finding: &Finding) -> bool {
        let (from, to) = self.covers;
        let is_here = finding
            .line
            .map_or(self.of_file, |line| (from..=to).contains(&line));
        is_here && *finding.check == *self.check
    }
}

/// Lines of a file, as far as comments need to know them.
struct Lines<'a> {
    lines: Vec<&'a str>,
}

fn exceptions(text: &str, told: &mut Vec<Finding>) -> Vec<Exception> {
    let lines = Lines {
        lines: text.lines().collect(),
    };
    let mut found = Vec::new();
    let Some(comment) = COMMENT.as_ref() else {
        return found;
    };
    for (index, text) in lines.lines.iter().enumerate() {
        let Some(comment) = comment.captures(text) else {
            continue;
        };
        let line = index + 1;
        let ids = comment.get(1).map_or("", |ids| ids.as_str());
        let (covers, of_file) = lines.covered(index);
        for id in ids.trim_end_matches(',').split(',') {
            match known(id) {
                Ok(check) => found.push(Exception {
                    line,
                    covers,
                    of_file,
                    check,
                    is_used: false,
                }),
                Err(reason) => {
                    let message = format!(
                        "{reason}; write # seal:ignore ID reason, with an id of seal check"
                    );
                    told.push(Finding::of_file(&UNKNOWN_IGNORE, Some(line), message));
                }
            }
        }
    }
    found
}

impl Lines<'_> {
    /// The lines that a comment counts for, from 1, and whether it counts for the file as a whole.
    fn covered(&self, index: usize) -> ((usize, usize), bool) {
        let (first, last) = self.document(index);
        let before = self.lines.get(first..index).unwrap_or_default();
        let is_alone = !is_content(self.lines.get(index).copied().unwrap_or_default());
        if is_alone && !before.iter().any(|line| is_content(line)) {
            return ((first + 1, last + 1), first == 0);
        }
        let mut content = (index..=last).filter(|&at| self.is_content(at));
        let Some(from) = content.next() else {
            return ((index + 1, index + 1), false);
        };
        let indent = self.indent(from);
        let to = content.take_while(|&at| self.indent(at) > indent).last();
        ((from + 1, to.unwrap_or(from) + 1), false)
    }

    /// The first and the last line of the document around a line. What stands before the first mark
    /// belongs to the document after it, unless it has content.
    fn document(&self, index: usize) -> (usize, usize) {
        let is_mark = |line: &str| line == "---" || line.starts_with("--- ");
        let marks = self.lines.iter().enumerate();
        let marks = marks.filter(|(_, line)| is_mark(line)).map(|(at, _)| at);
        let mut first = 0;
        for mark in marks {
            let before = self.lines.get(first..mark).unwrap_or_default();
            let is_head = first == 0 && !before.iter().any(|line| is_content(line));
            if mark > index && !is_head {
                return (first, mark - 1);
            }
            if !is_head {
                first = mark;
            }
        }
        (first, self.lines.len().saturating_sub(1))
    }

    fn is_content(&self, at: usize) -> bool {
        self.lines.get(at).is_some_and(|line| is_content(line))
    }

    fn indent(&self, at: usize) -> usize {
        let line = self.lines.get(at).copied().unwrap_or_default();
        line.len() - line.trim_start().len()
    }
}

/// Neither blank, nor a comment, nor the mark of a document.
fn is_content(line: &str) -> bool {
    let line = line.trim();
    let line = line.strip_prefix("---").map_or(line, str::trim_start);
    !(line.is_empty() || line.starts_with('#') || line.starts_with('%'))
}

#[cfg(test)]
mod tests {
    use super::super::finding::shown;
    use super::*;

    /// What is left of a finding of `two-scopes` on each line, and of one about the file.
    fn left(text: &str) -> Vec<String> {
        let of_lines = (1..=text.lines().count()).map(Some);
        let lines = std::iter::once(None).chain(of_lines);
        let mut found = lines
            .map(|line| Finding::of_file(&catalog::TWO_SCOPES, line, String::new()))
            .collect();
        apply(text.as_bytes(), &mut found);
        shown(&found)
            .into_iter()
            .map(|it| it.replace(":two-scopes", ""))
            .collect()
    }

    #[test]
    fn comments_count_for_a_line_a_block_or_a_document() {
        for (text, expected) in [
            ("a\nb # seal:ignore two-scopes why\nc", "0 1 3"),
            (
                "a:\n  b\n#seal:ignore two-scopes\n\nc:\n  d\n\n  e\nf",
                "0 1 2 3 4 9",
            ),
            ("# seal:ignore two-scopes\na\nb\n---\nc", "4 5"),
            ("# seal:ignore two-scopes\n---\na\n---\nb", "4 5"),
            (
                "a\n---\n# x\n# seal:ignore two-scopes\nb\n--- \nc",
                "0 1 6 7",
            ),
            ("a\n--- # seal:ignore two-scopes\nb", "0 1"),
            (
                "a # seal:ignore no-items,two-scopes\nb",
                "0 2 1:unused-ignore",
            ),
            ("a # seal:ignore no-items", "0 1 1:unused-ignore"),
            ("a # seal:ignore other-key", "0 1"),
            ("a # seal:ignore two-scope", "0 1 1:unknown-ignore"),
            ("a # seal:ignore", "0 1 1:unknown-ignore"),
            ("a# seal:ignore two-scopes", "0 1"),
            ("a # seal:ignored two-scopes", "0 1"),
        ] {
            assert_eq!(left(text).join(" "), expected, "{text}");
        }
    }

    #[test]
    fn ids_that_are_nearly_right_are_named() {
        assert!(known("two-scopes").is_ok());
        let reason = known("plaintex").unwrap_err();
        assert!(reason.ends_with("did you mean plaintext?"), "{reason}");
    }
}
