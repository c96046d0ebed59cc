//! Where the YAML parser found everything, recorded while a document is read.

use granit_parser::{Event, ScalarStyle, Span, StructureStyle};
use std::ops::Range;

/// Marks in the order of the text, one for each event of the parser.
#[derive(Default)]
pub(crate) struct Trace {
    pub(crate) marks: Vec<Mark>,
    /// The mark of the last key, until its name is known: keys are scalars.
    last_scalar: usize,
}

/// One event and its place. Offsets count bytes of the part that was parsed.
pub(crate) struct Mark {
    pub(crate) shape: Shape,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Of the whole input, from one.
    pub(crate) line: usize,
    /// In characters, from zero.
    pub(crate) column: usize,
    /// The column of the mapping that a key belongs to, or of the text of a block scalar.
    pub(crate) indent: Option<usize>,
    pub(crate) has_anchor: bool,
    pub(crate) has_tag: bool,
    /// Text that ends in blank lines, which only `|+` and `>+` give.
    pub(crate) has_blank_end: bool,
    /// Set for keys.
    pub(crate) key: Option<Key>,
}

/// A key as the reader understood it.
pub(crate) enum Key {
    Name(String),
    /// `<<`.
    Merge,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Document,
    Scalar(ScalarStyle),
    Alias,
    Sequence(StructureStyle),
    Mapping(StructureStyle),
    /// Of a sequence or mapping.
    End,
}

impl Trace {
    pub(crate) fn event(&mut self, event: &Event<'_>, span: &Span, line: usize) {
        let (shape, anchor, has_tag) = match event {
            Event::DocumentStart(..) => (Shape::Document, 0, false),
            Event::Scalar(_, style, anchor, tag) => (Shape::Scalar(*style), *anchor, tag.is_some()),
            Event::Alias(_) => (Shape::Alias, 0, false),
            Event::SequenceStart(style, anchor, tag) => {
                (Shape::Sequence(*style), *anchor, tag.is_some())
            }
            Event::MappingStart(style, anchor, tag) => {
                (Shape::Mapping(*style), *anchor, tag.is_some())
            }
            Event::SequenceEnd | Event::MappingEnd => (Shape::End, 0, false),
            _ => return,
        };
        if matches!(shape, Shape::Scalar(_) | Shape::Alias) {
            self.last_scalar = self.marks.len();
        }
        // A parser over text always knows bytes. If it did not, every range would be empty and
        // the edit would be refused by the comparison after it.
        let range = span.byte_range().unwrap_or_default();
        self.marks.push(Mark {
            shape,
            start: range.start,
            end: range.end,
            line,
            column: span.start.col(),
            has_anchor: anchor != 0,
            has_tag,
            has_blank_end: matches!(event, Event::Scalar(text, ..) if ends_in_blank_line(text)),
            indent: span.indent,
            key: None,
        });
    }

    /// Names the scalar that was just read as a key.
    pub(crate) fn name_key(&mut self, name: &str, is_merge: bool) {
        if let Some(mark) = self.marks.get_mut(self.last_scalar) {
            mark.key = Some(if is_merge {
                Key::Merge
            } else {
                Key::Name(name.to_owned())
            });
        }
    }
}

impl Mark {
    /// The bytes of a text between quotes or in a block, of the part that was parsed.
    pub(crate) fn quoted(&self, part: &str) -> Option<Range<usize>> {
        let Shape::Scalar(style) = self.shape else {
            return None;
        };
        match style {
            ScalarStyle::Plain => None,
            ScalarStyle::Literal | ScalarStyle::Folded => Some(self.block(part)),
            _ => Some(self.start..self.end),
        }
    }

    /// The parser takes a block to reach to the next thing, comments before that included.
    fn block(&self, part: &str) -> Range<usize> {
        let column = self.indent.unwrap_or(self.column);
        let text = part.get(self.start..self.end).unwrap_or_default();
        let mut end = self.start;
        for (number, line) in text.split_inclusive('\n').enumerate() {
            let indent = line.len() - line.trim_start_matches(' ').len();
            let is_blank = line.trim().is_empty();
            // The first line begins at its text; the last piece is what stands before the next thing.
            let is_rest = is_blank && !line.ends_with('\n');
            if is_rest || (number > 0 && !is_blank && indent < column) {
                break;
            }
            end += line.len();
        }
        self.start..end
    }
}

fn ends_in_blank_line(text: &str) -> bool {
    text == "\n" || text.ends_with("\n\n")
}
