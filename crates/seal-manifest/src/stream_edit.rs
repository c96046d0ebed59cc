//! Edits of several documents of one text, in time that grows with the text.

use crate::block_edit::{BlockEdit, edit};
use crate::document::{self, Document};
use crate::edit_error::EditError;
use crate::sameness::same;
use crate::text_edit::{TextEdit, set_texts};

/// What is to change in one document.
pub struct DocumentEdit<'e> {
    /// Its number ([`Document::index`](crate::Document::index)).
    pub document: usize,
    /// As [`edit`] takes them.
    pub blocks: &'e [BlockEdit],
    /// As [`set_texts`] takes them, after the others.
    pub texts: Vec<TextEdit<'e>>,
}

impl DocumentEdit<'_> {
    fn apply(&self, text: &str, document: usize) -> Result<String, EditError> {
        let text = edit(text, document, self.blocks)?;
        set_texts(&text, document, &self.texts)
    }
}

/// Applies edits to several documents of `text`, in the order of their numbers, each once. What [`edit`]
/// and [`set_texts`] promise of one document holds for each.
///
/// # Errors
/// [`EditError`], of the first document that has one; the text is then not changed at all.
pub fn edit_documents(text: &str, edits: &[DocumentEdit<'_>]) -> Result<String, EditError> {
    // Each edit proves itself on all it is given: on a text of a thousand documents, on all of them.
    if edits.len() > 1
        && let Some(edited) = part_by_part(text, edits)
    {
        return Ok(edited);
    }
    let mut text = text.to_owned();
    for edit in edits {
        text = edit.apply(&text, edit.document)?;
    }
    Ok(text)
}

/// Applies edits to several documents of `text`, each given by its number
/// ([`Document::index`](crate::Document::index)), in that order and once. What [`edit`] promises of one
/// document holds for each.
///
/// # Errors
/// [`EditError`], of the first document that has one; the text is then not changed at all.
pub fn edit_all(text: &str, edits: &[(usize, Vec<BlockEdit>)]) -> Result<String, EditError> {
    edit_documents(text, &of_blocks(edits))
}

fn of_blocks(edits: &[(usize, Vec<BlockEdit>)]) -> Vec<DocumentEdit<'_>> {
    let edits = edits.iter();
    edits
        .map(|(document, blocks)| DocumentEdit {
            document: *document,
            blocks,
            texts: Vec::new(),
        })
        .collect()
}

/// Edits every part by itself, then compares the whole. `None` if anything is not as expected: one
/// after the other then tells what, with numbers and lines of the whole text.
fn part_by_part(text: &str, edits: &[DocumentEdit<'_>]) -> Option<String> {
    let parts = document::parts(text.as_bytes()).ok()?;
    let mut edited = String::with_capacity(text.len());
    let mut covered = 0;
    let mut expected: Vec<Document> = Vec::new();
    let mut before = 0;
    let mut left = edits.iter().peekable();
    for part in &parts {
        let old = part.text();
        covered += old.len();
        let documents = part.read().ok()?;
        let count = documents.len();
        let mut new = None;
        while let Some(edit) =
            left.next_if(|edit| (before + 1..=before + count).contains(&edit.document))
        {
            let text = new.as_deref().unwrap_or(old);
            new = Some(edit.apply(text, edit.document - before).ok()?);
        }
        if let Some(new) = new {
            expected.extend(document::read(new.as_bytes()).ok()?);
            edited.push_str(&new);
        } else {
            expected.extend(documents);
            edited.push_str(old);
        }
        before += count;
    }
    let is_whole = covered == text.len() && left.next().is_none();
    (is_whole && reads_as(&edited, &expected)).then_some(edited)
}

fn reads_as(edited: &str, expected: &[Document]) -> bool {
    let Ok(found) = document::read(edited.as_bytes()) else {
        return false;
    };
    let is_same = |(found, expected): (&Document, &Document)| same(found.root(), expected.root());
    found.len() == expected.len() && found.iter().zip(expected).all(is_same)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENTS: [&str; 4] = [
        "# first\nspec: {}\n",
        "---\nspec:\n  encryptedData:\n    b: old # kept\n",
        "---\n{\"spec\": {\"encryptedData\": {\"c\": \"old\"}}}\n{\"spec\": {}}\n",
        "---\r\nspec:\r\n  encryptedData:\r\n    d: old",
    ];

    fn set(item: &str) -> Vec<BlockEdit> {
        vec![BlockEdit::SetItem {
            item: item.to_owned(),
            value: "new".to_owned(),
        }]
    }

    fn one_after_the_other(
        text: &str,
        edits: &[(usize, Vec<BlockEdit>)],
    ) -> Result<String, EditError> {
        let mut all = edits.iter();
        all.try_fold(text.to_owned(), |text, (document, edits)| {
            edit(&text, *document, edits)
        })
    }

    #[test]
    fn comes_to_the_same_as_one_after_the_other() {
        let text = DOCUMENTS.concat();
        for numbers in [&[1, 2, 3, 4, 5][..], &[2, 5], &[3, 4], &[5], &[]] {
            let of = |number: &usize| (*number, set(["a", "b", "c", "x", "d"][number - 1]));
            let edits: Vec<_> = numbers.iter().map(of).collect();
            let expected = one_after_the_other(&text, &edits).unwrap();
            assert_eq!(edit_all(&text, &edits).unwrap(), expected, "{numbers:?}");
            if !numbers.is_empty() {
                assert_eq!(
                    part_by_part(&text, &of_blocks(&edits)).as_ref(),
                    Some(&expected)
                );
            }
        }
    }

    #[test]
    fn texts_of_templates_change_with_the_blocks() {
        let text = DOCUMENTS.concat();
        let labels = [("app".to_owned(), "shop".to_owned())].into();
        let path = ["template", "metadata", "labels"];
        let sets = ["a", "b", "d"].map(set);
        let one = |document: usize, set: usize| DocumentEdit {
            document,
            blocks: &sets[set],
            texts: vec![TextEdit {
                path: &path,
                texts: &labels,
            }],
        };
        let edits = [one(1, 0), one(2, 1), one(5, 2)];
        let mut expected = text.clone();
        for edit in &edits {
            expected = edit.apply(&expected, edit.document).unwrap();
        }
        assert_eq!(edit_documents(&text, &edits).unwrap(), expected);
        assert_eq!(expected.matches("app: shop").count(), 3, "{expected}");
        assert!(edit_documents(&text, &[one(2, 1), one(6, 0)]).is_err());
    }

    #[test]
    fn refusals_name_the_document_of_the_whole_text() {
        let text = DOCUMENTS.concat();
        let edits = [
            (2, set("b")),
            (5, vec![BlockEdit::RemoveItem { item: "x".into() }]),
        ];
        let expected = one_after_the_other(&text, &edits).unwrap_err();
        let found = edit_all(&text, &edits).unwrap_err();
        assert_eq!(found.to_string(), expected.to_string());
        assert!(found.to_string().contains('5'), "{found}");
        let beyond = [(2, set("b")), (6, set("a"))];
        assert!(part_by_part(&text, &of_blocks(&beyond)).is_none());
        assert!(edit_all(&text, &beyond).is_err());
    }

    #[test]
    fn a_text_that_is_not_all_in_its_parts_still_changes() {
        let text = format!("\u{feff}{}", DOCUMENTS.concat());
        let edits = [(2, set("b")), (5, set("d"))];
        assert!(part_by_part(&text, &of_blocks(&edits)).is_none());
        let edited = edit_all(&text, &edits).unwrap();
        assert!(edited.starts_with('\u{feff}') && edited.contains("b: new # kept"));
    }
}
