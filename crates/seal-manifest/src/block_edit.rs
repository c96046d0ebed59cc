//! Edits of committed SealedSecrets: the lines of the touched entries change, all other bytes stay.

use crate::changes::Changes;
use crate::edit_error::{Block, EditError};
use crate::node::{Node, NodeKind};
use crate::plan::Plan;
use crate::rewrite::Target;
use serde_json::Value;

/// One change of the two blocks `spec.encryptedData` and `spec.dataKeys`.
#[derive(Clone, PartialEq, Eq)]
pub enum BlockEdit {
    /// Gives an item a sealed value; a new item goes to its sorted place, its comment line too.
    SetItem {
        /// Key in `encryptedData`.
        item: String,
        /// Sealed value, one word.
        value: String,
    },
    /// Removes an item and its comment line. The item must be there.
    RemoveItem {
        /// Key in `encryptedData`.
        item: String,
    },
    /// Replaces an entry of `dataKeys` where it stands, or adds one.
    SetDataKey {
        /// Key in `dataKeys`.
        id: String,
        /// The smallest item that uses it: a new entry goes directly under its comment line. It
        /// must be in `encryptedData` after all edits.
        item: String,
        /// The whole entry, a mapping.
        entry: Value,
    },
    /// Removes an entry of `dataKeys`; with the last one the block. The entry must be there.
    RemoveDataKey {
        /// Key in `dataKeys`.
        id: String,
    },
}

/// Applies edits, one after the other, to a document of `text` (`document` as
/// [`Document::index`](crate::Document::index)). Lines of entries that change are replaced, all other bytes stay; in JSON
/// and in braces the values and members themselves, in the notation around them. Afterwards the text is
/// read again: unless exactly the intended paths changed, nothing is returned.
///
/// # Errors
/// [`EditError`]; the text is then not changed at all.
pub fn edit(text: &str, document: usize, edits: &[BlockEdit]) -> Result<String, EditError> {
    let target = Target::find(text, document)?;
    let before = target.before();
    check_blocks(before, document)?;
    let changes = Changes::of(before, (document, target.usual_order()), edits)?;
    if changes.is_empty() {
        return Ok(text.to_owned());
    }
    let after = changes.apply(before);
    target.rewrite(&after, |lines, root, before| {
        let plan = Plan {
            lines,
            document,
            changes: &changes,
            before,
            after: &after,
        };
        plan.splices(root)
    })
}

fn check_blocks(root: &Node, document: usize) -> Result<(), EditError> {
    let line = root.line();
    let spec = root
        .get("spec")
        .ok_or(EditError::NoSpec { document, line })?;
    let blocks = [Block::EncryptedData, Block::DataKeys];
    let blocks = blocks.map(|block| (block, spec.get(block.key())));
    for (block, node) in [(Block::Spec, Some(spec))].into_iter().chain(blocks) {
        let Some(node) = node else { continue };
        if !matches!(node.kind(), NodeKind::Mapping | NodeKind::Null) {
            return Err(EditError::NotAMapping {
                document,
                line: node.line(),
                block,
            });
        }
    }
    Ok(())
}
