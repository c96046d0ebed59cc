//! Quoted text that goes on in lines which are not indented deeper than its key, as people write JSON
//! into a Secret. YAML 1.1 reads it, and so do kubectl and kubeseal; YAML 1.2 wants the indentation.
//!
//! Where the parser stops at such a line, the lines of that text are indented and all is read again:
//! white space at the beginning of a line is no part of quoted text, so that nothing else changes.

use crate::compose;
use crate::document::{Document, newlines};
use crate::limits::Limits;
use crate::read_error::{ReadError, SyntaxReason};
use crate::trace::Trace;
use granit_parser::{ErrorKind, Event, Parser, ScanError};
use std::ops::Range;
use zeroize::Zeroizing;

/// Bytes that are read again in all, for each text that is mended all of them; of large inputs
/// [`TIMES`] as much as they have.
const READ_AGAIN: usize = 16 << 20;
const TIMES: usize = 8;

/// Reads all documents of `text` as [`compose::read`] does, and such quoted text too. Lines, columns
/// and what is traced are those of `text`.
pub(crate) fn read(
    text: &str,
    first_line: usize,
    documents: &mut Vec<Document>,
    (mut trace, limits): (Option<&mut Trace>, &Limits),
) -> Result<(), ReadError> {
    let before = documents.len();
    let strictly = (trace.as_deref_mut(), limits);
    let Err(error) = compose::read(text, first_line, documents, strictly) else {
        return Ok(());
    };
    let mended = may_be_loose(&error).then(|| Mended::of(text));
    let Some(mended) = mended.flatten() else {
        return Err(error);
    };
    documents.truncate(before);
    let mut found = Trace::default();
    let again = (trace.is_some().then_some(&mut found), limits);
    let read = compose::read(&mended.text, first_line, documents, again);
    if let Some(trace) = trace {
        mended.place(&mut found, first_line);
        *trace = found;
    }
    read.map_err(|error| mended.told(error, first_line))
}

fn may_be_loose(error: &ReadError) -> bool {
    use SyntaxReason as R;
    let reasons = [R::QuotedIndentation, R::Tab, R::TemplateBraces];
    matches!(error, ReadError::Syntax { reason, .. } if reasons.contains(reason))
}

/// A text with more white space at the beginning of some lines.
struct Mended {
    text: Zeroizing<String>,
    loose: Vec<LooseLine>,
    last: Fault,
}

/// A line that was indented.
struct LooseLine {
    /// From zero.
    line: usize,
    spaces: usize,
    /// Where its own text begins, in bytes of the mended text.
    begins: usize,
    /// Spaces that were put in up to there.
    before: usize,
}

/// Where the parser stopped last. Lines and columns count from zero, and columns characters.
#[derive(Default)]
struct Fault {
    line: usize,
    column: usize,
    /// Line on which the quoted text ends.
    end: usize,
}

impl Mended {
    /// `None` if there is nothing to mend, if it cannot be, or if it would take too long.
    fn of(text: &str) -> Option<Self> {
        let mut left = READ_AGAIN.max(text.len().saturating_mul(TIMES));
        let mut mended = Self {
            text: Zeroizing::new(text.to_owned()),
            loose: Vec::new(),
            last: Fault::default(),
        };
        let mut done = 0;
        while let Some(stopped) = stop_at_loose_line(&mended.text) {
            let quoted = quoted_around(&mended.text, stopped)?;
            // Indenting did not help.
            if quoted.start < done {
                return None;
            }
            let cost = mended.cost(&quoted);
            left = left.checked_sub(cost)?;
            done = mended.indent(&quoted, stopped)?;
        }
        (done > 0).then_some(mended)
    }

    /// Bytes that one more pass reads and writes.
    fn cost(&self, quoted: &Range<usize>) -> usize {
        let lines = newlines(&self.text.as_bytes()[quoted.clone()]);
        let grown = lines.saturating_mul(column(&self.text, quoted.start));
        grown.saturating_add(self.text.len() * 3)
    }

    /// Indents the lines of a quoted text to where it begins, which is deeper than its key; gives its
    /// new end. `None` if it holds the end of a document, as every reader sees it.
    fn indent(&mut self, quoted: &Range<usize>, stopped: usize) -> Option<usize> {
        let old = std::mem::take(&mut self.text);
        let spaces = column(&old, quoted.start).max(1);
        let mut line = newlines(&old.as_bytes()[..quoted.start]);
        let mut before = self.loose.last().map_or(0, |last| last.before);
        let inside = old.get(quoted.clone())?;
        let grown = newlines(inside.as_bytes()).saturating_mul(spaces);
        let mut text = Zeroizing::new(String::with_capacity(old.len() + grown));
        text.push_str(old.get(..quoted.start)?);
        for (number, piece) in inside.split_inclusive('\n').enumerate() {
            let is_blank = matches!(piece, "\n" | "\r\n");
            if number > 0 && ends_document(piece) {
                return None;
            }
            if number > 0 && !is_blank {
                text.extend(std::iter::repeat_n(' ', spaces));
                before += spaces;
                self.loose.push(LooseLine {
                    line: line + number,
                    spaces,
                    begins: text.len(),
                    before,
                });
            }
            text.push_str(piece);
        }
        let end = text.len();
        text.push_str(old.get(quoted.end..)?);
        line += newlines(inside.as_bytes());
        self.last = Fault {
            line: newlines(&old.as_bytes()[..stopped]),
            column: column(&old, stopped),
            end: line,
        };
        self.text = text;
        Some(end)
    }

