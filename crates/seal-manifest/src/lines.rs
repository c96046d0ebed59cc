//! A text as lines, for edits that take and leave whole lines.

use crate::outline::EntrySite;
use std::borrow::Cow;

/// A text whose last line is complete.
#[derive(Clone, Copy)]
pub(crate) struct Lines<'a> {
    pub(crate) text: &'a str,
    /// How new lines end.
    pub(crate) line_break: &'a str,
}

impl<'a> Lines<'a> {
    /// Where the line with this byte begins.
    pub(crate) fn start_of(&self, at: usize) -> usize {
        let before = self.text.get(..at).unwrap_or_default();
        before.rfind('\n').map_or(0, |end| end + 1)
    }

    /// Behind the line break that follows this byte.
    pub(crate) fn end_of(&self, at: usize) -> usize {
        let behind = self.text.get(at..).unwrap_or_default();
        behind
            .find('\n')
            .map_or(self.text.len(), |end| at + end + 1)
    }

    /// What stands before this byte on its line.
    pub(crate) fn before(&self, at: usize) -> &'a str {
        self.text.get(self.start_of(at)..at).unwrap_or_default()
    }

    /// The lines of a key and its value.
    pub(crate) fn of_entry(&self, entry: &EntrySite) -> std::ops::Range<usize> {
        self.start_of(entry.start)..self.end_of(entry.end())
    }

    /// Behind the colon of a key that is not explicit.
    pub(crate) fn behind_colon(&self, entry: &EntrySite) -> Option<usize> {
        let behind = self.text.get(entry.key_end..)?;
        let colon = behind.trim_start_matches([' ', '\t']);
        colon
            .starts_with(':')
            .then(|| entry.key_end + behind.len() - colon.len() + 1)
    }

    /// Lines of our own, as lines of this text.
    pub(crate) fn adopt(&self, lines: &str) -> String {
        lines.replace('\n', self.line_break)
    }

    /// The own-line comments between `from` and the next thing that is none, each with its range,
    /// its column and its text from the `#` on.
    pub(crate) fn comments(&self, from: usize) -> impl Iterator<Item = Comment<'a>> {
        let mut at = from;
        let rest = self.text.get(from..).unwrap_or_default();
        rest.split_inclusive('\n')
            .map_while(move |line| {
                let comment = line.trim_start_matches([' ', '\t']);
                let start = at;
                at += line.len();
                let is_blank = comment.trim_end().is_empty();
                (is_blank || comment.starts_with('#')).then(|| Comment {
                    lines: start..at,
                    column: line.len() - comment.len(),
                    text: comment.trim_end_matches(['\n', '\r']),
                })
            })
            .filter(|comment| !comment.text.is_empty())
    }
}

/// A comment that has its line for itself.
pub(crate) struct Comment<'a> {
    pub(crate) lines: std::ops::Range<usize>,
    pub(crate) column: usize,
    pub(crate) text: &'a str,
}

/// The line break that the line with this byte ends in; of a last line, the first one of the text.
pub(crate) fn line_break_at(text: &str, at: usize) -> &'static str {
    let first_behind = |at: usize| {
        let end = text.get(at..)?.find('\n')? + at;
        Some(text[..end].ends_with('\r'))
    };
    match first_behind(at).or_else(|| first_behind(0)) {
        Some(true) => "\r\n",
        _ => "\n",
    }
}

/// The text with its last line completed.
pub(crate) fn complete<'t>(text: &'t str, line_break: &str) -> Cow<'t, str> {
    if text.ends_with('\n') {
        Cow::Borrowed(text)
    } else {
        Cow::Owned([text, line_break].concat())
    }
}
