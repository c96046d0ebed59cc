//! How a mapping in braces is written, by what it and its surroundings look like.

use crate::flow_mapping::{BLANKS, FlowMapping, Member, indentation};
use crate::json_writer::write_json;
use crate::lines::Lines;
use crate::node::{Content, Node};
use crate::outline::Site;
use crate::yaml_writer::write_inline;
use serde_json::Value;

/// How new members of a mapping are written.
#[derive(Clone)]
pub(crate) struct Notation<'t> {
    is_json: bool,
    line_break: &'t str,
    keys: Quote,
    values: Quote,
    /// Between key and value.
    colon: &'t str,
    /// Behind a comma on a line.
    gap: &'t str,
    /// Inside of braces on one line.
    pad: &'t str,
    /// How much further in are the lines of what is in a collection.
    unit: &'t str,
    /// White space before the line on which the mapping begins.
    pub(crate) indent: &'t str,
    /// Members stand on lines of their own.
    pub(crate) is_spread: bool,
}

/// What is around a text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quote {
    Plain,
    Single,
    Double,
}

impl Quote {
    /// Of what begins at this byte.
    pub(crate) fn at(text: &str, at: usize) -> Self {
        match text.as_bytes().get(at) {
            Some(b'"') => Self::Double,
            Some(b'\'') => Self::Single,
            _ => Self::Plain,
        }
    }
}

impl<'t> Notation<'t> {
    /// Where nothing is known yet.
    pub(crate) fn new(is_json: bool, line_break: &'t str) -> Self {
        let quote = if is_json { Quote::Double } else { Quote::Plain };
        Self {
            is_json,
            line_break,
            keys: quote,
            values: quote,
            colon: ": ",
            gap: " ",
            pad: "",
            unit: "  ",
            indent: "",
            is_spread: false,
        }
    }

    /// That of a mapping; what it does not show is as in the one around it.
    pub(crate) fn of(&self, lines: Lines<'t>, site: &Site, mapping: &FlowMapping<'_>) -> Self {
        let mut own = self.clone();
        let line = lines.before(site.start);
        own.indent = &line[..line.len() - line.trim_start_matches(BLANKS).len()];
        let members = &mapping.members;
        let Some(first) = members.first() else {
            return own;
        };
        let on_lines = members.iter().find_map(|m| indentation(lines, m.entry));
        own.is_spread = on_lines.is_some();
        if let Some(unit) = on_lines.and_then(|indent| indent.strip_prefix(own.indent)) {
            own.unit = unit;
        }
        if let Some(colon) = colon_of(lines, first) {
            own.colon = colon;
            // Go writes neither of the two, Python both.
            own.gap = if colon.ends_with(' ') { " " } else { "" };
        }
        let mut gaps = members.windows(2).filter_map(|pair| {
            let gap = lines.text.get(pair[0].comma? + 1..pair[1].entry.start)?;
            gap.trim_matches(BLANKS).is_empty().then_some(gap)
        });
        own.gap = gaps.next_back().unwrap_or(own.gap);
        let padded = |start: usize| lines.text.get(start..).is_some_and(|t| t.starts_with(' '));
        if !own.is_spread {
            own.pad = if padded(mapping.inside.start) {
                " "
            } else {
                ""
            };
        }
        if !self.is_json {
            own.keys = Quote::at(lines.text, first.entry.start);
            let is_text = |m: &&Member<'_>| m.entry.value.start < m.end && m.entry.value.is_text();
            if let Some(text) = members.iter().find(is_text) {
                own.values = Quote::at(lines.text, text.entry.value.start);
            } else if own.keys == Quote::Double {
                own.values = Quote::Double;
            }
        }
        own
    }

    /// A key and its value, as a member of the mapping. `indent` is that of the member's line.
    pub(crate) fn member(&self, key: &str, value: &Node, indent: &str, is_spread: bool) -> String {
        let mut out = String::new();
        self.entry(key, value, (indent, is_spread), &mut out);
        out
    }

    /// A value in the place of another. `indent` is that of the line on which it begins.
    pub(crate) fn value(&self, value: &Node, indent: &str, is_spread: bool) -> String {
        let mut out = String::new();
        self.node(value, (indent, is_spread), &mut out);
        out
    }