    /// Moves what was found to where it is in the text as it was given.
    fn place(&self, trace: &mut Trace, first_line: usize) {
        for mark in &mut trace.marks {
            mark.start = self.given(mark.start);
            mark.end = self.given(mark.end);
            mark.column -= self.spaces(mark.line - first_line).min(mark.column);
        }
    }

    /// The place in the text as it was given.
    fn given(&self, at: usize) -> usize {
        let passed = self.loose.partition_point(|line| line.begins <= at);
        let last = passed.checked_sub(1).and_then(|last| self.loose.get(last));
        at - last.map_or(0, |line| line.before)
    }

    /// Spaces that were put before a line, which counts from zero.
    fn spaces(&self, line: usize) -> usize {
        let found = self.loose.binary_search_by_key(&line, |loose| loose.line);
        found.map_or(0, |found| self.loose[found].spaces)
    }

    /// What is wrong with the mended text, in words for the given one. What the parser cannot read
    /// where the last quoted text ends shows that its quote was meant to close before.
    fn told(&self, mut error: ReadError, first_line: usize) -> ReadError {
        use SyntaxReason as R;
        let of_parser = [
            R::KeyExpected,
            R::Indentation,
            R::QuotedIndentation,
            R::Unclosed,
            R::Tab,
            R::Yaml,
        ];
        if let ReadError::Syntax {
            line,
            column,
            reason,
            ..
        } = &mut error
        {
            let last = first_line + self.last.line..=first_line + self.last.end;
            if last.contains(line) && of_parser.contains(reason) {
                *line = first_line + self.last.line;
                *column = self.last.column + 1;
                *reason = R::QuotedIndentation;
            } else {
                let spaces = self.spaces(*line - first_line);
                *column = column.saturating_sub(spaces).max(1);
            }
        }
        error
    }
}

/// Where the parser stops at a line of quoted text that is not indented, or may be one.
fn stop_at_loose_line(text: &str) -> Option<usize> {
    let error = fault(text)?;
    let kinds = [
        ErrorKind::InvalidQuotedScalarIndent,
        ErrorKind::TabInIndentation,
    ];
    let is_loose = kinds.contains(error.kind());
    error.marker().byte_offset().filter(|_| is_loose)
}

/// The quoted text that holds a place at which the parser stopped: cut off before that line, it is
/// quoted text that never ends, and the parser says where it begins.
fn quoted_around(text: &str, stopped: usize) -> Option<Range<usize>> {
    let before = text.get(..line_start(text, stopped))?;
    let widest = before.lines().map(|line| line.chars().count()).max();
    let spaces = widest.unwrap_or_default() + 1;
    let mut cut = Zeroizing::new(String::with_capacity(before.len() + spaces));
    cut.push_str(before);
    cut.extend(std::iter::repeat_n(' ', spaces));
    let error = fault(&cut)?;
    let is_open = matches!(error.kind(), ErrorKind::UnclosedQuotedScalar);
    let start = error.marker().byte_offset().filter(|_| is_open)?;
    let end = end_of_quoted(text, start)?;
    (end > stopped).then_some(start..end)
}

/// The end of quoted text that begins here.
fn end_of_quoted(text: &str, start: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let quote = *bytes.get(start)?;
    let mut at = start + 1;
    loop {
        let byte = *bytes.get(at)?;
        let is_twice = quote == b'\'' && byte == quote && bytes.get(at + 1) == Some(&quote);
        if is_twice || (quote == b'"' && byte == b'\\') {
            at += 2;
        } else if byte == quote {
            return Some(at + 1);
        } else {
            at += 1;
        }
    }
}

/// The first thing that the parser does not take.
fn fault(text: &str) -> Option<ScanError> {
    let mut parser = Parser::new_from_str_with_options(text, compose::options());
    loop {
        match parser.next_event()? {
            Ok((Event::StreamEnd, _)) => return None,
            Ok(_) => {}
            Err(error) => return Some(error),
        }
    }
}

fn line_start(text: &str, at: usize) -> usize {
    let before = text.as_bytes().get(..at).unwrap_or_default();
    let end = before.iter().rposition(|byte| *byte == b'\n');
    end.map_or(0, |end| end + 1)
}

/// Characters before it on its line.
fn column(text: &str, at: usize) -> usize {
    let before = text.get(line_start(text, at)..at);
    before.map_or(0, |before| before.chars().count())
}

fn ends_document(line: &str) -> bool {
    let rest = line.strip_prefix("---").or(line.strip_prefix("..."));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
}
