//! Edits of mappings of text that stand in `spec.template`: labels and annotations.

use crate::edit_error::{Block, Construct, EditError};
use crate::flow_edit;
use crate::flow_mapping::is_filled;
use crate::item_order::{ItemOrder, place_of};
use crate::lines::Lines;
use crate::node::{Content, Entry, Node, NodeKind};
use crate::outline::{EntrySite, Site};
use crate::rewrite::Target;
use crate::sealed_layout::Place;
use crate::splice::Splices;
use crate::yaml_writer::write_entry;
use serde_json::Value;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

const BLOCK: Block = Block::Template;
/// Columns from a key to the keys under it, where the file does not show how many.
const STEP: usize = 2;

/// Keys of one mapping and the texts they shall have. Other keys stay.
pub struct TextEdit<'e> {
    /// Where the mapping stands: keys from `spec` on, without it. What is missing is made.
    pub path: &'e [&'e str],
    /// The texts.
    pub texts: &'e BTreeMap<String, String>,
}

/// Applies edits, one after the other, to a document of `text` (`document` as
/// [`Document::index`](crate::Document::index)), as carefully as [`edit`](crate::edit) does.
///
/// # Errors
/// [`EditError`]; the text is then not changed at all.
pub fn set_texts(text: &str, document: usize, edits: &[TextEdit<'_>]) -> Result<String, EditError> {
    let mut text = text.to_owned();
    for edit in edits {
        text = set(&text, document, edit)?;
    }
    Ok(text)
}

fn set(text: &str, document: usize, edit: &TextEdit<'_>) -> Result<String, EditError> {
    let target = Target::find(text, document)?;
    let before = target.before();
    check(before, document, edit.path)?;
    let present = at(before, edit.path);
    let is_so = |key: &str, value: &str| {
        let present = present.and_then(|texts| texts.get(key));
        present.and_then(Node::as_str) == Some(value)
    };
    let texts: BTreeMap<&str, &str> = edit
        .texts
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .filter(|(key, value)| !is_so(key, value))
        .collect();
    if texts.is_empty() {
        return Ok(text.to_owned());
    }
    let mut after = before.duplicate();
    let path: Vec<&str> = ["spec"].iter().chain(edit.path).copied().collect();
    apply(&mut after, &path, &texts, target.usual_order());
    target.rewrite(&after, |lines, root, before| {
        let mut plan = Plan {
            lines,
            document,
            texts: &texts,
            splices: Splices::default(),
        };
        plan.root(root, &path, (before, &after))?;
        Ok(plan.splices)
    })
}

/// The mapping at the path, from `spec` on.
fn at<'n>(root: &'n Node, path: &[&str]) -> Option<&'n Node> {
    let mut keys = path.iter();
    keys.try_fold(root.get("spec")?, |node, key| node.get(key))
}

/// Everything on the way must be keys and values, or nothing.
fn check(root: &Node, document: usize, path: &[&str]) -> Result<(), EditError> {
    let line = root.line();
    let no_spec = EditError::NoSpec { document, line };
    let mut node = root.get("spec").ok_or(no_spec)?;
    let mut block = Block::Spec;
    for key in path.iter().map(Some).chain([None]) {
        if !matches!(node.kind(), NodeKind::Mapping | NodeKind::Null) {
            return Err(EditError::NotAMapping {
                document,
                line: node.line(),
                block,
            });
        }
        block = BLOCK;
        match key.and_then(|key| node.get(key)) {
            Some(next) => node = next,
            None => break,
        }
    }
    Ok(())
}

/// The document as it should read after the edit.
fn apply(node: &mut Node, path: &[&str], texts: &BTreeMap<&str, &str>, usual: ItemOrder) {
    let content = std::mem::replace(&mut node.content, Content::Null);
    let mut entries = match content {
        Content::Mapping(entries) => entries,
        _ => Vec::new(),
    };
    if let Some((key, path)) = path.split_first() {
        let at = entries.iter().position(|entry| entry.key == *key);
        let at = at.unwrap_or_else(|| {
            entries.push(entry(key, Content::Null));
            entries.len() - 1
        });
        apply(&mut entries[at].value, path, texts, usual);
    } else {
        let keys: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
        let order = ItemOrder::of(&keys, usual);
        for (key, value) in texts {
            let content = Content::Text(Zeroizing::new((*value).to_owned()));
            if let Some(entry) = entries.iter_mut().find(|entry| entry.key == *key) {
                entry.value.content = content;
                continue;
            }
            let keys = entries.iter().map(|entry| entry.key.as_str());
            let place = place_of(key, keys, order);
            entries.insert(place, entry(key, content));
        }
    }
    node.content = Content::Mapping(entries);
}

