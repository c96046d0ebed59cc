//! A document of a text in the place of the one that stood there; all other bytes stay.

use crate::document::{self, Document, Opened, Wanted};
use crate::edit_error::EditError;
use crate::flow_edit;
use crate::item_order::ItemOrder;
use crate::json_outline;
use crate::lines::{Lines, complete, line_break_at};
use crate::node::Node;
use crate::outline::Site;
use crate::sameness::same;
use crate::splice::Splices;
use std::borrow::Cow;

/// A document that is to be changed.
pub(crate) struct Target<'t> {
    text: &'t str,
    document: usize,
    /// Its place in `documents`.
    place: usize,
    documents: Vec<Document>,
    wanted: Wanted<'t>,
}

impl<'t> Target<'t> {
    /// Reads the whole text and finds the document by its number.
    pub(crate) fn find(text: &'t str, document: usize) -> Result<Self, EditError> {
        let Opened { documents, wanted } = document::open(text, document)?;
        let (Some(wanted), Some(place)) = (wanted, document.checked_sub(1)) else {
            return Err(EditError::NoSuchDocument {
                document,
                documents: documents.len(),
            });
        };
        Ok(Self {
            text,
            document,
            place,
            documents,
            wanted,
        })
    }

    /// The document as it is.
    pub(crate) fn before(&self) -> &Node {
        self.documents[self.place].root()
    }

    /// How keys stand in what Go writes: kubeseal and kubectl.
    pub(crate) fn usual_order(&self) -> ItemOrder {
        match self.wanted.trace {
            Some(_) => ItemOrder::Natural,
            None => ItemOrder::Bytes,
        }
    }

    /// The text with `after` in its place: in JSON what differs, of YAML the lines that `plan`
    /// replaces. The result is read again: it is returned only if it says exactly `after`.
    pub(crate) fn rewrite(
        self,
        after: &Node,
        plan: impl FnOnce(Lines<'_>, &Site, &Node) -> Result<Splices, EditError>,
    ) -> Result<String, EditError> {
        let Self {
            text,
            document,
            place,
            documents,
            wanted,
        } = self;
        let edited = match outline(text, wanted) {
            Outlined::Json(root) => {
                let line_break = line_break_at(text, root.start);
                let lines = Lines { text, line_break };
                let mut splices = Splices::default();
                let change = (documents[place].root(), after);
                flow_edit::plan(lines, (&root, true), change, &mut splices)
                    .and_then(|()| spliced(text, splices))
            }
            Outlined::Yaml(root) => {
                let line_break =
                    line_break_at(text, root.entry("spec").map_or(root.start, |e| e.start));
                let complete = complete(text, line_break);
                let lines = Lines {
                    text: &complete,
                    line_break,
                };
                let splices = plan(lines, &root, documents[place].root())?;
                let keeps_last_break = splices.keeps_last_break;
                spliced(&complete, splices).map(|edited| {
                    let added = matches!(complete, Cow::Owned(_)) && !keeps_last_break;
                    without_break(edited, added)
                })
            }
            Outlined::Nothing => None,
        };
        edited
            .filter(|edited| reads_as(edited, &documents, place, after))
            .ok_or(EditError::Unsafe { document })
    }
}

/// Where the document stands, by its notation.
enum Outlined {
    Json(Site),
    Yaml(Site),
    Nothing,
}

fn outline(text: &str, wanted: Wanted<'_>) -> Outlined {
    let Some(trace) = wanted.trace else {
        let root = json_outline::of(wanted.part, wanted.nth, wanted.offset);
        return root.map_or(Outlined::Nothing, Outlined::Json);
    };
    Site::of(trace, wanted.nth, text, wanted.offset).map_or(Outlined::Nothing, Outlined::Yaml)
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
