//! Edits of committed SealedSecrets: the lines of the touched entries change, all other bytes stay.

use crate::changes::Changes;
use crate::document::{self, Document, Wanted};
use crate::edit_error::{Block, EditError};
use crate::json_rewrite;
use crate::lines::{Lines, complete, line_break_at};
use crate::node::{Node, NodeKind};
use crate::outline::Site;
use crate::plan::Plan;
use crate::sameness::same;
use crate::splice::Splices;
use serde_json::Value;
use std::borrow::Cow;

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
/// [`Document::index`]). Lines of entries that change are replaced, all other bytes stay; blocks
/// in braces are written anew as blocks, documents in braces anew as JSON. Afterwards the text is
/// read again: unless exactly the intended paths changed, nothing is returned.
///
/// # Errors
/// [`EditError`]; the text is then not changed at all.
pub fn edit(text: &str, document: usize, edits: &[BlockEdit]) -> Result<String, EditError> {
    let opened = document::open(text, document)?;
    let Some(wanted) = opened.wanted else {
        return Err(EditError::NoSuchDocument {
            document,
            documents: opened.documents.len(),
        });
    };
    let Some(place) = document.checked_sub(1) else {
        return Err(EditError::Unsafe { document });
    };
    let before = opened.documents[place].root();
    check_blocks(before, document)?;
    let changes = Changes::of(before, document, edits)?;
    if changes.is_empty() {
        return Ok(text.to_owned());
    }
    let after = changes.apply(before);
    let edited = match outline(text, wanted) {
        Outlined::Json(range) => {
            let new = json_rewrite::rewrite(&after);
            let new = new.map(|json| json.replace('\n', line_break_at(text, 0)));
            let range = range.zip(new);
            range.and_then(|(range, new)| {
                let mut splices = Splices::default();
                splices.replace(range, new);
                spliced(text, splices)
            })
        }
        Outlined::Yaml(root) => {
            let line_break =
                line_break_at(text, root.entry("spec").map_or(root.start, |e| e.start));
            let complete = complete(text, line_break);
            let lines = Lines {
                text: &complete,
                line_break,
            };
            let plan = Plan {
                lines,
                document,
                changes: &changes,
                before,
                after: &after,
            };
            let splices = plan.splices(&root)?;
            let keeps_last_break = splices.keeps_last_break;
            spliced(&complete, splices).map(|edited| {
                let added = matches!(complete, Cow::Owned(_)) && !keeps_last_break;
                without_break(edited, added)
            })
        }
        Outlined::Nothing => None,
    };
    edited
        .filter(|edited| reads_as(edited, &opened.documents, place, &after))
        .ok_or(EditError::Unsafe { document })
}

/// Where the document stands, by its notation.
enum Outlined {
    Json(Option<std::ops::Range<usize>>),
    Yaml(Site),
    Nothing,
}

fn outline(text: &str, wanted: Wanted<'_>) -> Outlined {
    let Some(trace) = wanted.trace else {
        let range = json_rewrite::range(wanted.part, wanted.nth);
        return Outlined::Json(
            range.map(|range| range.start + wanted.offset..range.end + wanted.offset),
        );
    };
    Site::of(trace, wanted.nth, text, wanted.offset).map_or(Outlined::Nothing, Outlined::Yaml)
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

/// The edited text, if all bytes outside the splices are what they were.
fn spliced(text: &str, mut splices: Splices) -> Option<String> {
    let edited = splices.apply(text)?;
    splices.explain(text, &edited).then_some(edited)
}

/// Takes back the line break that completed the last line.
fn without_break(mut edited: String, added: bool) -> String {
    if added && edited.ends_with('\n') {
        edited.pop();
        if edited.ends_with('\r') {
            edited.pop();
        }
    }
    edited
}

/// Whether a reader finds the expected document in its place, and all others as they were.
fn reads_as(edited: &str, before: &[Document], place: usize, after: &Node) -> bool {
    let Ok(found) = document::read(edited.as_bytes()) else {
        return false;
    };
    let expected = before.iter().enumerate().map(
        |(at, document)| {
            if at == place { after } else { document.root() }
        },
    );
    found.len() == before.len()
        && expected
            .zip(&found)
            .all(|(expected, found)| same(expected, found.root()))
}
