//! What a list of edits comes to, and the document that it should leave behind.

use crate::block_edit::BlockEdit;
use crate::edit_error::EditError;
use crate::item_order::{ItemOrder, place_of};
use crate::node::{Content, Entry, Node};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use zeroize::Zeroizing;

/// Bytes of the longest key of a Secret (Kubernetes validates it as a DNS-1123 subdomain).
const LONGEST_ITEM: usize = 253;

/// The sum of a list of edits on one document.
pub(crate) struct Changes<'e> {
    document: usize,
    /// The new value, or removal.
    pub(crate) items: BTreeMap<&'e str, Option<&'e str>>,
    /// The new entry with its first item, or removal.
    pub(crate) data_keys: BTreeMap<&'e str, Option<NewDataKey<'e>>>,
    /// Items of the document after the edits, in the order in which they should stand.
    pub(crate) items_after: Vec<String>,
    pub(crate) order: ItemOrder,
    /// Nothing is left in `dataKeys`, so the block goes too.
    pub(crate) drops_data_keys: bool,
}

/// An entry of `dataKeys` that is to be written.
#[derive(Clone, Copy)]
pub(crate) struct NewDataKey<'e> {
    pub(crate) first_item: &'e str,
    pub(crate) entry: &'e Value,
}

impl<'e> Changes<'e> {
    /// Adds up `edits` in their order. `usual` is how items of a new file would stand.
    pub(crate) fn of(
        root: &Node,
        (document, usual): (usize, ItemOrder),
        edits: &'e [BlockEdit],
    ) -> Result<Self, EditError> {
        let spec = root.get("spec");
        let items: Vec<&str> = keys(spec.and_then(|spec| spec.get("encryptedData")));
        let ids: Vec<&str> = keys(spec.and_then(|spec| spec.get("dataKeys")));
        let mut changes = Self {
            document,
            items: BTreeMap::new(),
            data_keys: BTreeMap::new(),
            items_after: Vec::new(),
            order: ItemOrder::of(&items, usual),
            drops_data_keys: false,
        };
        changes.add(edits, &items, &ids)?;
        changes.drop_what_changes_nothing(spec);
        changes.order_items(&items);
        changes.require_first_items(&ids)?;
        let mut ids_after = ids.iter().filter(|id| changes.keeps_data_key(id));
        changes.drops_data_keys = !ids.is_empty()
            && ids_after.next().is_none()
            && changes.data_keys.values().all(Option::is_none)
            && spec.is_some_and(|spec| spec.entries().count() > 1);
        Ok(changes)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty() && self.data_keys.is_empty()
    }

    /// Whether an item that is there stays, with its value or another.
    pub(crate) fn keeps_item(&self, item: &str) -> bool {
        !matches!(self.items.get(item), Some(None))
    }

    /// Whether a data key that is there stays, changed or not.
    pub(crate) fn keeps_data_key(&self, id: &str) -> bool {
        !matches!(self.data_keys.get(id), Some(None))
    }

    fn add(
        &mut self,
        edits: &'e [BlockEdit],
        items: &[&str],
        ids: &[&str],
    ) -> Result<(), EditError> {
        let items: BTreeSet<&str> = items.iter().copied().collect();
        let ids: BTreeSet<&str> = ids.iter().copied().collect();
        for edit in edits {
            match edit {
                BlockEdit::SetItem { item, value } => {
                    check_item(item)?;
                    check_value(item, value)?;
                    self.items.insert(item, Some(value));
                }
                BlockEdit::RemoveItem { item } => {
                    let known = items.contains(item.as_str());
                    if !remove(&mut self.items, item, known) {
                        return Err(self.no_such_item(item));
                    }
                }
                BlockEdit::SetDataKey { id, item, entry } => {
                    check_id(id)?;
                    check_item(item)?;
                    if !entry.is_object() {
                        return Err(EditError::DataKey { id: id.clone() });
                    }
                    let first_item = item;
                    self.data_keys
                        .insert(id, Some(NewDataKey { first_item, entry }));
                }
                BlockEdit::RemoveDataKey { id } => {
                    if !remove(&mut self.data_keys, id, ids.contains(id.as_str())) {
                        return Err(EditError::NoSuchDataKey {
                            document: self.document,
                            id: beginning(id),
                        });
                    }
                }
            }
        }
        Ok(())
    }

    /// What is set to what it is already keeps its notation.
    fn drop_what_changes_nothing(&mut self, spec: Option<&Node>) {
        let Some(spec) = spec else { return };
        if let Some(block) = spec.get("encryptedData") {
            for (item, node) in block.entries() {
                let text = node.as_str();
                if text.is_some() && self.items.get(item).is_some_and(|value| *value == text) {
                    self.items.remove(item);
                }
            }
        }
        if let Some(block) = spec.get("dataKeys") {
            for (id, node) in block.entries() {
                let new = self.data_keys.get(id).copied().flatten();
                if new.is_some_and(|new| *new.entry == node.to_json()) {
                    self.data_keys.remove(id);
                }
            }
        }
    }

    fn order_items(&mut self, items: &[&str]) {
        let old: BTreeSet<&str> = items.iter().copied().collect();
        let kept = items.iter().filter(|item| self.keeps_item(item));
        let mut after: Vec<String> = kept.map(|item| (*item).to_owned()).collect();
        for (item, value) in &self.items {
            if value.is_some() && !old.contains(item) {
                let place = place_of(item, after.iter().map(String::as_str), self.order);
                after.insert(place, (*item).to_owned());
            }
        }
        self.items_after = after;
    }

