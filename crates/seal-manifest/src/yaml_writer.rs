//! One value as `sigs.k8s.io/yaml` writes it, byte for byte (contract §3.5).
//!
//! The layout follows from four facts that the writer tracks as it goes: the column, the
//! indentation of the enclosing collection, whether white space was written last, and whether the
//! line holds nothing but indentation and indicators so far.

use crate::decimal;
use crate::key_order;
use crate::scalar_style::{Analysis, ScalarStyle, is_printable};
use crate::sealed_layout::{Layout, Place, item_comment};
use crate::wiped_text::WipedText;
use serde_json::{Map, Number, Value};

/// Past this column a line is folded at the next single space.
const BEST_WIDTH: usize = 80;
const INDENT: usize = 2;
/// Bytes of the longest key that stands on one line with its value.
const LONGEST_SIMPLE_KEY: usize = 128;

/// One document as `sigs.k8s.io/yaml` writes it: no leading `---`, a line break at the end, keys
/// in `yaml.v2`'s natural order (`a1`, `a2`, `a10`).
///
/// Where Go itself fails or loses characters (U+007F and other control characters, U+0085, keys
/// over 1,024 bytes), or writes what only YAML 1.1 reads back (U+2028, U+2029), the text differs and
/// reads back as the same value.
///
/// Copies that the writer makes are wiped; the text is the caller's to wipe.
pub fn write_yaml(value: &Value) -> String {
    let mut writer = Writer::new(INDENT, None);
    writer.node(value, false, Place::Anywhere);
    writer.finish()
}

/// A document with the layout of a SealedSecret, which has comments.
pub(crate) fn write_document(value: &Value, layout: &Layout) -> String {
    let mut writer = Writer::new(INDENT, Some(layout));
    writer.node(value, false, Place::Document);
    writer.finish()
}

/// A key and its value at `column`, as lines; collections stand `step` further in than their keys.
pub(crate) fn write_entry(
    (key, value): (&str, &Value),
    column: usize,
    step: usize,
    (place, layout): (Place, Option<&Layout>),
) -> String {
    let mut writer = Writer::new(step, layout);
    writer.indent = Some(column);
    writer.entry(key, value, place);
    writer.finish()
}

/// One line of text as a value behind `key: `.
pub(crate) fn write_inline(text: &str) -> String {
    let mut writer = Writer::new(INDENT, None);
    writer.scalar(text, &Analysis::of(text), false);
    writer.out.into_text()
}

struct Writer<'l> {
    out: WipedText,
    step: usize,
    layout: Option<&'l Layout>,
    /// In characters.
    column: usize,
    /// Of the enclosing collection; `None` outside of all.
    indent: Option<usize>,
    after_space: bool,
    only_indentation: bool,
}

impl<'l> Writer<'l> {
    fn new(step: usize, layout: Option<&'l Layout>) -> Self {
        Self {
            out: WipedText::new(),
            step,
            layout,
            column: 0,
            indent: None,
            after_space: true,
            only_indentation: true,
        }
    }

    fn finish(mut self) -> String {
        self.indent = None;
        self.line_start();
        self.out.into_text()
    }

    fn node(&mut self, value: &Value, in_mapping: bool, place: Place) {
        match value {
            Value::Null => self.word("null"),
            Value::Bool(true) => self.word("true"),
            Value::Bool(false) => self.word("false"),
            Value::Number(number) => self.word(&number_text(number)),
            Value::String(text) => self.scalar(text, &Analysis::of(text), false),
            Value::Array(items) => self.sequence(items, in_mapping, place),
            Value::Object(entries) => self.mapping(entries, in_mapping, place),
        }
    }

    fn sequence(&mut self, items: &[Value], in_mapping: bool, place: Place) {
        if items.is_empty() {
            self.indicator("[", true, true, false);
            self.indicator("]", false, false, false);
            return;
        }
        let outer = self.indent;
        // A list that is the value of a key stands under the key, not further in.
        let under_key = in_mapping && !self.only_indentation;
        self.indent = match outer {
            None => Some(0),
            Some(indent) if under_key => Some(indent),
            Some(indent) => Some(indent + INDENT),
        };
        for item in items {
            self.line_start();
            self.indicator("-", true, false, true);
            self.node(item, false, place.item());
        }
        self.indent = outer;
    }

