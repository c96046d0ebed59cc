//! The tree of one document. Scalars are wiped when dropped and never printed.

use crate::decimal;
use serde_json::{Map, Value};
use std::borrow::Cow;
use zeroize::Zeroizing;

/// A value of a document and the place where it stood.
pub struct Node {
    pub(crate) line: usize,
    pub(crate) content: Content,
}

pub(crate) enum Content {
    Null,
    Bool(bool),
    Int(Zeroizing<i64>),
    /// Above the range of `i64`.
    Uint(Zeroizing<u64>),
    Float(Zeroizing<f64>),
    Text(Zeroizing<String>),
    Sequence(Vec<Node>),
    Mapping(Vec<Entry>),
}

pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_line: usize,
    /// The source holds no string there: `key` is another spelling of it.
    pub(crate) key_coerced: bool,
    pub(crate) value: Node,
    /// Came through `<<`, so a key of the mapping itself replaces it.
    pub(crate) merged: bool,
}

/// What a value is, after YAML 1.1 resolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// `null`, `~`, or nothing at all.
    Null,
    /// Also `yes`, `no`, `on`, `off`, `y`, `n` where YAML is unquoted.
    Bool,
    /// Integer or floating point.
    Number,
    /// Text; dates count as text.
    String,
    /// A list.
    Sequence,
    /// Keys and values.
    Mapping,
}

/// A scalar where a string is wanted.
pub struct Coerced<'a> {
    /// The text that kubeseal and kubectl would take.
    pub text: Cow<'a, str>,
    /// The source holds no string: it should be quoted there.
    pub changed: bool,
}

impl Coerced<'_> {
    /// The text alone, wiped when dropped.
    pub fn into_text(self) -> Zeroizing<String> {
        Zeroizing::new(self.text.to_string())
    }
}

impl Drop for Coerced<'_> {
    fn drop(&mut self) {
        if let Cow::Owned(text) = &mut self.text {
            zeroize::Zeroize::zeroize(text);
        }
    }
}

impl Node {
    pub(crate) fn new(line: usize, content: Content) -> Self {
        Self { line, content }
    }

    /// Line of the input, from one.
    pub fn line(&self) -> usize {
        self.line
    }

    /// What the value is.
    pub fn kind(&self) -> NodeKind {
        match self.content {
            Content::Null => NodeKind::Null,
            Content::Bool(_) => NodeKind::Bool,
            Content::Int(_) | Content::Uint(_) | Content::Float(_) => NodeKind::Number,
            Content::Text(_) => NodeKind::String,
            Content::Sequence(_) => NodeKind::Sequence,
            Content::Mapping(_) => NodeKind::Mapping,
        }
    }

