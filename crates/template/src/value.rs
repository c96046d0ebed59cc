//! The values that templates work on, shaped after the Go types they stand for.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::rc::Rc;

use zeroize::Zeroizing;

use crate::date::Time;
use crate::version::Version;

/// One value. Lists and maps are shared, as in Go; maps can change.
#[derive(Clone)]
pub(crate) enum Value {
    /// No value at all: a missing key. Prints `<no value>`.
    Missing,
    /// A nil interface inside a list or a map, or as an argument.
    Nil,
    Bool(bool),
    /// Go's `int`.
    Int(i64),
    /// Go's `int64`.
    Int64(i64),
    /// Go's `uint8`: a byte of a string.
    Byte(u8),
    Float(f64),
    Str(Text),
    List(List),
    Map(Map),
    /// `time.Time`.
    Time(Time),
    /// `*semver.Version`.
    Version(Rc<Version>),
}

/// A Go string: bytes, mostly UTF-8, wiped when the last holder drops it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Text(Rc<Zeroizing<Vec<u8>>>);

/// The element type of a Go slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Elem {
    /// `[]interface{}`
    Any,
    /// `[]string`
    Str,
    /// `[]int`
    Int,
    /// `[][]interface{}`
    List,
}

/// A Go slice. Never changes after it is made.
#[derive(Clone)]
pub(crate) struct List {
    pub(crate) elem: Elem,
    items: Rc<Elements>,
}

struct Elements(Vec<Value>);

/// The value type of a Go map with string keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    /// `map[string]interface{}`
    Any,
    /// `map[string]string`
    Str,
}

pub(crate) type Entries = BTreeMap<Text, Value>;

/// A Go map with string keys; holders share it and see each other's changes.
#[derive(Clone)]
pub(crate) struct Map {
    pub(crate) entry: Entry,
    entries: Rc<Shared>,
}

struct Shared(RefCell<Entries>);

impl Value {
    pub(crate) fn text(text: &str) -> Self {
        Self::Str(Text::from(text.as_bytes()))
    }

    pub(crate) fn list(items: Vec<Self>) -> Self {
        Self::List(List::new(Elem::Any, items))
    }

    pub(crate) fn strings(items: Vec<Self>) -> Self {
        Self::List(List::new(Elem::Str, items))
    }

    pub(crate) fn map(entries: Entries) -> Self {
        Self::Map(Map::new(Entry::Any, entries))
    }

    /// Go's truth: everything but the empty value of each kind.
    pub(crate) fn is_true(&self) -> bool {
        match self {
            Self::Missing | Self::Nil => false,
            Self::Bool(yes) => *yes,
            Self::Int(number) | Self::Int64(number) => *number != 0,
            Self::Byte(byte) => *byte != 0,
            Self::Float(number) => *number != 0.0,
            Self::Str(text) => !text.as_bytes().is_empty(),
            Self::List(list) => !list.items().is_empty(),
            Self::Map(map) => !map.is_empty(),
            Self::Time(_) | Self::Version(_) => true,
        }
    }

    pub(crate) fn is_nil(&self) -> bool {
        matches!(self, Self::Missing | Self::Nil)
    }

    /// The integer of any integer kind.
    pub(crate) fn integer(&self) -> Option<i64> {
        match self {
            Self::Int(number) | Self::Int64(number) => Some(*number),
            Self::Byte(byte) => Some(i64::from(*byte)),
            _ => None,
        }
    }

    /// How much of it a function may have to read, for the meter; nested values are not followed.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Str(text) => text.as_bytes().len(),
            Self::List(list) => list.items().len() * 16,
            Self::Map(map) => map.len() * 16,
            _ => 0,
        }
    }
}

