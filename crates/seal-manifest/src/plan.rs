//! Which lines of a document an edit takes, and which it puts in their place.

use crate::changes::Changes;
use crate::data_keys_block;
use crate::edit_error::{Block, Construct, EditError};
use crate::encrypted_data_block;
use crate::flow_edit;
use crate::flow_mapping::is_filled;
use crate::item_order::{ItemOrder, place_of};
use crate::lines::Lines;
use crate::node::Node;
use crate::outline::{EntrySite, Site};
use crate::pieces::{PieceName, Pieces};
use crate::sealed_layout::{Layout, Place};
use crate::splice::Splices;
use crate::yaml_writer::write_entry;
use std::collections::BTreeSet;

/// Columns from a key to the keys under it, where the file does not show how many.
const STEP: usize = 2;

/// What an edit has to go by.
#[derive(Clone, Copy)]
pub(crate) struct Plan<'p> {
    pub(crate) lines: Lines<'p>,
    pub(crate) document: usize,
    pub(crate) changes: &'p Changes<'p>,
    pub(crate) before: &'p Node,
    pub(crate) after: &'p Node,
}

/// `spec`, written as a block.
#[derive(Clone, Copy)]
pub(crate) struct Spec<'s> {
    entry: &'s EntrySite,
    /// Of the keys in it.
    column: usize,
    /// Columns from `spec` to the keys in it.
    step: usize,
}

/// One of the two blocks, ready to be changed.
pub(crate) struct OpenBlock {
    pub(crate) pieces: Pieces,
    /// Of the keys in the block.
    pub(crate) column: usize,
    /// Columns from a key to the keys under it.
    pub(crate) step: usize,
    /// There are no entries yet, or they stood in braces: all are written anew.
    pub(crate) is_fresh: bool,
}