    fn mapping(&mut self, entries: &Map<String, Value>, in_mapping: bool, place: Place) {
        if entries.is_empty() {
            self.indicator("{", true, true, false);
            self.indicator("}", false, false, false);
            return;
        }
        let outer = self.indent;
        // Behind a `- ` the keys stand two columns further in, whatever the step.
        let step = if in_mapping { self.step } else { INDENT };
        self.indent = Some(outer.map_or(0, |indent| indent + step));
        match self.layout {
            Some(layout) if place == Place::DataKeys => self.data_keys(entries, layout),
            _ => {
                let entries = entries.iter().map(|(key, value)| (key.as_str(), value));
                let mut sorted = key_order::sort(entries.collect());
                place.arrange(&mut sorted);
                for (key, value) in sorted {
                    self.entry(key, value, place.entry(key));
                }
            }
        }
        self.indent = outer;
    }

    fn data_keys(&mut self, entries: &Map<String, Value>, layout: &Layout) {
        for line in layout.lines(entries) {
            if let Some(item) = line.item {
                self.line_start();
                self.indicator(&item_comment(item), false, false, false);
            }
            for (id, entry) in line.data_keys {
                self.entry(id, entry, Place::DataKey);
            }
        }
    }

    fn entry(&mut self, key: &str, value: &Value, place: Place) {
        self.line_start();
        let analysis = Analysis::of(key);
        if !analysis.multiline && key.len() <= LONGEST_SIMPLE_KEY {
            self.scalar(key, &analysis, true);
            self.indicator(":", false, false, false);
        } else {
            self.indicator("?", true, false, true);
            self.scalar(key, &analysis, false);
            self.line_start();
            self.indicator(":", true, false, true);
        }
        self.node(value, true, place);
    }

    fn word(&mut self, text: &str) {
        self.indicator(text, true, false, false);
    }

    fn scalar(&mut self, text: &str, analysis: &Analysis, simple_key: bool) {
        let outer = self.indent;
        self.indent = Some(outer.map_or(self.step, |indent| indent + self.step));
        match analysis.style(text, simple_key) {
            ScalarStyle::Plain => self.flow_scalar(text, None, !simple_key),
            ScalarStyle::SingleQuoted => self.flow_scalar(text, Some('\''), !simple_key),
            ScalarStyle::DoubleQuoted => self.double_quoted(text, !simple_key),
            ScalarStyle::Literal => self.literal(text),
        }
        self.indent = outer;
    }

    /// Plain and single-quoted text, folded at single spaces. It holds no line breaks: text that
    /// does has another style.
    fn flow_scalar(&mut self, text: &str, quote: Option<char>, may_fold: bool) {
        if quote.is_some() {
            self.indicator("'", true, false, false);
        } else if !self.after_space {
            self.put(' ');
        }
        let first = memchr::memchr2(b' ', b'\'', text.as_bytes());
        let (head, tail) = text.split_at(first.unwrap_or(text.len()));
        self.out.push_str(head);
        self.column += head.chars().count();
        let mut after_space = false;
        let mut rest = tail.char_indices();
        while let Some((at, c)) = rest.next() {
            if may_fold && c == ' ' && !after_space && self.column > BEST_WIDTH {
                let next = rest.clone().next();
                if head.len() + at > 0 && next.is_some_and(|(_, next)| next != ' ') {
                    self.line_start();
                    after_space = true;
                    continue;
                }
            }
            if Some(c) == quote {
                self.put(c);
            }
            self.put(c);
            self.only_indentation = false;
            after_space = c == ' ';
        }
        if quote.is_some() {
            self.indicator("'", false, false, false);
        }
        self.after_space = false;
        self.only_indentation = false;
    }