    /// The same notation with other quotes around texts.
    pub(crate) fn with_quote(&self, quote: Quote) -> Self {
        let mut own = self.clone();
        own.values = if self.is_json { Quote::Double } else { quote };
        own
    }

    /// A line break and this much white space.
    pub(crate) fn line(&self, indent: &str) -> String {
        [self.line_break, indent].concat()
    }

    /// Behind a comma on a line.
    pub(crate) fn gap(&self) -> &'t str {
        self.gap
    }

    /// The white space before members that have a line for themselves.
    pub(crate) fn inner(&self, indent: &str) -> String {
        [indent, self.unit].concat()
    }

    /// What stands in braces that were empty.
    pub(crate) fn filled(&self, members: &[(&str, &Node)]) -> String {
        let mut out = String::new();
        let place = (self.indent, self.is_spread);
        self.collection(
            members.len(),
            place,
            self.pad,
            &mut out,
            |nth, place, out| {
                let (key, value) = members[nth];
                self.entry(key, value, place, out);
            },
        );
        out
    }

    fn entry(&self, key: &str, value: &Node, place: (&str, bool), out: &mut String) {
        let key = quoted(key, self.keys);
        // A plain key goes on to the next colon with white space behind it.
        let is_plain = !key.ends_with(['"', '\'']);
        out.push_str(&key);
        out.push_str(self.colon);
        if is_plain && !self.colon.ends_with(BLANKS) {
            out.push(' ');
        }
        self.node(value, place, out);
    }

    fn node(&self, node: &Node, place: (&str, bool), out: &mut String) {
        match &node.content {
            Content::Text(text) => out.push_str(&quoted(text, self.values)),
            Content::Sequence(items) => {
                out.push('[');
                self.collection(items.len(), place, "", out, |nth, place, out| {
                    self.node(&items[nth], place, out);
                });
                out.push(']');
            }
            Content::Mapping(entries) => {
                out.push('{');
                self.collection(entries.len(), place, self.pad, out, |nth, place, out| {
                    let entry = &entries[nth];
                    self.entry(&entry.key, &entry.value, place, out);
                });
                out.push('}');
            }
            // Words and numbers are the same in both.
            _ => out.push_str(&json(&node.to_json())),
        }
    }

    fn collection(
        &self,
        count: usize,
        (indent, is_spread): (&str, bool),
        pad: &str,
        out: &mut String,
        mut write: impl FnMut(usize, (&str, bool), &mut String),
    ) {
        if count == 0 {
            return;
        }
        let inner = self.inner(indent);
        for nth in 0..count {
            match (nth, is_spread) {
                (0, false) => out.push_str(pad),
                (_, false) => out.push_str(&[",", self.gap].concat()),
                (0, true) => out.push_str(&self.line(&inner)),
                (_, true) => out.push_str(&[",", &self.line(&inner)].concat()),
            }
            write(nth, (&inner, is_spread), out);
        }
        if is_spread {
            out.push_str(&self.line(indent));
        } else {
            out.push_str(pad);
        }
    }
}

fn quoted(text: &str, quote: Quote) -> String {
    let is_simple = |b: u8| b == b' ' || (b.is_ascii_graphic() && b != b'\'');
    match quote {
        Quote::Plain if is_bare(text) => text.to_owned(),
        Quote::Single if text.bytes().all(is_simple) => format!("'{text}'"),
        _ => json(&Value::from(text)),
    }
}

/// As Go writes it.
fn json(value: &Value) -> String {
    let text = write_json(value);
    text.map_or_else(|_| value.to_string(), |text| text.trim_end().to_owned())
}

/// Words that need no quotes in braces.
fn is_bare(text: &str) -> bool {
    let is_word =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'.' | b'_' | b'-');
    text.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/'))
        && text.bytes().all(is_word)
        && write_inline(text) == text
}

/// The colon of a member with the white space around it, if the value is on the same line.
fn colon_of<'t>(lines: Lines<'t>, member: &Member<'_>) -> Option<&'t str> {
    let start = member.entry.value.start;
    if start == member.entry.value.end {
        return None;
    }
    let colon = lines.text.get(member.entry.key_end..start)?;
    [": ", ":", " : "].into_iter().find(|form| *form == colon)
}
