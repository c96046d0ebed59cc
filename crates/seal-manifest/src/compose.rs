//! YAML documents into [`Node`] trees, from the events of the parser.

use crate::Format;
use crate::decimal;
use crate::document::{Document, MAX_DEPTH};
use crate::limits::Limits;
use crate::mapping::Mapping;
use crate::node::{Content, Entry, Node};
use crate::read_error::{ReadError, SyntaxReason};
use crate::scalar::{core_tag, scalar};
use crate::trace::Trace;
use granit_parser::{ErrorKind, Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput};
use std::collections::HashMap;

/// Reads all documents of `text`, whose first line is `first_line` of the input; and records where
/// everything stood, if someone wants to know.
pub(crate) fn read(
    text: &str,
    first_line: usize,
    documents: &mut Vec<Document>,
    (trace, limits): (Option<&mut Trace>, &Limits),
) -> Result<(), ReadError> {
    let mut composer = Composer {
        text,
        first_line,
        parser: Parser::new_from_str_with_options(text, options()),
        document: documents.len() + 1,
        trace,
        limits: *limits,
        anchors: HashMap::new(),
        nodes: 0,
        aliased: Weight::default(),
    };
    composer.refuse_control_characters()?;
    while let Some((event, span)) = composer.next()? {
        let line = composer.line(&span.start);
        match event {
            Event::StreamEnd => break,
            Event::DocumentStart(..) => {
                composer.anchors.clear();
                composer.nodes = 0;
                composer.aliased = Weight::default();
            }
            Event::MappingStart(..) => {
                let root = composer.node(event, span, 0)?;
                documents.push(Document::new(composer.document, root, Format::Yaml));
                composer.document += 1;
                if documents.len() >= limits.documents {
                    break;
                }
            }
            Event::Scalar(..)
                if matches!(composer.node(event, span, 0)?.content, Content::Null) => {}
            Event::Scalar(..) | Event::SequenceStart(..) | Event::Alias(_) => {
                return Err(composer.not_a_mapping(line));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Of the parser.
pub(crate) fn options() -> granit_parser::Options {
    let mut options = granit_parser::Options::default();
    options.set_emit_comments(false);
    options
}

struct Composer<'a, 't> {
    text: &'a str,
    first_line: usize,
    parser: Parser<'a, StrInput<'a>>,
    document: usize,
    trace: Option<&'t mut Trace>,
    limits: Limits,
    anchors: HashMap<usize, Anchor>,
    nodes: usize,
    aliased: Weight,
}

struct Anchor {
    node: Node,
    weight: Weight,
}

/// What a copy of a tree costs.
#[derive(Clone, Copy, Default)]
struct Weight {
    nodes: usize,
    bytes: usize,
    height: usize,
}

impl<'a> Composer<'a, '_> {
    fn next(&mut self) -> Result<Option<(Event<'a>, Span)>, ReadError> {
        match self.parser.next_event() {
            None => Ok(None),
            Some(Ok((event, span))) => {
                let line = self.line(&span.start);
                if let Some(trace) = &mut self.trace {
                    trace.event(&event, &span, line);
                }
                Ok(Some((event, span)))
            }
            Some(Err(error)) => Err(self.scan_error(&error)),
        }
    }

    /// The next event, where the grammar promises one.
    fn expect(&mut self) -> Result<(Event<'a>, Span), ReadError> {
        match self.next()? {
            Some(next) => Ok(next),
            None => Err(self.syntax(&Marker::new(0, 1, 0), SyntaxReason::Yaml)),
        }
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Node, ReadError> {
        let line = self.line(&span.start);
        self.nodes += 1;
        if self.nodes > self.limits.nodes {
            return Err(ReadError::TooLarge {
                document: self.document,
                line,
                limit: self.limits.nodes,
            });
        }
        let (content, anchor) = match event {
            Event::Alias(id) => return self.alias(id, &span, depth),
            Event::Scalar(text, style, anchor, tag) => {
                let content = scalar(text, style, tag.as_deref())
                    .map_err(|reason| self.syntax(&span.start, reason))?;
                (content, anchor)
            }
            Event::SequenceStart(_, anchor, _) => {
                self.descend(line, depth)?;
                (self.sequence(depth)?, anchor)
            }
            Event::MappingStart(_, anchor, _) => {
                self.descend(line, depth)?;
                (self.mapping(depth)?, anchor)
            }
            _ => return Err(self.syntax(&span.start, SyntaxReason::Yaml)),
        };
        let node = Node::new(line, content);
        if anchor != 0 {
            self.remember(anchor, &node)?;
        }
        Ok(node)
    }

    fn sequence(&mut self, depth: usize) -> Result<Content, ReadError> {
        let mut items = Vec::new();
        loop {
            match self.expect()? {
                (Event::SequenceEnd, _) => return Ok(Content::Sequence(items)),
                (event, span) => items.push(self.node(event, span, depth + 1)?),
            }
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<Content, ReadError> {
        let mut mapping = Mapping::default();
        loop {
            let (event, span) = self.expect()?;
            if matches!(event, Event::MappingEnd) {
                return Ok(Content::Mapping(mapping.entries));
            }
            let is_merge = is_merge_key(&event);
            let key_line = self.line(&span.start);
            let (key, key_coerced) = if is_merge {
                (String::new(), false)
            } else {
                self.key(event, span)?
            };
            if let Some(trace) = &mut self.trace {
                trace.name_key(&key, is_merge);
            }
            let (event, span) = self.expect()?;
            let is_empty =
                matches!(&event, Event::Scalar(text, ScalarStyle::Plain, ..) if text.is_empty());
            let mut value = self.node(event, span, depth + 1)?;
            if is_merge {
                mapping
                    .merge(value)
                    .map_err(|()| self.syntax(&span.start, SyntaxReason::Merge))?;
                continue;
            }
            if is_empty {
                // The parser finds the absence of a value at the next thing that is there.
                value.line = key_line;
            }
            let entry = Entry {
                key,
                key_line,
                key_coerced,
                value,
                merged: false,
            };
            mapping
                .insert(entry)
                .map_err(|first_line| ReadError::DuplicateKey {
                    document: self.document,
                    line: key_line,
                    first_line,
                })?;
        }
    }

    /// Keys are strings in JSON; others take the spelling of `sigs.k8s.io/yaml`, which is told.
    fn key(&mut self, event: Event<'a>, span: Span) -> Result<(String, bool), ReadError> {
        if matches!(event, Event::SequenceStart(..) | Event::MappingStart(..)) {
            return Err(self.syntax(&span.start, SyntaxReason::Key));
        }
        let node = self.node(event, span, 0)?;
        let key = match &node.content {
            Content::Text(text) => return Ok((text.to_string(), false)),
            Content::Bool(value) => value.to_string(),
            Content::Int(value) => value.to_string(),
            Content::Float(value) => match decimal::general_narrow(**value).as_str() {
                "+Inf" => ".inf".to_owned(),
                "-Inf" => "-.inf".to_owned(),
                "NaN" => ".nan".to_owned(),
                number => number.to_owned(),
            },
            Content::Null | Content::Uint(_) | Content::Sequence(_) | Content::Mapping(_) => {
                return Err(self.syntax(&span.start, SyntaxReason::Key));
            }
        };
        Ok((key, true))
    }

    fn remember(&mut self, id: usize, node: &Node) -> Result<(), ReadError> {
        let weight = Weight::of(node);
        self.spend(weight, node.line)?;
        self.anchors.insert(
            id,
            Anchor {
                node: node.duplicate(),
                weight,
            },
        );
        Ok(())
    }

    fn alias(&mut self, id: usize, span: &Span, depth: usize) -> Result<Node, ReadError> {
        let line = self.line(&span.start);
        let Some(weight) = self.anchors.get(&id).map(|anchor| anchor.weight) else {
            return Err(self.syntax(&span.start, SyntaxReason::UnknownAlias));
        };
        self.spend(weight, line)?;
        if weight.height > 0 {
            self.descend(line, depth + weight.height - 1)?;
        }
        match self.anchors.get(&id) {
            Some(anchor) => {
                let mut copy = anchor.node.duplicate();
                copy.line = line;
                Ok(copy)
            }
            None => Err(self.syntax(&span.start, SyntaxReason::UnknownAlias)),
        }
    }

    fn spend(&mut self, weight: Weight, line: usize) -> Result<(), ReadError> {
        self.aliased.nodes += weight.nodes;
        self.aliased.bytes += weight.bytes;
        let Limits {
            aliased_nodes,
            aliased_bytes,
            ..
        } = self.limits;
        if self.aliased.nodes > aliased_nodes || self.aliased.bytes > aliased_bytes {
            return Err(ReadError::TooManyAliases {
                document: self.document,
                line,
            });
        }
        Ok(())
    }

    fn descend(&self, line: usize, depth: usize) -> Result<(), ReadError> {
        if depth < MAX_DEPTH {
            return Ok(());
        }
        Err(ReadError::TooDeep {
            document: self.document,
            line,
            limit: MAX_DEPTH,
        })
    }

    fn line(&self, marker: &Marker) -> usize {
        self.first_line + marker.line().max(1) - 1
    }

    fn not_a_mapping(&self, line: usize) -> ReadError {
        ReadError::NotAMapping {
            document: self.document,
            line,
        }
    }

    fn scan_error(&self, error: &ScanError) -> ReadError {
        let marker = error.marker();
        if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
            let line = self.line(marker);
            return ReadError::TooDeep {
                document: self.document,
                line,
                limit: MAX_DEPTH,
            };
        }
        let reason = match reason_of(error.kind()) {
            // The parser complains about the indentation of the end of the input.
            SyntaxReason::QuotedIndentation if marker.line() > self.text.lines().count() => {
                SyntaxReason::Unclosed
            }
            reason => reason,
        };
        self.syntax(marker, reason)
    }

    fn syntax(&self, marker: &Marker, reason: SyntaxReason) -> ReadError {
        let line = marker.line().max(1);
        let mut near = self.text.lines().skip(line.saturating_sub(2)).take(2);
        let is_template = near.any(|text| text.contains("{{"));
        ReadError::Syntax {
            document: self.document,
            line: self.line(marker),
            column: marker.col() + 1,
            reason: if is_template {
                SyntaxReason::TemplateBraces
            } else {
                reason
            },
        }
    }

    /// As YAML 1.1 demands of the whole stream, quoted or not; and the line separators beyond ASCII,
    /// which are line breaks in YAML 1.1 and text in YAML 1.2.
    fn refuse_control_characters(&self) -> Result<(), ReadError> {
        if self
            .text
            .bytes()
            .all(|b| matches!(b, b' '..=b'~' | b'\n' | b'\t' | b'\r'))
        {
            return Ok(());
        }
        let position = self.text.char_indices().find(|(_, c)| is_forbidden(*c));
        let Some((at, _)) = position else {
            return Ok(());
        };
        let before = &self.text[..at];
        let column = before.chars().rev().take_while(|c| *c != '\n').count();
        let line = crate::document::newlines(before.as_bytes()) + 1;
        Err(self.syntax(
            &Marker::new(at, line, column),
            SyntaxReason::ControlCharacter,
        ))
    }
}

impl Weight {
    fn of(node: &Node) -> Self {
        let leaf = Self {
            nodes: 1,
            bytes: 0,
            height: 0,
        };
        match &node.content {
            Content::Text(text) => Self {
                bytes: text.len(),
                ..leaf
            },
            Content::Sequence(items) => {
                items.iter().fold(Self { height: 1, ..leaf }, |sum, item| {
                    sum.over(Self::of(item))
                })
            }
            Content::Mapping(entries) => {
                entries
                    .iter()
                    .fold(Self { height: 1, ..leaf }, |sum, entry| {
                        let key = Self {
                            nodes: 1,
                            bytes: entry.key.len(),
                            height: 0,
                        };
                        sum.over(key).over(Self::of(&entry.value))
                    })
            }
            _ => leaf,
        }
    }

    fn over(self, child: Self) -> Self {
        Self {
            nodes: self.nodes + child.nodes,
            bytes: self.bytes + child.bytes,
            height: self.height.max(child.height + 1),
        }
    }
}

fn is_merge_key(event: &Event<'_>) -> bool {
    match event {
        Event::Scalar(text, style, _, None) => *style == ScalarStyle::Plain && text == "<<",
        Event::Scalar(text, _, _, Some(tag)) => text == "<<" && core_tag(tag) == Some("merge"),
        _ => false,
    }
}

fn is_forbidden(c: char) -> bool {
    match c {
        '\t' | '\n' | '\r' => false,
        '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}' => true,
        c => c.is_control(),
    }
}

fn reason_of(kind: &ErrorKind) -> SyntaxReason {
    use ErrorKind as K;
    match kind {
        K::TabNotAllowed
        | K::TabInBlockIndentation
        | K::TabInIndentation
        | K::TabInPlainScalar
        | K::TabAtBlockScalarStart => SyntaxReason::Tab,
        K::UnexpectedEofFlowSequence
        | K::UnexpectedEofFlowMapping
        | K::UnexpectedEofImplicitFlowMapping
        | K::UnclosedFlowCollection { .. }
        | K::UnclosedQuotedScalar
        | K::DocumentIndicatorInQuotedScalar => SyntaxReason::Unclosed,
        K::InvalidQuotedScalarIndent => SyntaxReason::QuotedIndentation,
        K::InvalidIndentation | K::InvalidBlockScalarIndent | K::InvalidFlowScalarIndent => {
            SyntaxReason::Indentation
        }
        K::ExpectedBlockMappingKey
        | K::SimpleKeyExpected
        | K::InvalidSimpleKey
        | K::MappingValueNotAllowed
        | K::MappingKeyNotAllowed
        | K::BlockSequenceEntryNotAllowed
        | K::InvalidTrailingSingleQuotedScalar
        | K::InvalidTrailingDoubleQuotedScalar
        | K::UnexpectedCharacter { .. } => SyntaxReason::KeyExpected,
        K::UnknownAnchor | K::MissingAnchorOrAliasName => SyntaxReason::UnknownAlias,
        K::UndeclaredTagHandle
        | K::ExpectedTagBang
        | K::InvalidTagTerminator
        | K::MissingTagUri => SyntaxReason::Tag,
        K::UnknownQuotedScalarEscape
        | K::InvalidQuotedScalarHexEscape
        | K::InvalidUnicodeEscape
        | K::InvalidLowSurrogate
        | K::MissingLowSurrogate
        | K::UnpairedLowSurrogate => SyntaxReason::Escape,
        _ => SyntaxReason::Yaml,
    }
}