impl Text {
    pub(crate) fn new(content: Zeroizing<Vec<u8>>) -> Self {
        Self(Rc::new(content))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The characters as Go sees them: each invalid byte is one U+FFFD.
    pub(crate) fn chars(&self) -> Chars<'_> {
        lossy(self.as_bytes())
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<&[u8]> for Text {
    fn from(bytes: &[u8]) -> Self {
        Self::new(Zeroizing::new(bytes.to_vec()))
    }
}

/// Text for functions that work on characters; wiped when it had to be copied.
pub(crate) enum Chars<'a> {
    Borrowed(&'a str),
    Replaced(Zeroizing<String>),
}

impl std::ops::Deref for Chars<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Replaced(text) => text,
        }
    }
}

/// Reads bytes as Go's `range` over a string does: one U+FFFD for every byte that is not UTF-8.
pub(crate) fn lossy(bytes: &[u8]) -> Chars<'_> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Chars::Borrowed(text);
    }
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() * 3));
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for _ in chunk.invalid() {
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    Chars::Replaced(text)
}

impl List {
    pub(crate) fn new(elem: Elem, items: Vec<Value>) -> Self {
        Self {
            elem,
            items: Rc::new(Elements(items)),
        }
    }

    pub(crate) fn items(&self) -> &[Value] {
        &self.items.0
    }
}

impl Map {
    pub(crate) fn new(entry: Entry, entries: Entries) -> Self {
        Self {
            entry,
            entries: Rc::new(Shared(RefCell::new(entries))),
        }
    }

    pub(crate) fn get(&self, key: &[u8]) -> Option<Value> {
        self.entries.0.borrow().get(&Text::from(key)).cloned()
    }

    pub(crate) fn has(&self, key: &Text) -> bool {
        self.entries.0.borrow().contains_key(key)
    }

    /// The caller has made sure that `value` does not reach this map ([`reaches`]).
    pub(crate) fn insert(&self, key: Text, value: Value) {
        self.entries.0.borrow_mut().insert(key, value);
    }

    pub(crate) fn remove(&self, key: &Text) {
        self.entries.0.borrow_mut().remove(key);
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.0.borrow().len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A snapshot: what runs meanwhile may change the map.
    pub(crate) fn entries(&self) -> Entries {
        self.entries.0.borrow().clone()
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.entries, &other.entries)
    }
}

/// Ends of long chains are released one by one: dropping them recursively would end the stack.
fn release(mut waiting: Vec<Value>) {
    while let Some(value) = waiting.pop() {
        match value {
            Value::List(list) => {
                if let Some(mut elements) = Rc::into_inner(list.items) {
                    waiting.append(&mut elements.0);
                }
            }
            Value::Map(map) => {
                if let Some(shared) = Rc::into_inner(map.entries) {
                    waiting.extend(shared.0.take().into_values());
                }
            }
            _ => {}
        }
    }
}

impl Drop for Elements {
    fn drop(&mut self) {
        release(std::mem::take(&mut self.0));
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        release(self.0.take().into_values().collect());
    }
}

/// The Go name of a value's type, as `%T` prints it.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Missing | Value::Nil => "<nil>",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int",
        Value::Int64(_) => "int64",
        Value::Byte(_) => "uint8",
        Value::Float(_) => "float64",
        Value::Str(_) => "string",
        Value::List(list) => match list.elem {
            Elem::Any => "[]interface {}",
            Elem::Str => "[]string",
            Elem::Int => "[]int",
            Elem::List => "[][]interface {}",
        },
        Value::Map(map) => match map.entry {
            Entry::Any => "map[string]interface {}",
            Entry::Str => "map[string]string",
        },
        Value::Time(_) => "time.Time",
        Value::Version(_) => "*semver.Version",
    }
}

/// The Go name of a value's kind, as `reflect` prints it.
pub(crate) fn kind_name(value: &Value) -> &'static str {
    match value {
        Value::Missing | Value::Nil => "invalid",
        Value::List(_) => "slice",
        Value::Map(_) => "map",
        Value::Time(_) => "struct",
        Value::Version(_) => "ptr",
        other => type_name(other),
    }
}
