//! JSON objects, one after the other, into [`Node`] trees.
//!
//! `serde_json` tells no positions while it reads. But strings without escapes are borrowed from
//! the input, so their address is their position, and every key has one near it.

use crate::Format;
use crate::document::{Document, MAX_DEPTH, newlines};
use crate::limits::Limits;
use crate::node::{Content, Entry, Node};
use crate::read_error::{ReadError, SyntaxReason};
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use zeroize::Zeroizing;

/// Why a chunk was not read as JSON.
pub(crate) enum Failure {
    /// It may still be a YAML flow mapping.
    NotJson(ReadError),
    /// It is JSON, and not acceptable.
    Refused(ReadError),
}

/// The test of apimachinery: the first character that is not white space opens an object.
pub(crate) fn looks_like_json(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

/// An object whose first key is in double quotes: nobody writes YAML like this by hand.
pub(crate) fn is_unmistakable(text: &str) -> bool {
    let inside = text.trim_start().strip_prefix('{').map(str::trim_start);
    inside.is_some_and(|inside| inside.starts_with(['"', '}']))
}

/// Reads all objects of `text`, whose first line is `first_line` of the input.
pub(crate) fn read(
    text: &str,
    first_line: usize,
    documents: &mut Vec<Document>,
    limits: &Limits,
) -> Result<(), Failure> {
    let place = Place::new(text, first_line);
    let mut rest = Rest::new(text, first_line);
    loop {
        // One for each object: asked whether anything is left, it would count the lines from its beginning.
        let mut input = serde_json::Deserializer::from_str(rest.text);
        let document = documents.len() + 1;
        let reading = Reading {
            place: &place,
            document,
            nodes: Cell::new(0),
            most: limits.nodes,
            refused: RefCell::new(None),
        };
        let seed = Value {
            reading: &reading,
            depth: 0,
        };
        match seed.deserialize(&mut input) {
            Ok(root) if matches!(root.content, Content::Mapping(_)) => {
                documents.push(Document::new(document, root, Format::Json));
            }
            Ok(root) => {
                let line = root.line;
                return Err(Failure::Refused(ReadError::NotAMapping { document, line }));
            }
            Err(error) => {
                let not_json = rest.syntax(&error, document);
                return Err(reading
                    .refused
                    .take()
                    .map_or(Failure::NotJson(not_json), Failure::Refused));
            }
        }
        rest.skip(input.into_iter::<IgnoredAny>().byte_offset());
        if rest.is_blank() || documents.len() >= limits.documents {
            return Ok(());
        }
    }
}

/// What no object was read from yet.
struct Rest<'a> {
    text: &'a str,
    /// Line of its beginning in the input.
    line: usize,
    /// Bytes before it on that line.
    column: usize,
}

impl<'a> Rest<'a> {
    fn new(text: &'a str, line: usize) -> Self {
        let column = 0;
        Self { text, line, column }
    }

    fn skip(&mut self, length: usize) {
        let (skipped, rest) = self.text.split_at(length);
        self.line += newlines(skipped.as_bytes());
        self.column = match skipped.rfind('\n') {
            Some(at) => skipped.len() - at - 1,
            None => self.column + skipped.len(),
        };
        self.text = rest;
    }

    fn is_blank(&self) -> bool {
        let white = [' ', '\n', '\t', '\r'];
        self.text.trim_start_matches(white).is_empty()
    }

    fn syntax(&self, error: &serde_json::Error, document: usize) -> ReadError {
        let line = error.line().max(1);
        let before = if line == 1 { self.column } else { 0 };
        ReadError::Syntax {
            document,
            line: self.line + line - 1,
            column: before + error.column().max(1),
            reason: if error.is_eof() {
                SyntaxReason::JsonIncomplete
            } else {
                SyntaxReason::Json
            },
        }
    }
}

/// The last known place in the text; it only moves forward, so each line is counted once.
struct Place<'a> {
    text: &'a str,
    offset: Cell<usize>,
    line: Cell<usize>,
}

impl<'a> Place<'a> {
    fn new(text: &'a str, first_line: usize) -> Self {
        let leading = text.len() - text.trim_start().len();
        let line = first_line + newlines(&text.as_bytes()[..leading]);
        Self {
            text,
            offset: Cell::new(leading),
            line: Cell::new(line),
        }
    }

    /// Moves to `part`, if that is a part of the text.
    fn move_to(&self, part: &str) -> usize {
        let offset = part.as_ptr().addr().wrapping_sub(self.text.as_ptr().addr());
        let skipped = self.text.as_bytes().get(self.offset.get()..offset);
        if let Some(skipped) = skipped {
            self.line.set(self.line.get() + newlines(skipped));
            self.offset.set(offset);
        }
        self.line.get()
    }
}

impl Place<'_> {
    /// The line of the brace before the key that was just moved to.
    fn opening_line(&self) -> usize {
        let before = self
            .text
            .get(..self.offset.get().saturating_sub(1))
            .unwrap_or_default();
        let gap = &before[before.trim_end().len()..];
        self.line.get() - newlines(gap.as_bytes())
    }
}