fn entry(key: &str, content: Content) -> Entry {
    Entry {
        key: key.to_owned(),
        key_line: 0,
        key_coerced: false,
        value: Node::new(0, content),
        merged: false,
    }
}

struct Plan<'p> {
    lines: Lines<'p>,
    document: usize,
    texts: &'p BTreeMap<&'p str, &'p str>,
    splices: Splices,
}

/// A mapping written as a block.
struct Mapping<'s> {
    site: &'s Site,
    /// Where its first line begins.
    head: usize,
    /// Of its keys.
    column: usize,
    /// Columns from a key to the keys under it.
    step: usize,
}

impl Plan<'_> {
    fn root(
        &mut self,
        root: &Site,
        path: &[&str],
        (before, after): (&Node, &Node),
    ) -> Result<(), EditError> {
        if root.is_flow_mapping() {
            self.refuse(root.construct())?;
            return self.edit_in_braces(root, (before, after));
        }
        self.refuse(root.own_construct())?;
        let mapping = Mapping {
            site: root,
            head: self.lines.start_of(root.start),
            column: root.entries.first().map_or(0, |first| first.column),
            step: STEP,
        };
        self.descend(&mapping, path, (before, after))
    }

    /// `before` and `after` are the mapping as it was and as it shall be.
    fn descend(
        &mut self,
        mapping: &Mapping<'_>,
        path: &[&str],
        (before, after): (&Node, &Node),
    ) -> Result<(), EditError> {
        let Some((key, path)) = path.split_first() else {
            return self.texts(mapping, before);
        };
        let wanted = after.get(key).ok_or_else(|| self.unsafe_layout())?;
        let Some(entry) = self.find(mapping, key, before)? else {
            return self.insert(mapping, &[(key, wanted.to_json())]);
        };
        self.refuse(entry.value.own_construct())?;
        let present = before.get(key).ok_or_else(|| self.unsafe_layout())?;
        if is_filled(self.lines, &entry.value) {
            self.refuse(entry.construct())?;
            return self.edit_in_braces(&entry.value, (present, wanted));
        }
        if !entry.value.is_block_mapping() {
            return self.write_out(mapping, entry, wanted);
        }
        let first = entry.value.entries.first();
        let column = first.map_or(entry.column + mapping.step, |first| first.column);
        let inner = Mapping {
            site: &entry.value,
            head: self.lines.end_of(entry.key_end),
            column,
            step: column.saturating_sub(entry.column).max(1),
        };
        self.descend(&inner, path, (present, wanted))
    }

    /// Changes what is written in braces where it stands.
    fn edit_in_braces(
        &mut self,
        site: &Site,
        (before, after): (&Node, &Node),
    ) -> Result<(), EditError> {
        let planned = flow_edit::plan(
            self.lines,
            (site, false),
            (before, after),
            &mut self.splices,
        );
        planned.ok_or_else(|| self.unsafe_layout())
    }

    /// A key that stands in the text, alone on its line.
    fn find<'s>(
        &self,
        mapping: &Mapping<'s>,
        key: &str,
        before: &Node,
    ) -> Result<Option<&'s EntrySite>, EditError> {
        let Some(entry) = mapping.site.entry(key) else {
            // What the reader found and the text does not show came through a merge key.
            let is_merged = before.get(key).is_some();
            let merge = is_merged.then_some((Construct::MergeKey, mapping.site.line));
            self.refuse(merge)?;
            return Ok(None);
        };
        self.refuse(entry.key_construct())?;
        match self.lines.before(entry.start).trim_start_matches(' ') {
            "" => Ok(Some(entry)),
            before => {
                let is_complex = before.starts_with('?');
                let construct = if is_complex {
                    Construct::ComplexKey
                } else {
                    Construct::SharedLine
                };
                self.refuse(Some((construct, entry.line)))?;
                Ok(None)
            }
        }
    }

    /// The value in braces or empty becomes a block.
    fn write_out(
        &mut self,
        mapping: &Mapping<'_>,
        entry: &EntrySite,
        wanted: &Node,
    ) -> Result<(), EditError> {
        self.refuse(entry.construct())?;
        let colon = self.lines.behind_colon(entry);
        let colon = colon.ok_or_else(|| self.refusal(Construct::ComplexKey, entry.line))?;
        let text = self.entry(mapping, &entry.key, &wanted.to_json());
        let (_, lines) = text.split_once('\n').ok_or_else(|| self.unsafe_layout())?;
        let at = self.lines.end_of(entry.end());
        let end = entry.value.end.max(colon);
        self.splices.replace(colon..end, String::new());
        self.splices.replace(at..at, lines.to_owned());
        Ok(())
    }

    /// New keys, each in its sorted place.
    fn insert(
        &mut self,
        mapping: &Mapping<'_>,
        entries: &[(&str, Value)],
    ) -> Result<(), EditError> {
        self.refuse_shared_line(mapping)?;
        let present = &mapping.site.entries;
        let keys: Vec<&str> = present.iter().map(|entry| entry.key.as_str()).collect();
        let order = ItemOrder::of(&keys, ItemOrder::Natural);
        // In the order of the file: of several at one place the first stands first.
        let mut entries: Vec<_> = entries.iter().collect();
        entries.sort_by(|(a, _), (b, _)| order.compare(a, b));
        for (key, value) in entries {
            let place = place_of(key, keys.iter().copied(), order);
            let before = place.checked_sub(1).and_then(|last| present.get(last));
            let at = before.map_or(mapping.head, |entry| self.lines.end_of(entry.end()));
            let text = self.entry_before(at, mapping, key, value);
            self.splices.replace(at..at, text);
        }
        Ok(())
    }

    /// New lines go above the first key, which must not share its line with what is around it.
    fn refuse_shared_line(&self, mapping: &Mapping<'_>) -> Result<(), EditError> {
        let Some(first) = mapping.site.entries.first() else {
            return Ok(());
        };
        let is_alone = self.lines.before(first.start).trim_matches(' ').is_empty();
        self.refuse((!is_alone).then_some((Construct::SharedLine, first.line)))
    }

    fn texts(&mut self, mapping: &Mapping<'_>, before: &Node) -> Result<(), EditError> {
        let mut new = Vec::new();
        for (key, value) in self.texts {
            match self.find(mapping, key, before)? {
                Some(entry) => self.replace(mapping, entry, value)?,
                None => new.push((*key, Value::from(*value))),
            }
        }
        self.insert(mapping, &new)
    }

    /// A text in the place of another. A comment behind it stays.
    fn replace(
        &mut self,
        mapping: &Mapping<'_>,
        entry: &EntrySite,
        value: &str,
    ) -> Result<(), EditError> {
        self.refuse(entry.construct())?;
        let lines = self.lines.of_entry(entry);
        let behind = self.lines.text.get(entry.end()..lines.end);
        if behind.is_none_or(|behind| behind.trim().is_empty()) {
            let value = Value::from(value);
            let text = self.entry_before(lines.end, mapping, &entry.key, &value);
            self.splices.replace(lines, text);
            return Ok(());
        }
        let colon = self.lines.behind_colon(entry);
        let colon = colon.ok_or_else(|| self.refusal(Construct::ComplexKey, entry.line))?;
        // On one line, whatever is in it: what JSON calls a string YAML does, too.
        let text = Value::from(value).to_string();
        let end = entry.value.end.max(colon);
        self.splices.replace(colon..end, format!(" {text}"));
        Ok(())
    }

    /// The same where the text goes on at `at`. Blank lines there must not become part of a value that
    /// ends in some itself.
    fn entry_before(&self, at: usize, mapping: &Mapping<'_>, key: &str, value: &Value) -> String {
        let ends_blank = |text: &str| text == "\n" || text.ends_with("\n\n");
        let rest = self.lines.text.get(at..).unwrap_or_default();
        let next = rest.lines().next().unwrap_or_default();
        if !value.as_str().is_some_and(ends_blank) || !next.trim().is_empty() {
            return self.entry(mapping, key, value);
        }
        let empty = self.entry(mapping, key, &Value::from(""));
        match empty.rsplit_once("\"\"") {
            Some((key, end)) => format!("{key}{value}{end}"),
            None => empty,
        }
    }

    /// A key and its value as lines of the mapping.
    fn entry(&self, mapping: &Mapping<'_>, key: &str, value: &Value) -> String {
        let place = (Place::Anywhere, None);
        let lines = write_entry((key, value), mapping.column, mapping.step, place);
        self.lines.adopt(&lines)
    }

    fn refuse(&self, found: Option<(Construct, usize)>) -> Result<(), EditError> {
        match found {
            Some((construct, line)) => Err(self.refusal(construct, line)),
            None => Ok(()),
        }
    }

    fn refusal(&self, construct: Construct, line: usize) -> EditError {
        EditError::Refused {
            document: self.document,
            line,
            block: BLOCK,
            construct,
        }
    }

    fn unsafe_layout(&self) -> EditError {
        EditError::Unsafe {
            document: self.document,
        }
    }
}