    /// A new data key stands under an item, so the item must be there.
    fn require_first_items(&self, ids: &[&str]) -> Result<(), EditError> {
        for (id, new) in &self.data_keys {
            let Some(new) = new else { continue };
            let is_there = || self.items_after.iter().any(|item| item == new.first_item);
            if !ids.contains(id) && !is_there() {
                return Err(self.no_such_item(new.first_item));
            }
        }
        Ok(())
    }

    fn no_such_item(&self, item: &str) -> EditError {
        EditError::NoSuchItem {
            document: self.document,
            item: beginning(item),
        }
    }

    /// The document as it should read after the edits.
    pub(crate) fn apply(&self, root: &Node) -> Node {
        let mut after = root.duplicate();
        change_field(&mut after, "spec", |spec| {
            if self.drops_data_keys {
                change_entries(spec, |entries| {
                    entries.retain(|entry| entry.key != "dataKeys");
                });
            } else if !self.data_keys.is_empty() {
                change_field(spec, "dataKeys", |block| {
                    change_entries(block, |entries| self.apply_to_data_keys(entries));
                });
            }
            if !self.items.is_empty() {
                change_field(spec, "encryptedData", |block| {
                    change_entries(block, |entries| self.apply_to_items(entries));
                });
            }
        });
        after
    }

    fn apply_to_items(&self, block: &mut Vec<Entry>) {
        block.retain(|entry| self.keeps_item(&entry.key));
        let mut new: BTreeMap<&str, &str> = self
            .items
            .iter()
            .filter_map(|(item, value)| value.map(|value| (*item, value)))
            .collect();
        for entry in &mut *block {
            if let Some(value) = new.remove(entry.key.as_str()) {
                entry.value.content = Content::Text(Zeroizing::new(value.to_owned()));
            }
        }
        for (item, value) in new {
            let place = place_of(item, block.iter().map(|entry| &*entry.key), self.order);
            let content = Content::Text(Zeroizing::new(value.to_owned()));
            block.insert(place, new_entry(item, Node::new(0, content)));
        }
    }

    fn apply_to_data_keys(&self, block: &mut Vec<Entry>) {
        block.retain(|entry| self.keeps_data_key(&entry.key));
        for (id, new) in &self.data_keys {
            let Some(new) = new else { continue };
            let value = Node::of_json(new.entry);
            match block.iter_mut().find(|entry| entry.key == *id) {
                Some(entry) => entry.value = value,
                None => block.push(new_entry(id, value)),
            }
        }
    }
}

fn keys(block: Option<&Node>) -> Vec<&str> {
    block
        .map(|block| block.entries().map(|(key, _)| key).collect())
        .unwrap_or_default()
}

/// Whether there was something to remove.
fn remove<'e, T>(changes: &mut BTreeMap<&'e str, Option<T>>, name: &'e str, known: bool) -> bool {
    let is_there = changes.get(name).map_or(known, Option::is_some);
    if known {
        changes.insert(name, None);
    } else {
        changes.remove(name);
    }
    is_there
}

fn check_item(item: &str) -> Result<(), EditError> {
    if is_item(item) {
        return Ok(());
    }
    Err(EditError::ItemName {
        item: beginning(item),
    })
}

/// What Kubernetes takes as a key of a Secret; it always fits in a comment.
pub(crate) fn is_item(item: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    !item.is_empty() && item.len() <= LONGEST_ITEM && item.bytes().all(plain)
}

fn check_id(id: &str) -> Result<(), EditError> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    if !id.is_empty() && id.len() <= LONGEST_ITEM && id.bytes().all(plain) {
        return Ok(());
    }
    Err(EditError::DataKeyId { id: beginning(id) })
}

fn check_value(item: &str, value: &str) -> Result<(), EditError> {
    if value.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(());
    }
    Err(EditError::Value {
        item: item.to_owned(),
    })
}

fn beginning(name: &str) -> String {
    name.chars().take(LONGEST_ITEM).collect()
}

/// Changes the entries of a mapping; anything else becomes one.
fn change_entries(node: &mut Node, change: impl FnOnce(&mut Vec<Entry>)) {
    let content = std::mem::replace(&mut node.content, Content::Null);
    let mut entries = match content {
        Content::Mapping(entries) => entries,
        _ => Vec::new(),
    };
    change(&mut entries);
    node.content = Content::Mapping(entries);
}

/// Changes the value of a key. A new `dataKeys` stands before `encryptedData`, other new keys last.
fn change_field(node: &mut Node, key: &str, change: impl FnOnce(&mut Node)) {
    change_entries(node, |entries| {
        let at = place_of_key(entries, key).unwrap_or_else(|| {
            let neighbour = if key == "dataKeys" {
                place_of_key(entries, "encryptedData")
            } else {
                None
            };
            let at = neighbour.unwrap_or(entries.len());
            entries.insert(at, new_entry(key, Node::new(0, Content::Null)));
            at
        });
        change(&mut entries[at].value);
    });
}

fn place_of_key(entries: &[Entry], key: &str) -> Option<usize> {
    entries.iter().position(|entry| entry.key == key)
}

fn new_entry(key: &str, value: Node) -> Entry {
    Entry {
        key: key.to_owned(),
        key_line: value.line,
        key_coerced: false,
        value,
        merged: false,
    }
}
