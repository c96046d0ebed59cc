//! The lines of one block in their order, and what becomes of them.

use crate::splice::Splices;
use std::ops::Range;

/// Entries and item lines of a block. What is between them (blank lines, other comments) is not
/// listed and stays where it is.
pub(crate) struct Pieces {
    /// Where the block's first line begins.
    head: usize,
    pieces: Vec<Piece>,
}

/// Some lines of a block.
struct Piece {
    name: PieceName,
    /// The lines that it takes; none where it is new.
    lines: Range<usize>,
    change: Option<Change>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PieceName {
    /// The first line of a block that was not there.
    Header,
    /// The comment line `# ITEM`.
    ItemLine(String),
    /// A key and its value.
    Entry(String),
}

struct Change {
    range: Range<usize>,
    text: String,
}

impl Pieces {
    pub(crate) fn new(head: usize) -> Self {
        let pieces = Vec::new();
        Self { head, pieces }
    }

    /// Adds lines of the text, in their order.
    pub(crate) fn found(&mut self, name: PieceName, lines: Range<usize>) {
        self.pieces.push(Piece {
            name,
            lines,
            change: None,
        });
    }

    /// Where reading goes on behind the pieces so far.
    pub(crate) fn end(&self) -> usize {
        self.pieces
            .last()
            .map_or(self.head, |piece| piece.lines.end)
    }

    /// The keys of all entries, in order.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match &piece.name {
            PieceName::Entry(key) => Some(key.as_str()),
            _ => None,
        })
    }

    /// The places and items of all item lines, in order.
    pub(crate) fn item_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let pieces = self.pieces.iter().enumerate();
        pieces.filter_map(|(place, piece)| match &piece.name {
            PieceName::ItemLine(item) => Some((place, item.as_str())),
            _ => None,
        })
    }

    pub(crate) fn position(&self, name: &PieceName) -> Option<usize> {
        self.pieces.iter().position(|piece| piece.name == *name)
    }

    /// Whether the last thing up to the byte `end` is an entry that was not there before.
    pub(crate) fn ends_in_new_entry(&self, end: usize) -> bool {
        let last = self.pieces.iter().rev().find_map(|piece| {
            let change = piece.change.as_ref()?;
            let writes = change.range.end == end && !change.text.is_empty();
            writes.then_some(&piece.name)
        });
        matches!(last, Some(PieceName::Entry(_)))
    }

    /// New lines behind all pieces.
    pub(crate) fn push(&mut self, name: PieceName, text: String) {
        self.insert(self.pieces.len(), name, text);
    }

    /// New lines behind the first `place` pieces.
    pub(crate) fn insert(&mut self, place: usize, name: PieceName, text: String) {
        let before = place.checked_sub(1).and_then(|last| self.pieces.get(last));
        let at = before.map_or(self.head, |piece| piece.lines.end);
        self.insert_at(at, place, name, text);
    }

    /// New lines directly before the piece at `place`: what stands above it stays above.
    pub(crate) fn insert_before(&mut self, place: usize, name: PieceName, text: String) {
        match self.pieces.get(place).map(|next| next.lines.start) {
            Some(at) => self.insert_at(at, place, name, text),
            None => self.insert(place, name, text),
        }
    }

    /// Removes the lines of all pieces with this name.
    pub(crate) fn remove(&mut self, name: &PieceName) {
        for piece in self.pieces.iter_mut().filter(|piece| piece.name == *name) {
            piece.remove();
        }
    }

    pub(crate) fn remove_all(&mut self) {
        self.pieces.iter_mut().for_each(Piece::remove);
    }

    /// Replaces a range inside of the lines of the piece at `place`.
    pub(crate) fn replace(&mut self, place: usize, range: Range<usize>, text: String) {
        if let Some(piece) = self.pieces.get_mut(place) {
            piece.change = Some(Change { range, text });
        }
    }

    /// Replaces all lines of the piece at `place`.
    pub(crate) fn rewrite(&mut self, place: usize, text: String) {
        if let Some(lines) = self.pieces.get(place).map(|piece| piece.lines.clone()) {
            self.replace(place, lines, text);
        }
    }

    pub(crate) fn into_splices(self, splices: &mut Splices) {
        for change in self.pieces.into_iter().filter_map(|piece| piece.change) {
            splices.replace(change.range, change.text);
        }
    }

    fn insert_at(&mut self, at: usize, place: usize, name: PieceName, text: String) {
        let piece = Piece {
            name,
            lines: at..at,
            change: Some(Change {
                range: at..at,
                text,
            }),
        };
        self.pieces.insert(place.min(self.pieces.len()), piece);
    }
}

impl Piece {
    fn remove(&mut self) {
        self.change = Some(Change {
            range: self.lines.clone(),
            text: String::new(),
        });
    }
}
