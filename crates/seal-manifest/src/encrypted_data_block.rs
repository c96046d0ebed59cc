//! Edits of `spec.encryptedData`: a line per item.

use crate::edit_error::{Block, Construct, EditError};
use crate::item_order::place_of;
use crate::outline::EntrySite;
use crate::pieces::PieceName;
use crate::plan::{OpenBlock, Plan, Spec};
use crate::sealed_layout::Place;
use crate::splice::Splices;
use crate::trace::Shape;
use crate::yaml_writer::{write_entry, write_inline};
use granit_parser::ScalarStyle;
use serde_json::Value;
use std::ops::Range;

const BLOCK: Block = Block::EncryptedData;

/// Adds the replacements in the block.
pub(crate) fn plan(
    plan: &Plan<'_>,
    spec: Spec<'_>,
    splices: &mut Splices,
) -> Result<(), EditError> {
    if plan.changes.items.is_empty() {
        return Ok(());
    }
    let found = plan.find_block(spec, BLOCK)?;
    if let Some(entry) = found.filter(|entry| plan.is_in_braces(entry)) {
        return plan.edit_in_braces(&entry.value, BLOCK, splices);
    }
    let mut open = plan.open(spec, BLOCK, splices)?;
    match found {
        Some(block) if !open.is_fresh => change(plan, &block.value.entries, &mut open)?,
        _ => {
            for (item, value) in plan.block_after(BLOCK) {
                let lines = line(plan, item, &value.to_json(), &open);
                open.pieces.push(PieceName::Entry(item.to_owned()), lines);
            }
        }
    }
    open.pieces.into_splices(splices);
    Ok(())
}

fn change(plan: &Plan<'_>, entries: &[EntrySite], open: &mut OpenBlock) -> Result<(), EditError> {
    for entry in entries {
        let name = PieceName::Entry(entry.key.clone());
        open.pieces.found(name, plan.lines.of_entry(entry));
    }
    for (place, entry) in entries.iter().enumerate() {
        match plan.changes.items.get(entry.key.as_str()) {
            Some(None) => open.pieces.rewrite(place, String::new()),
            Some(Some(value)) => {
                let (range, text) = new_value(plan, entry, value)?;
                open.pieces.replace(place, range, text);
            }
            None => {}
        }
    }
    let before = plan.items_before();
    let new = plan.changes.items.iter();
    for (item, value) in new.filter(|(item, _)| !before.contains(*item)) {
        let Some(value) = value else { continue };
        let place = place_of(item, open.pieces.entries(), plan.changes.order);
        let line = line(plan, item, &Value::from(*value), open);
        let name = PieceName::Entry((*item).to_owned());
        open.pieces.insert(place, name, line);
    }
    Ok(())
}

fn line(plan: &Plan<'_>, item: &str, value: &Value, open: &OpenBlock) -> String {
    let place = (Place::Anywhere, None);
    let lines = write_entry((item, value), open.column, open.step, place);
    plan.lines.adopt(&lines)
}

/// The new value in the place of the old one. Comments behind a value on one line stay, and so do
/// its quotes.
fn new_value(
    plan: &Plan<'_>,
    entry: &EntrySite,
    value: &str,
) -> Result<(Range<usize>, String), EditError> {
    let site = &entry.value;
    let colon = plan.behind_colon(BLOCK, entry)?;
    let Shape::Scalar(style) = site.shape else {
        plan.refuse(BLOCK, Some((Construct::NotText, site.line)))?;
        return Err(plan.unsafe_layout());
    };
    let is_missing = site.start == site.end;
    if is_missing || site.is_block_scalar() {
        let end = if is_missing {
            colon
        } else {
            site.end.max(colon)
        };
        return Ok((colon..end, format!(" {}", write_inline(value))));
    }
    let needs_no_escape = !value.contains(['"', '\'', '\\']);
    let text = match style {
        ScalarStyle::SingleQuoted if needs_no_escape => format!("'{value}'"),
        ScalarStyle::DoubleQuoted if needs_no_escape => format!("\"{value}\""),
        _ => write_inline(value),
    };
    Ok((site.start..site.end, text))
}