    fn double_quoted(&mut self, text: &str, may_fold: bool) {
        self.indicator("\"", true, false, false);
        let mut after_space = false;
        let mut rest = text.char_indices();
        while let Some((at, c)) = rest.next() {
            let next = rest.clone().next().map(|(_, next)| next);
            if !is_printable(c) || matches!(c, '\n' | '"' | '\\') {
                self.escape(c);
                after_space = false;
            } else if c == ' ' {
                let inside = at > 0 && next.is_some();
                if may_fold && !after_space && self.column > BEST_WIDTH && inside {
                    self.line_start();
                    if next == Some(' ') {
                        self.put('\\');
                    }
                } else {
                    self.put(c);
                }
                after_space = true;
            } else {
                self.put(c);
                after_space = false;
            }
        }
        self.indicator("\"", false, false, false);
        self.after_space = false;
        self.only_indentation = false;
    }

    fn escape(&mut self, c: char) {
        let short = match c {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{1b}' => 'e',
            '"' => '"',
            '\\' => '\\',
            '\u{85}' => 'N',
            '\u{a0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => {
                let code = u32::from(c);
                let long = match code {
                    0..=0xff => format!("\\x{code:02X}"),
                    0x100..=0xffff => format!("\\u{code:04X}"),
                    _ => format!("\\U{code:08X}"),
                };
                long.chars().for_each(|c| self.put(c));
                return;
            }
        };
        self.put('\\');
        self.put(short);
    }

    fn literal(&mut self, text: &str) {
        self.indicator("|", true, false, false);
        if text.starts_with([' ', '\n']) {
            self.indicator(&self.step.to_string(), false, false, false);
        }
        let mut backwards = text.chars().rev();
        let ends_in_break = backwards.next() == Some('\n');
        if !ends_in_break {
            self.indicator("-", false, false, false);
        } else if backwards.next().is_none_or(|c| c == '\n') {
            self.indicator("+", false, false, false);
        }
        self.put('\n');
        self.only_indentation = true;
        self.after_space = true;
        let mut after_break = true;
        for c in text.chars() {
            if c == '\n' {
                self.put(c);
                self.only_indentation = true;
                after_break = true;
                continue;
            }
            if after_break {
                self.line_start();
            }
            self.put(c);
            self.only_indentation = false;
            after_break = false;
        }
    }

    /// Goes to the indentation of the enclosing collection, on a new line unless already there.
    fn line_start(&mut self) {
        let indent = self.indent.unwrap_or(0);
        if !self.only_indentation
            || self.column > indent
            || (self.column == indent && !self.after_space)
        {
            self.put('\n');
        }
        while self.column < indent {
            self.put(' ');
        }
        self.after_space = true;
        self.only_indentation = true;
    }

    fn indicator(&mut self, text: &str, needs_space: bool, is_space: bool, is_indentation: bool) {
        if needs_space && !self.after_space {
            self.put(' ');
        }
        text.chars().for_each(|c| self.put(c));
        self.after_space = is_space;
        self.only_indentation = self.only_indentation && is_indentation;
    }

    fn put(&mut self, c: char) {
        self.out.push(c);
        self.column = if c == '\n' { 0 } else { self.column + 1 };
    }
}

fn number_text(number: &Number) -> String {
    if let Some(value) = number.as_i64() {
        value.to_string()
    } else if let Some(value) = number.as_u64() {
        value.to_string()
    } else {
        decimal::general(number.as_f64().unwrap_or(f64::NAN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn writes_a_sealed_secret() {
        let value = json!({
            "kind": "SealedSecret", "apiVersion": "bitnami.com/v1alpha1",
            "metadata": {"name": "db", "annotations": {"sealedsecrets.bitnami.com/cluster-wide": "true"}},
            "spec": {"encryptedData": {"a10": "AgB=", "a2": "x\ny\n", "n": ""}, "template": {"list": ["a", {"b": 1, "c": []}], "e": {}}},
        });
        let expected = "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata:\n  annotations:\n    sealedsecrets.bitnami.com/cluster-wide: \"true\"\n  name: db\nspec:\n  encryptedData:\n    a2: |\n      x\n      y\n    a10: AgB=\n    \"n\": \"\"\n  template:\n    e: {}\n    list:\n    - a\n    - b: 1\n      c: []\n";
        assert_eq!(write_yaml(&value), expected);
    }
}
