//! The entries of one YAML mapping while it is read: keys given twice, and merge keys.

use crate::node::{Content, Entry, Node};
use std::collections::BTreeMap;

/// Entries of a mapping, with an index once a scan would be slow.
#[derive(Default)]
pub(crate) struct Mapping {
    pub(crate) entries: Vec<Entry>,
    places: BTreeMap<String, usize>,
}

impl Mapping {
    const INDEXED_FROM: usize = 16;

    fn place(&self, key: &str) -> Option<usize> {
        if self.entries.len() < Self::INDEXED_FROM {
            self.entries.iter().position(|entry| entry.key == key)
        } else {
            self.places.get(key).copied()
        }
    }

    fn push(&mut self, entry: Entry) {
        if self.entries.len() + 1 == Self::INDEXED_FROM {
            let places = self.entries.iter().enumerate();
            self.places = places
                .map(|(place, entry)| (entry.key.clone(), place))
                .collect();
        }
        if self.entries.len() + 1 >= Self::INDEXED_FROM {
            self.places.insert(entry.key.clone(), self.entries.len());
        }
        self.entries.push(entry);
    }

    /// Adds a key of the mapping itself; the error is the line where it already stood.
    pub(crate) fn insert(&mut self, entry: Entry) -> Result<(), usize> {
        match self.place(&entry.key) {
            None => self.push(entry),
            Some(place) if self.entries[place].merged => self.entries[place] = entry,
            Some(place) => return Err(self.entries[place].key_line),
        }
        Ok(())
    }

    /// Adds what `<<` brings: never over a key of the mapping itself, and of several mappings the
    /// first one wins.
    pub(crate) fn merge(&mut self, value: Node) -> Result<(), ()> {
        let sources = match value.content {
            Content::Mapping(entries) => vec![entries],
            Content::Sequence(items) => items
                .into_iter()
                .rev()
                .map(as_entries)
                .collect::<Result<_, _>>()?,
            _ => return Err(()),
        };
        for entry in sources.into_iter().flatten() {
            self.adopt(entry);
        }
        Ok(())
    }

    fn adopt(&mut self, entry: Entry) {
        let entry = Entry {
            merged: true,
            ..entry
        };
        match self.place(&entry.key) {
            None => self.push(entry),
            Some(place) if self.entries[place].merged => self.entries[place] = entry,
            Some(_) => {}
        }
    }
}

fn as_entries(node: Node) -> Result<Vec<Entry>, ()> {
    match node.content {
        Content::Mapping(entries) => Ok(entries),
        _ => Err(()),
    }
}