impl Plan<'_> {
    /// All replacements in the document whose positions are `root`.
    pub(crate) fn splices(&self, root: &Site) -> Result<Splices, EditError> {
        let mut splices = Splices::default();
        if root.is_flow_mapping() {
            self.refuse(Block::Document, root.construct())?;
            self.edit_in_braces(root, Block::Document, &mut splices)?;
            return Ok(splices);
        }
        self.refuse(Block::Document, root.own_construct())?;
        let found = self.find(root, Block::Spec, Some(self.before))?;
        let entry = found.ok_or_else(|| self.unsafe_layout())?;
        self.refuse(Block::Spec, entry.key_construct())?;
        self.refuse(Block::Spec, entry.value.own_construct())?;
        if !entry.value.is_block_mapping() {
            self.refuse(Block::Spec, entry.construct())?;
            if self.is_in_braces(entry) {
                self.edit_in_braces(&entry.value, Block::Spec, &mut splices)?;
            } else {
                self.write_spec(entry, &mut splices)?;
            }
            return Ok(splices);
        }
        let column = entry.value.entries.first().map_or(0, |first| first.column);
        let step = column.saturating_sub(entry.column).max(1);
        let spec = Spec {
            entry,
            column,
            step,
        };
        self.refuse_what_is_in_the_way(spec)?;
        data_keys_block::plan(self, spec, &mut splices)?;
        encrypted_data_block::plan(self, spec, &mut splices)?;
        Ok(splices)
    }

    fn refuse_what_is_in_the_way(&self, spec: Spec<'_>) -> Result<(), EditError> {
        for block in [Block::DataKeys, Block::EncryptedData] {
            let Some(entry) = self.find_block(spec, block)? else {
                continue;
            };
            self.refuse(block, entry.construct())?;
            self.refuse_shared_line(block, entry)?;
            if entry.value.is_block_mapping() {
                for entry in &entry.value.entries {
                    self.refuse_shared_line(block, entry)?;
                }
            }
        }
        Ok(())
    }

    /// Whether an entry is edited between its braces. What has nothing in them becomes a block.
    pub(crate) fn is_in_braces(&self, entry: &EntrySite) -> bool {
        is_filled(self.lines, &entry.value)
    }

    /// Changes what is written in braces where it stands.
    pub(crate) fn edit_in_braces(
        &self,
        site: &Site,
        block: Block,
        splices: &mut Splices,
    ) -> Result<(), EditError> {
        let within = |root| match block {
            Block::Document => Some(root),
            Block::Spec => Node::get(root, "spec"),
            _ => Node::get(root, "spec")?.get(block.key()),
        };
        within(self.before)
            .zip(within(self.after))
            .and_then(|change| flow_edit::plan(self.lines, (site, false), change, splices))
            .ok_or_else(|| self.unsafe_layout())
    }

    /// An empty `spec` becomes a block.
    fn write_spec(&self, entry: &EntrySite, splices: &mut Splices) -> Result<(), EditError> {
        self.refuse_shared_line(Block::Spec, entry)?;
        let colon = self.behind_colon(Block::Spec, entry)?;
        let Some(spec) = self.after.get("spec") else {
            return Err(self.unsafe_layout());
        };
        splices.replace(colon..entry.value.end.max(colon), String::new());
        let layout = self.layout();
        let place = (Place::Spec, Some(&layout));
        let text = write_entry(("spec", &spec.to_json()), entry.column, STEP, place);
        let (_, lines) = text.split_once('\n').ok_or_else(|| self.unsafe_layout())?;
        let at = self.lines.end_of(entry.end());
        splices.replace(at..at, self.lines.adopt(lines));
        Ok(())
    }

    /// Which data key belongs to which item, after the edits.
    pub(crate) fn layout(&self) -> Layout {
        let spec = self.after.get("spec");
        let block = spec.and_then(|spec| spec.get("encryptedData"));
        let values = |item: &str| block.and_then(|block| block.get(item)?.as_str());
        Layout::of_items(
            self.changes
                .items_after
                .iter()
                .map(|item| (item.as_str(), values(item))),
        )
    }

    pub(crate) fn find_block<'s>(
        &self,
        spec: Spec<'s>,
        block: Block,
    ) -> Result<Option<&'s EntrySite>, EditError> {
        self.find(&spec.entry.value, block, self.before.get("spec"))
    }

    /// A key that stands in the text. What the reader found and the text does not show came through
    /// a merge key.
    fn find<'s>(
        &self,
        parent: &'s Site,
        block: Block,
        node: Option<&Node>,
    ) -> Result<Option<&'s EntrySite>, EditError> {
        let entry = parent.entry(block.key());
        if entry.is_none() && node.is_some_and(|node| node.get(block.key()).is_some()) {
            let merge = |entry: &&EntrySite| entry.key_construct().is_some();
            let line = parent.entries.iter().find(merge);
            let line = line.map_or(parent.line, |entry| entry.line);
            self.refuse(block, Some((Construct::MergeKey, line)))?;
        }
        Ok(entry)
    }

    /// Makes a block ready: found as it is, emptied of its braces, or created.
    pub(crate) fn open(
        &self,
        spec: Spec<'_>,
        block: Block,
        splices: &mut Splices,
    ) -> Result<OpenBlock, EditError> {
        let column = spec.column + spec.step;
        let empty = if self.block_after(block).next().is_none() {
            " {}"
        } else {
            ""
        };
        let Some(entry) = self.find_block(spec, block)? else {
            let mut pieces = Pieces::new(self.place_of_new(spec, block)?);
            let header = format!("{}{}:\n", " ".repeat(spec.column), block.key());
            pieces.insert(0, PieceName::Header, self.lines.adopt(&header));
            return Ok(OpenBlock {
                pieces,
                column,
                step: spec.step,
                is_fresh: true,
            });
        };
        let colon = self.behind_colon(block, entry)?;
        if entry.value.is_block_mapping() {
            splices.replace(colon..colon, empty.to_owned());
            return Ok(OpenBlock {
                pieces: Pieces::new(self.lines.end_of(entry.key_end)),
                column: entry.value.entries.first().map_or(column, |e| e.column),
                step: spec.step,
                is_fresh: false,
            });
        }
        splices.replace(colon..entry.value.end.max(colon), empty.to_owned());
        Ok(OpenBlock {
            pieces: Pieces::new(self.lines.end_of(entry.end())),
            column,
            step: spec.step,
            is_fresh: true,
        })
    }

    /// Where a block that is missing belongs: data keys before the values, both else where their
    /// names sort.
    fn place_of_new(&self, spec: Spec<'_>, block: Block) -> Result<usize, EditError> {
        if block == Block::DataKeys
            && let Some(values) = self.find_block(spec, Block::EncryptedData)?
        {
            return Ok(self.above_comments_of(spec, values));
        }
        let keys = spec.entry.value.entries.iter();
        let names = keys.map(|entry| entry.key.as_str());
        let place = place_of(block.key(), names, ItemOrder::Natural);
        let before = place.checked_sub(1);
        let before = before.and_then(|last| spec.entry.value.entries.get(last));
        let end = before.map_or(spec.entry.key_end, EntrySite::end);
        Ok(self.lines.end_of(end))
    }

    /// The start of the comments that stand directly over a key of `spec`, or of its own line.
    fn above_comments_of(&self, spec: Spec<'_>, entry: &EntrySite) -> usize {
        let key_line = self.lines.start_of(entry.start);
        let siblings = spec.entry.value.entries.iter();
        let before = siblings
            .take_while(|other| other.start < entry.start)
            .last();
        let gap = self
            .lines
            .end_of(before.map_or(spec.entry.key_end, EntrySite::end));
        let comments = self.lines.comments(gap);
        let own: Vec<_> = comments
            .take_while(|comment| comment.lines.end <= key_line)
            .collect();
        own.iter().rev().fold(key_line, |start, comment| {
            let is_attached = comment.lines.end == start && comment.column == spec.column;
            if is_attached {
                comment.lines.start
            } else {
                start
            }
        })
    }

    pub(crate) fn behind_colon(&self, block: Block, entry: &EntrySite) -> Result<usize, EditError> {
        let colon = self.lines.behind_colon(entry);
        colon.ok_or(EditError::Refused {
            document: self.document,
            line: entry.line,
            block,
            construct: Construct::ComplexKey,
        })
    }

    fn refuse_shared_line(&self, block: Block, entry: &EntrySite) -> Result<(), EditError> {
        let before = self.lines.before(entry.start);
        let construct = match before.trim_start_matches(' ') {
            "" => return Ok(()),
            before if before.starts_with('?') => Construct::ComplexKey,
            _ => Construct::SharedLine,
        };
        self.refuse(block, Some((construct, entry.line)))
    }

    pub(crate) fn refuse(
        &self,
        block: Block,
        found: Option<(Construct, usize)>,
    ) -> Result<(), EditError> {
        found.map_or(Ok(()), |(construct, line)| {
            Err(EditError::Refused {
                document: self.document,
                line,
                block,
                construct,
            })
        })
    }

    pub(crate) fn unsafe_layout(&self) -> EditError {
        EditError::Unsafe {
            document: self.document,
        }
    }

    /// The block as it should read after the edits.
    pub(crate) fn block_after(&self, block: Block) -> impl Iterator<Item = (&str, &Node)> {
        let spec = self.after.get("spec");
        let block = spec.and_then(|spec| spec.get(block.key()));
        block.into_iter().flat_map(Node::entries)
    }

    /// The items that there were.
    pub(crate) fn items_before(&self) -> BTreeSet<&str> {
        let spec = self.before.get("spec");
        let block = spec.and_then(|spec| spec.get(Block::EncryptedData.key()));
        let entries = block.into_iter().flat_map(Node::entries);
        entries.map(|(item, _)| item).collect()
    }
}