struct Reading<'a> {
    place: &'a Place<'a>,
    document: usize,
    nodes: Cell<usize>,
    /// Values that there may be.
    most: usize,
    /// What was wrong, since `serde_json` carries only text.
    refused: RefCell<Option<ReadError>>,
}

impl Reading<'_> {
    fn refuse<E: serde::de::Error>(&self, error: ReadError) -> E {
        self.refused.replace(Some(error));
        E::custom("refused")
    }

    fn node<E: serde::de::Error>(&self, content: Content) -> Result<Node, E> {
        let (document, line) = (self.document, self.place.line.get());
        self.nodes.set(self.nodes.get() + 1);
        if self.nodes.get() > self.most {
            return Err(self.refuse(ReadError::TooLarge {
                document,
                line,
                limit: self.most,
            }));
        }
        Ok(Node::new(line, content))
    }

    fn descend<E: serde::de::Error>(&self, depth: usize) -> Result<(), E> {
        if depth < MAX_DEPTH {
            return Ok(());
        }
        let (document, line) = (self.document, self.place.line.get());
        Err(self.refuse(ReadError::TooDeep {
            document,
            line,
            limit: MAX_DEPTH,
        }))
    }
}

#[derive(Clone, Copy)]
struct Value<'r> {
    reading: &'r Reading<'r>,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = Node;

    fn deserialize<D: serde::Deserializer<'de>>(self, input: D) -> Result<Node, D::Error> {
        input.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Node, E> {
        self.reading.node(Content::Null)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Node, E> {
        self.reading.node(Content::Bool(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Node, E> {
        self.reading.node(Content::Int(Zeroizing::new(value)))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Node, E> {
        self.reading.node(match i64::try_from(value) {
            Ok(value) => Content::Int(Zeroizing::new(value)),
            Err(_) => Content::Uint(Zeroizing::new(value)),
        })
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Node, E> {
        self.reading.node(Content::Float(Zeroizing::new(value)))
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<Node, E> {
        self.reading.place.move_to(text);
        self.visit_str(text)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Node, E> {
        self.reading
            .node(Content::Text(Zeroizing::new(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut input: A) -> Result<Node, A::Error> {
        self.reading.descend(self.depth)?;
        let mut node = self.reading.node(Content::Null)?;
        let mut items = Vec::new();
        let item = Self {
            depth: self.depth + 1,
            ..self
        };
        while let Some(next) = input.next_element_seed(item)? {
            items.push(next);
        }
        node.content = Content::Sequence(items);
        Ok(node)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut input: A) -> Result<Node, A::Error> {
        self.reading.descend(self.depth)?;
        let mut node = self.reading.node(Content::Null)?;
        let mut entries: Vec<Entry> = Vec::new();
        let mut lines = BTreeMap::new();
        while let Some((key, key_line)) = input.next_key_seed(Key {
            place: self.reading.place,
        })? {
            if entries.is_empty() {
                node.line = self.reading.place.opening_line();
            }
            if let Some(first_line) = lines.insert(key.clone(), key_line) {
                let document = self.reading.document;
                let duplicate = ReadError::DuplicateKey {
                    document,
                    line: key_line,
                    first_line,
                };
                return Err(self.reading.refuse(duplicate));
            }
            let value = input.next_value_seed(Self {
                depth: self.depth + 1,
                ..self
            })?;
            entries.push(Entry {
                key,
                key_line,
                key_coerced: false,
                value,
                merged: false,
            });
        }
        node.content = Content::Mapping(entries);
        Ok(node)
    }
}

struct Key<'a> {
    place: &'a Place<'a>,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = (String, usize);

    fn deserialize<D: serde::Deserializer<'de>>(self, input: D) -> Result<Self::Value, D::Error> {
        input.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key<'_> {
    type Value = (String, usize);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok((text.to_owned(), self.place.move_to(text)))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok((text.to_owned(), self.place.line.get()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Were each object's end to cost what stands before it, this would take an hour.
    #[test]
    fn positions_hold_after_very_many_objects() {
        for (separator, number) in [("\n", 300_000), (" ", 300_000), (" \n ", 2), ("", 1)] {
            let many = format!("{{}}{separator}").repeat(number);
            let text = format!("{many}{{\"a\" 1}}");
            let mut documents = Vec::new();
            let Err(Failure::NotJson(error)) = read(&text, 1, &mut documents, &Limits::default())
            else {
                panic!("that is no JSON");
            };
            assert_eq!(documents.len(), number);
            let mut values = serde_json::Deserializer::from_str(&text).into_iter::<IgnoredAny>();
            let expected = values.find_map(Result::err).unwrap();
            let expected = ReadError::Syntax {
                document: number + 1,
                line: expected.line(),
                column: expected.column(),
                reason: SyntaxReason::Json,
            };
            assert_eq!(error, expected, "{separator:?}");
        }
    }
}
