//! Random edits of random files: the reader sees exactly the edits, and all lines that belong to
//! nothing that was edited are there as they were.

use crate::model;
use crate::step::{set, set_entry, unset, unset_key};
use crate::ugly::{Owner, Ugly, ugly};
use proptest::prelude::*;
use seal_manifest::{BlockEdit, EditError, edit, read};
use serde_json::json;
use testkit::Dice;

/// All that is written anew says so.
const NEW: &str = "NEW";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn an_edit_changes_what_it_says_and_nothing_else(seed: u64) {
        let mut dice = Dice::new(seed);
        let file = ugly(&mut dice);
        let edits = random_edits(&file, &mut dice);
        check(&file, &edits);
    }
}

fn check(file: &Ugly, edits: &[BlockEdit]) {
    let text = file.text();
    let edited = match edit(&text, file.document, edits) {
        Ok(edited) => edited,
        // Remarks of a block that goes could come to stand in a text above it.
        Err(EditError::Unsafe { .. }) if drops_data_keys(file, edits) => return,
        Err(error) => panic!("{error}\n{}\n{text}", spelled(edits)),
    };
    let context = || format!("{}\n{text}\nbecame\n{edited}", spelled(edits));
    let count = read(text.as_bytes()).unwrap().len();
    assert_eq!(
        read(edited.as_bytes()).unwrap().len(),
        count,
        "{}",
        context()
    );
    for index in 1..=count {
        let mut expected = model::document(&text, index);
        if index == file.document {
            model::apply(&mut expected, edits);
        }
        assert_eq!(model::document(&edited, index), expected, "{}", context());
    }
    check_lines(file, edits, &edited, &context);
}

fn drops_data_keys(file: &Ugly, edits: &[BlockEdit]) -> bool {
    let mut removed = 0;
    for edit in edits {
        match edit {
            BlockEdit::SetDataKey { .. } => return false,
            BlockEdit::RemoveDataKey { .. } => removed += 1,
            _ => {}
        }
    }
    removed > 0 && removed == file.data_keys.len()
}

/// All lines that are nobody's business are there in their order; between them is only what is new.
fn check_lines(file: &Ugly, edits: &[BlockEdit], edited: &str, context: &dyn Fn() -> String) {
    let complete = format!("{edited}\n");
    let mut new = complete.split('\n').map(|line| line.trim_end_matches('\r'));
    let kept = file
        .lines
        .iter()
        .filter(|(owner, line)| !is_touched(owner, edits) && !is_form_of_an_empty_block(line));
    for (_, line) in kept {
        let wanted = line.trim_end_matches(['\r', '\n']);
        loop {
            let found = new.next();
            let found = found.unwrap_or_else(|| panic!("{wanted:?} is lost\n{}", context()));
            if found == wanted {
                break;
            }
            assert!(
                is_new(found, edits),
                "{found:?} before {wanted:?}\n{}",
                context()
            );
        }
    }
    for rest in new {
        assert!(
            rest.is_empty() || is_new(rest, edits),
            "{rest:?}\n{}",
            context()
        );
    }
    let is_windows = file.lines.iter().any(|(_, line)| line.ends_with("\r\n"));
    let breaks = edited.matches('\n').count();
    let windows_breaks = edited.matches("\r\n").count();
    assert_eq!(
        windows_breaks,
        if is_windows { breaks } else { 0 },
        "{}",
        context()
    );
}

fn is_touched(owner: &Owner, edits: &[BlockEdit]) -> bool {
    edits.iter().any(|edit| match (edit, owner) {
        (BlockEdit::SetItem { item, .. }, Owner::Item(other))
        | (BlockEdit::RemoveItem { item }, Owner::Item(other) | Owner::ItemLine(other)) => {
            item == other
        }
        (
            BlockEdit::SetDataKey { id, .. } | BlockEdit::RemoveDataKey { id },
            Owner::DataKey(other),
        ) => id == other,
        // With the last data key the block goes, and all item lines.
        (BlockEdit::RemoveDataKey { .. }, Owner::ItemLine(_)) => true,
        _ => false,
    })
}

/// Lines of the two keys themselves, which may gain or lose braces, or go.
fn is_form_of_an_empty_block(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("\"encryptedData\"")
        || line.starts_with("encryptedData:")
        || line.starts_with("dataKeys:")
}

fn is_new(line: &str, edits: &[BlockEdit]) -> bool {
    let key = line.trim().strip_suffix(':').unwrap_or_default();
    let is_key = edits.iter().any(|edit| match edit {
        BlockEdit::SetDataKey { id, .. } => key == id,
        BlockEdit::SetItem { item, .. } => key.trim_matches(['\'', '"']) == item,
        _ => false,
    });
    let is_item_line = line
        .trim_start()
        .strip_prefix("# ")
        .is_some_and(|item| !item.contains(' '));
    line.contains(NEW) || is_key || is_item_line || is_form_of_an_empty_block(line)
}

/// Valid edits, each on another item or data key.
fn random_edits(file: &Ugly, dice: &mut Dice) -> Vec<BlockEdit> {
    let mut edits = Vec::new();
    let mut items = Vec::new();
    for item in file
        .items
        .iter()
        .map(String::as_str)
        .chain(["0", "C3", "zz"])
    {
        let is_there = file.items.iter().any(|other| other == item);
        match dice.below(4) {
            0 => edits.push(set(item, &format!("{NEW}{}", dice.base64(12)))),
            1 if is_there => {
                edits.push(unset(item));
                continue;
            }
            _ if is_there => {}
            _ => continue,
        }
        items.push(item);
    }
    for id in ["k1", "k2", "k3", "k4"] {
        let is_there = file.data_keys.iter().any(|other| other == id);
        match dice.below(3) {
            0 if !items.is_empty() => {
                let item = dice.pick(&items);
                let entry = json!({ NEW: { NEW: [NEW], "NEW2": format!("{NEW}\n{NEW}\n") } });
                edits.push(set_entry(id, item, entry));
            }
            1 if is_there => edits.push(unset_key(id)),
            _ => {}
        }
    }
    edits
}

fn spelled(edits: &[BlockEdit]) -> String {
    let spelled = edits.iter().map(|edit| match edit {
        BlockEdit::SetItem { item, .. } => format!("{item}="),
        BlockEdit::RemoveItem { item } => format!("{item}-"),
        BlockEdit::SetDataKey { id, item, .. } => format!("{id}<{item}"),
        BlockEdit::RemoveDataKey { id } => format!("{id}<-"),
    });
    spelled.collect::<Vec<_>>().join(" ")
}