    /// The value of a key, when this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.mapping()
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| &entry.value)
    }

    /// The line on which a key of this mapping stands, from one: the value may begin further down.
    pub fn key_line(&self, key: &str) -> Option<usize> {
        let entry = self.mapping().iter().find(|entry| entry.key == key);
        entry.map(|entry| entry.key_line)
    }

    /// Keys and values of a mapping in the order of the file; nothing for other kinds. Keys that
    /// were no strings are spelled as kubectl spells them: an unquoted `n` is `false`.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.mapping()
            .iter()
            .map(|entry| (entry.key.as_str(), &entry.value))
    }

    /// The lines of a mapping's keys, from one, in the order of [`Node::entries`].
    pub fn key_lines(&self) -> impl Iterator<Item = usize> {
        self.mapping().iter().map(|entry| entry.key_line)
    }

    /// The keys of a mapping that were no strings, as kubectl spells them, with their lines from one:
    /// they should be quoted there.
    pub fn coerced_keys(&self) -> impl Iterator<Item = (&str, usize)> {
        let coerced = self.mapping().iter().filter(|entry| entry.key_coerced);
        coerced.map(|entry| (entry.key.as_str(), entry.key_line))
    }

    /// Items of a sequence; nothing for other kinds.
    pub fn items(&self) -> &[Node] {
        match &self.content {
            Content::Sequence(items) => items,
            _ => &[],
        }
    }

    /// The text, only where the source holds a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The boolean, also where it was spelled `yes` or `off`.
    pub fn as_bool(&self) -> Option<bool> {
        match self.content {
            Content::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The number, when it is an integer in range.
    pub fn as_i64(&self) -> Option<i64> {
        match &self.content {
            Content::Int(value) => Some(**value),
            _ => None,
        }
    }

    /// What kubeseal makes of a scalar where a string is wanted (contract §3.4): `8080` is
    /// `"8080"`, `yes` is `"true"`, `1.10` is `"1.1"`, `010` is `"8"`, nothing is `""`. `None` for
    /// sequences and mappings.
    pub fn coerced(&self) -> Option<Coerced<'_>> {
        let text = match &self.content {
            Content::Text(text) => {
                return Some(Coerced {
                    text: Cow::Borrowed(text),
                    changed: false,
                });
            }
            Content::Null => Cow::Borrowed(""),
            Content::Bool(true) => Cow::Borrowed("true"),
            Content::Bool(false) => Cow::Borrowed("false"),
            Content::Int(value) => Cow::Owned(value.to_string()),
            Content::Uint(value) => Cow::Owned(value.to_string()),
            Content::Float(value) => Cow::Owned(decimal::general_narrow(**value)),
            Content::Sequence(_) | Content::Mapping(_) => return None,
        };
        Some(Coerced {
            text,
            changed: true,
        })
    }

    /// The tree as a JSON value, for documents that hold no secrets. JSON knows no infinity and no
    /// not-a-number: both become `null`.
    pub fn to_json(&self) -> Value {
        match &self.content {
            Content::Null => Value::Null,
            Content::Bool(value) => Value::from(*value),
            Content::Int(value) => Value::from(**value),
            Content::Uint(value) => Value::from(**value),
            Content::Float(value) => Value::from(**value),
            Content::Text(text) => Value::from(text.as_str()),
            Content::Sequence(items) => items.iter().map(Node::to_json).collect(),
            Content::Mapping(entries) => {
                let pairs = entries
                    .iter()
                    .map(|entry| (entry.key.clone(), entry.value.to_json()));
                Value::Object(pairs.collect::<Map<_, _>>())
            }
        }
    }

    /// A JSON value that stood nowhere.
    pub(crate) fn of_json(value: &Value) -> Self {
        let content = match value {
            Value::Null => Content::Null,
            Value::Bool(value) => Content::Bool(*value),
            Value::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(value), _) => Content::Int(Zeroizing::new(value)),
                (None, Some(value)) => Content::Uint(Zeroizing::new(value)),
                (None, None) => Content::Float(Zeroizing::new(number.as_f64().unwrap_or(f64::NAN))),
            },
            Value::String(text) => Content::Text(Zeroizing::new(text.clone())),
            Value::Array(items) => Content::Sequence(items.iter().map(Self::of_json).collect()),
            Value::Object(fields) => {
                let entries = fields.iter().map(|(key, value)| Entry {
                    key: key.clone(),
                    key_line: 0,
                    key_coerced: false,
                    value: Self::of_json(value),
                    merged: false,
                });
                Content::Mapping(entries.collect())
            }
        };
        Self::new(0, content)
    }

    fn mapping(&self) -> &[Entry] {
        match &self.content {
            Content::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// A copy for an alias, which moves to the line of the alias.
    pub(crate) fn duplicate(&self) -> Self {
        let content = match &self.content {
            Content::Null => Content::Null,
            Content::Bool(value) => Content::Bool(*value),
            Content::Int(value) => Content::Int(value.clone()),
            Content::Uint(value) => Content::Uint(value.clone()),
            Content::Float(value) => Content::Float(value.clone()),
            Content::Text(text) => Content::Text(text.clone()),
            Content::Sequence(items) => {
                Content::Sequence(items.iter().map(Self::duplicate).collect())
            }
            Content::Mapping(entries) => {
                Content::Mapping(entries.iter().map(Entry::duplicate).collect())
            }
        };
        Self::new(self.line, content)
    }
}

impl Entry {
    fn duplicate(&self) -> Self {
        Self {
            key: self.key.clone(),
            key_line: self.key_line,
            key_coerced: self.key_coerced,
            value: self.value.duplicate(),
            merged: self.merged,
        }
    }
}
