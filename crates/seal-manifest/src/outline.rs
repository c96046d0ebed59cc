//! One document as positions: what stands where, from the marks of the parser.

use crate::edit_error::Construct;
use crate::trace::{Key, Mark, Shape, Trace};
use granit_parser::{ScalarStyle, StructureStyle};

/// A value's place. Offsets count bytes of the whole text.
pub(crate) struct Site {
    pub(crate) shape: Shape,
    pub(crate) start: usize,
    /// Behind the last character.
    pub(crate) end: usize,
    pub(crate) line: usize,
    property: Option<Construct>,
    pub(crate) entries: Vec<EntrySite>,
    items: Vec<Site>,
}

/// The place of a key and its value.
pub(crate) struct EntrySite {
    pub(crate) key: String,
    pub(crate) start: usize,
    /// Behind the key, before the colon.
    pub(crate) key_end: usize,
    pub(crate) line: usize,
    pub(crate) column: usize,
    property: Option<Construct>,
    pub(crate) value: Site,
}

impl Site {
    /// The `nth` mapping (from zero) among the documents that the trace saw in `text` from
    /// `offset` on.
    pub(crate) fn of(trace: Trace, nth: usize, text: &str, offset: usize) -> Option<Self> {
        let mut marks = trace.marks.into_iter().peekable();
        let mut seen = 0;
        while let Some(mark) = marks.next() {
            let is_document = mark.shape == Shape::Document;
            let root = marks.next_if(|mark| is_document && matches!(mark.shape, Shape::Mapping(_)));
            let Some(root) = root else { continue };
            if seen == nth {
                let mut outliner = Outliner {
                    marks: &mut marks,
                    text,
                    offset,
                };
                return Some(outliner.site(&root));
            }
            seen += 1;
        }
        None
    }

    pub(crate) fn entry(&self, key: &str) -> Option<&EntrySite> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    pub(crate) fn is_block_mapping(&self) -> bool {
        self.shape == Shape::Mapping(StructureStyle::Block)
    }

    pub(crate) fn is_flow_mapping(&self) -> bool {
        self.shape == Shape::Mapping(StructureStyle::Flow)
    }

    pub(crate) fn is_flow_collection(&self) -> bool {
        self.is_flow_mapping() || self.shape == Shape::Sequence(StructureStyle::Flow)
    }

    pub(crate) fn is_text(&self) -> bool {
        matches!(self.shape, Shape::Scalar(_))
    }

    pub(crate) fn is_block_scalar(&self) -> bool {
        matches!(
            self.shape,
            Shape::Scalar(ScalarStyle::Literal | ScalarStyle::Folded)
        )
    }

    /// An anchor, alias or tag on the value itself.
    pub(crate) fn own_construct(&self) -> Option<(Construct, usize)> {
        self.property.map(|construct| (construct, self.line))
    }

    /// The first anchor, alias, tag or merge key on the value or anywhere inside it.
    pub(crate) fn construct(&self) -> Option<(Construct, usize)> {
        let in_entries = || self.entries.iter().find_map(EntrySite::construct);
        let in_items = || self.items.iter().find_map(Site::construct);
        self.own_construct().or_else(in_entries).or_else(in_items)
    }
}

impl EntrySite {
    /// The first such thing on the key, the value or anywhere inside it.
    pub(crate) fn construct(&self) -> Option<(Construct, usize)> {
        self.property
            .map(|construct| (construct, self.line))
            .or_else(|| self.value.construct())
    }

    /// Such a thing on the key itself.
    pub(crate) fn key_construct(&self) -> Option<(Construct, usize)> {
        self.property.map(|construct| (construct, self.line))
    }

    /// Behind the last character of key and value.
    pub(crate) fn end(&self) -> usize {
        self.value.end.max(self.key_end)
    }
}

struct Outliner<'m, 't> {
    marks: &'m mut dyn Iterator<Item = Mark>,
    text: &'t str,
    offset: usize,
}

impl Outliner<'_, '_> {
    /// The value that begins with `mark`. Nesting is as deep as the reader allows.
    fn site(&mut self, mark: &Mark) -> Site {
        let mut site = Site {
            shape: mark.shape,
            start: self.offset + mark.start,
            end: self.offset + mark.end,
            line: mark.line,
            property: property(mark),
            entries: Vec::new(),
            items: Vec::new(),
        };
        match mark.shape {
            Shape::Sequence(_) => {
                while let Some(mark) = self.marks.next() {
                    if mark.shape == Shape::End {
                        self.close(&mut site, &mark);
                        break;
                    }
                    let item = self.site(&mark);
                    site.end = site.end.max(item.end);
                    site.items.push(item);
                }
            }
            Shape::Mapping(_) => {
                while let Some(mark) = self.marks.next() {
                    if mark.shape == Shape::End {
                        self.close(&mut site, &mark);
                        break;
                    }
                    let Some(entry) = self.entry(mark) else { break };
                    site.end = site.end.max(entry.end());
                    site.entries.push(entry);
                }
            }
            Shape::Scalar(ScalarStyle::Literal | ScalarStyle::Folded) => {
                site.end = self.end_of_block_scalar(&site, mark);
            }
            _ => {}
        }
        site
    }

    /// Behind the last line of a block scalar, without its line break. The parser takes the text to
    /// reach to the next thing, but blank lines are its own only where its notation keeps them.
    fn end_of_block_scalar(&self, site: &Site, mark: &Mark) -> usize {
        let content = self.text.get(site.start..site.end).unwrap_or_default();
        let header_end = self
            .text
            .get(..site.start)
            .map_or(site.start, |before| before.trim_end().len());
        let column = mark.indent.unwrap_or(mark.column);
        let (mut at, mut end) = (site.start, header_end);
        for (number, line) in content.split_inclusive('\n').enumerate() {
            let is_complete = line.ends_with('\n');
            let text = line.trim_end_matches(['\n', '\r']);
            // The first line begins at its text.
            let is_text = text.len() > if number == 0 { 0 } else { column };
            if is_text || (mark.has_blank_end && is_complete) {
                end = at + text.len();
            }
            at += line.len();
        }
        end
    }

    fn entry(&mut self, key: Mark) -> Option<EntrySite> {
        let value = self.marks.next()?;
        let value = self.site(&value);
        let key_property = property(&key);
        let (key_start, key_end) = (self.offset + key.start, self.offset + key.end);
        let (name, property) = match key.key {
            Some(Key::Name(name)) if key.indent.is_some_and(|indent| indent != key.column) => {
                (name, key_property.or(Some(Construct::ComplexKey)))
            }
            Some(Key::Name(name)) => (name, key_property),
            _ => (String::new(), Some(Construct::MergeKey)),
        };
        Some(EntrySite {
            key: name,
            start: key_start,
            key_end,
            line: key.line,
            column: key.column,
            property,
            value,
        })
    }

    /// A bracket ends the value; the end of a block is found at the next thing.
    fn close(&self, site: &mut Site, mark: &Mark) {
        if matches!(
            site.shape,
            Shape::Mapping(StructureStyle::Flow) | Shape::Sequence(StructureStyle::Flow)
        ) {
            site.end = self.offset + mark.end;
        }
    }
}

fn property(mark: &Mark) -> Option<Construct> {
    if mark.shape == Shape::Alias {
        Some(Construct::Alias)
    } else if mark.has_anchor {
        Some(Construct::Anchor)
    } else if mark.has_tag {
        Some(Construct::Tag)
    } else {
        None
    }
}
