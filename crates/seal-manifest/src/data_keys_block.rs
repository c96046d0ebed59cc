//! Edits of `spec.dataKeys`: entries, each under the comment line of its first item.

use crate::changes::is_item;
use crate::edit_error::{Block, EditError};
use crate::item_order::place_of;
use crate::outline::EntrySite;
use crate::pieces::{PieceName, Pieces};
use crate::plan::{OpenBlock, Plan, Spec};
use crate::sealed_layout::{Place, item_comment};
use crate::splice::Splices;
use crate::yaml_writer::write_entry;
use serde_json::Value;
use std::collections::BTreeSet;

const BLOCK: Block = Block::DataKeys;

/// Adds the replacements in the block.
pub(crate) fn plan(
    plan: &Plan<'_>,
    spec: Spec<'_>,
    splices: &mut Splices,
) -> Result<(), EditError> {
    let block = DataKeys::new(plan);
    let found = plan.find_block(spec, BLOCK)?;
    let existing = found.filter(|entry| entry.value.is_block_mapping());
    if plan.changes.data_keys.is_empty() && existing.is_none() {
        // Only a block that is written as one has a place for comment lines.
        return Ok(());
    }
    if let Some(entry) = found
        && plan.changes.drops_data_keys
    {
        block.drop_all(entry, splices);
        return Ok(());
    }
    if let Some(entry) = found.filter(|entry| plan.is_in_braces(entry)) {
        return plan.edit_in_braces(&entry.value, BLOCK, splices);
    }
    let mut open = plan.open(spec, BLOCK, splices)?;
    match existing {
        Some(entry) => block.change(&entry.value.entries, &mut open),
        None => block.write_anew(found.is_some(), &mut open),
    }
    splices.keeps_last_break |= open.pieces.ends_in_new_entry(plan.lines.text.len());
    open.pieces.into_splices(splices);
    Ok(())
}

struct DataKeys<'p> {
    plan: &'p Plan<'p>,
    items_before: BTreeSet<&'p str>,
    items_after: BTreeSet<&'p str>,
}

impl<'p> DataKeys<'p> {
    fn new(plan: &'p Plan<'p>) -> Self {
        let items = plan.changes.items_after.iter().map(String::as_str);
        Self {
            plan,
            items_before: plan.items_before(),
            items_after: items.collect(),
        }
    }

    /// Takes out the key, all entries and all item lines. Other comments stay.
    fn drop_all(&self, entry: &EntrySite, splices: &mut Splices) {
        let lines = self.plan.lines;
        let key_lines = lines.start_of(entry.start)..lines.end_of(entry.key_end);
        if !entry.value.is_block_mapping() {
            splices.replace(lines.of_entry(entry), String::new());
            return;
        }
        let column = entry.value.entries.first().map_or(0, |first| first.column);
        let mut pieces = Pieces::new(key_lines.end);
        self.find(&entry.value.entries, column, &mut pieces);
        splices.replace(key_lines, String::new());
        pieces.remove_all();
        pieces.into_splices(splices);
    }

    /// Changes a block that is written as one.
    fn change(&self, entries: &[EntrySite], open: &mut OpenBlock) {
        let changes = self.plan.changes;
        self.find(entries, open.column, &mut open.pieces);
        for item in self.items_before.difference(&self.items_after) {
            let name = PieceName::ItemLine((*item).to_owned());
            open.pieces.remove(&name);
        }
        for item in self.items_after.difference(&self.items_before) {
            self.ensure_item_line(item, open);
        }
        for (id, new) in &changes.data_keys {
            let name = PieceName::Entry((*id).to_owned());
            let place = open.pieces.position(&name);
            match (place, new) {
                (_, None) => open.pieces.remove(&name),
                (Some(place), Some(new)) => {
                    let lines = self.entry_lines(id, new.entry, open);
                    open.pieces.rewrite(place, lines);
                }
                (None, Some(new)) => self.insert(id, new.entry, Some(new.first_item), open),
            }
        }
    }

    /// Writes a block with all item lines and entries.
    fn write_anew(&self, is_found: bool, open: &mut OpenBlock) {
        if is_found {
            // Comment lines that stood under an empty block.
            self.find(&[], open.column, &mut open.pieces);
        }
        for item in &self.plan.changes.items_after {
            self.ensure_item_line(item, open);
        }
        let layout = self.plan.layout();
        for (id, entry) in self.plan.block_after(BLOCK) {
            let new = self.plan.changes.data_keys.get(id).copied().flatten();
            let first_item = new.map(|new| new.first_item);
            let first_item = first_item.or_else(|| layout.first_item(id));
            self.insert(id, &entry.to_json(), first_item, open);
        }
    }

    /// Lists the entries and the item lines between and behind them.
    fn find(&self, entries: &[EntrySite], column: usize, pieces: &mut Pieces) {
        for entry in entries {
            let lines = self.plan.lines.of_entry(entry);
            self.find_item_lines(lines.start, column, pieces);
            pieces.found(PieceName::Entry(entry.key.clone()), lines);
        }
        self.find_item_lines(self.plan.lines.text.len(), column, pieces);
    }

    /// Exactly our form of line, for an item that there is or was; anything else is a remark.
    fn find_item_lines(&self, up_to: usize, column: usize, pieces: &mut Pieces) {
        let comments = self.plan.lines.comments(pieces.end());
        for comment in comments.take_while(|comment| comment.lines.end <= up_to) {
            let item = comment.text.strip_prefix("# ").filter(|item| {
                let is_known = self.items_before.contains(item) || self.items_after.contains(item);
                is_known && comment.column == column
            });
            if let Some(item) = item {
                pieces.found(PieceName::ItemLine(item.to_owned()), comment.lines);
            }
        }
    }

    /// Adds the line of an item at its sorted place among the others, behind all that stands under
    /// the one before.
    fn ensure_item_line(&self, item: &str, open: &mut OpenBlock) {
        let name = PieceName::ItemLine(item.to_owned());
        if !is_item(item) || open.pieces.position(&name).is_some() {
            return;
        }
        let lines: Vec<(usize, &str)> = open.pieces.item_lines().collect();
        let items = lines.iter().map(|(_, item)| *item);
        let following = place_of(item, items, self.plan.changes.order);
        let next = lines.get(following).map(|(place, _)| *place);
        let comment = format!("{}{}\n", " ".repeat(open.column), item_comment(item));
        let comment = self.plan.lines.adopt(&comment);
        match next {
            Some(next) if following == 0 => open.pieces.insert_before(next, name, comment),
            Some(next) => open.pieces.insert(next, name, comment),
            None => open.pieces.push(name, comment),
        }
    }

    /// Adds an entry directly under the line of its first item; without one, above all.
    fn insert(&self, id: &str, entry: &Value, first_item: Option<&str>, open: &mut OpenBlock) {
        let item_line = first_item.and_then(|item| {
            self.ensure_item_line(item, open);
            let name = PieceName::ItemLine(item.to_owned());
            open.pieces.position(&name)
        });
        let header = open.pieces.position(&PieceName::Header);
        let place = item_line.or(header).map_or(0, |above| above + 1);
        let lines = self.entry_lines(id, entry, open);
        let name = PieceName::Entry(id.to_owned());
        open.pieces.insert(place, name, lines);
    }

    fn entry_lines(&self, id: &str, entry: &Value, open: &OpenBlock) -> String {
        let lines = write_entry((id, entry), open.column, open.step, (Place::DataKey, None));
        self.plan.lines.adopt(&lines)
    }
}
