//! Exceptions: comments `# seal:ignore ID reason`, for what is meant to be as it is.
//!
//! A comment counts for its line and what is indented below it; on a line of its own, for the next line;
//! before the first line of a document, for all of it. What stands in a quoted text or a block of text is no comment, as far as the
//! file can be read as YAML.

use std::sync::LazyLock;

use regex::Regex;

use super::catalog::{self, ALL, Check, UNKNOWN_IGNORE, UNUSED_IGNORE};
use super::finding::Finding;
use super::object::did_you_mean;

static COMMENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let pattern = r"(?:^|\s)(#)[ \t]*seal:ignore(?:(:)|[ \t]+([^ \t]*)|[ \t]*$)";
    Regex::new(pattern).ok()
});

/// Exceptions of one file: with more of them, nobody looks at what they except.
const MOST: usize = 500;

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
    documents: Vec<Document>,
}

/// A document, or what stands before it and belongs to it.
struct Document {
    first: usize,
    last: usize,
    /// Its first line that is neither blank nor a comment.
    content: Option<usize>,
}

fn exceptions(text: &str, told: &mut Vec<Finding>) -> Vec<Exception> {
    let lines = Lines::of(text.strip_prefix('\u{feff}').unwrap_or(text));
    let mut found = Vec::new();
    for comment in comments(text) {
        let (index, line) = (comment.index, comment.index + 1);
        let Some(ids) = comment.ids else {
            let message = "no colon belongs behind seal:ignore; write # seal:ignore ID reason";
            told.push(Finding::of_file(
                &UNKNOWN_IGNORE,
                Some(line),
                message.to_owned(),
            ));
            continue;
        };
        let mut covered = None;
        for id in ids.trim_end_matches(',').split(',') {
            if found.len() == MOST {
                let message = format!(
                    "the file has {MOST} exceptions already: this comment and those below it do nothing; except documents rather than lines, or use --ignore"
                );
                told.push(Finding::of_file(&UNUSED_IGNORE, Some(line), message));
                return found;
            }
            match known(id) {
                Ok(check) => {
                    let (covers, of_file) = *covered.get_or_insert_with(|| lines.covered(index));
                    found.push(Exception {
                        line,
                        covers,
                        of_file,
                        check,
                        is_used: false,
                    });
                }
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

struct Comment<'a> {
    /// Of its line, from 0.
    index: usize,
    /// `None` where a colon stands before them.
    ids: Option<&'a str>,
}

fn comments(text: &str) -> Vec<Comment<'_>> {
    let mut found = Vec::new();
    let Some(pattern) = COMMENT.as_ref() else {
        return found;
    };
    let quoted = seal_manifest::quoted(text);
    let is_quoted = |at: usize| {
        let before = quoted.partition_point(|range| range.start <= at);
        let range = before.checked_sub(1).and_then(|last| quoted.get(last));
        range.is_some_and(|range| range.contains(&at))
    };
    let mut offset = 0;
    for (index, whole) in text.split_inclusive('\n').enumerate() {
        // The mark of UTF-8 that some editors put before the text.
        let line = whole.strip_prefix('\u{feff}').unwrap_or(whole);
        let start = offset + whole.len() - line.len();
        offset += whole.len();
        let captures = pattern.captures_iter(line.trim_end_matches(['\n', '\r']));
        let mut real = captures.filter(|captures| {
            let at = captures.get(1).map_or(0, |mark| mark.start());
            !is_quoted(start + at)
        });
        if let Some(captures) = real.next() {
            let ids = captures.get(3).map_or("", |ids| ids.as_str());
            let ids = captures.get(2).is_none().then_some(ids);
            found.push(Comment { index, ids });
        }
    }
    found
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        let lines: Vec<_> = text.lines().collect();
        let documents = documents(&lines);
        Self { lines, documents }
    }

    /// The lines that a comment counts for, from 1, and whether it counts for the file as a whole.
    fn covered(&self, index: usize) -> ((usize, usize), bool) {
        let before = self.documents.partition_point(|it| it.first <= index);
        let at = before.checked_sub(1);
        let Some(document) = at.and_then(|at| self.documents.get(at)) else {
            return ((index + 1, index + 1), false);
        };
        let (first, last) = (document.first, document.last);
        if document.content.is_none_or(|content| index < content) {
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

    fn is_content(&self, at: usize) -> bool {
        self.lines.get(at).is_some_and(|line| is_content(line))
    }

    fn indent(&self, at: usize) -> usize {
        let line = self.lines.get(at).copied().unwrap_or_default();
        line.len() - line.trim_start().len()
    }
}

/// What stands before the first mark belongs to the document after it, unless it has content.
fn documents(lines: &[&str]) -> Vec<Document> {
    let is_mark = |line: &str| line == "---" || line.starts_with("--- ");
    let mut documents = Vec::new();
    let mut document = Document {
        first: 0,
        last: 0,
        content: None,
    };
    for (at, line) in lines.iter().enumerate() {
        let is_head = document.first == 0 && document.content.is_none();
        if is_mark(line) && !is_head {
            documents.push(document);
            document = Document {
                first: at,
                last: at,
                content: None,
            };
        }
        document.last = at;
        if document.content.is_none() && is_content(line) {
            document.content = Some(at);
        }
    }
    documents.push(document);
    documents
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
            ("a # seal:ignore: two-scopes", "0 1 1:unknown-ignore"),
            ("\u{feff}# seal:ignore two-scopes\na\n---\nb", "3 4"),
            ("a: 'b # seal:ignore two-scopes'", "0 1"),
            ("a: 'b # seal:ignore x' # seal:ignore two-scopes", "0"),
            ("a: |\n  # seal:ignore two-scopes\nb: c", "0 1 2 3"),
            ("a: |\n  b\n# seal:ignore two-scopes\nc: d", "0 1 2 3"),
            ("a: b\r\nc: d # seal:ignore two-scopes\r\n", "0 1"),
        ] {
            assert_eq!(left(text).join(" "), expected, "{text}");
        }
    }

    /// A file with tens of thousands of comments is looked at in a moment, and told of.
    #[test]
    fn too_many_are_told() {
        let many = "- a # seal:ignore two-scopes\n".repeat(MOST + 2);
        let left = left(&many);
        let at = MOST + 1;
        let more = [
            at.to_string(),
            format!("{}", at + 1),
            format!("{at}:unused-ignore"),
        ];
        assert_eq!(left[1..], more, "{}", left.join(" "));
    }

    #[test]
    fn ids_that_are_nearly_right_are_named() {
        assert!(known("two-scopes").is_ok());
        let reason = known("plaintex").unwrap_err();
        assert!(reason.ends_with("did you mean plaintext?"), "{reason}");
    }
}
