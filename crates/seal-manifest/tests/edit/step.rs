//! Short spellings of edits.

use seal_manifest::BlockEdit;
use serde_json::{Value, json};

pub(crate) fn set(item: &str, value: &str) -> BlockEdit {
    BlockEdit::SetItem {
        item: item.to_owned(),
        value: value.to_owned(),
    }
}

pub(crate) fn unset(item: &str) -> BlockEdit {
    BlockEdit::RemoveItem {
        item: item.to_owned(),
    }
}

pub(crate) fn set_key(id: &str, item: &str) -> BlockEdit {
    set_entry(id, item, small_entry("age1new"))
}

pub(crate) fn set_entry(id: &str, item: &str, entry: Value) -> BlockEdit {
    BlockEdit::SetDataKey {
        id: id.to_owned(),
        item: item.to_owned(),
        entry,
    }
}

pub(crate) fn unset_key(id: &str) -> BlockEdit {
    BlockEdit::RemoveDataKey { id: id.to_owned() }
}

/// An entry with everything that an entry has.
pub(crate) fn small_entry(to: &str) -> Value {
    json!({
        "boundTo": "strict/prod/db",
        "commit": "Yw==",
        "mac": "bQ==",
        "wraps": [{"to": to, "enc": "-----BEGIN\neA==\n-----END\n"}],
    })
}

/// Edits in the spelling of the cases.
pub(crate) fn edits(spelled: &str) -> Vec<BlockEdit> {
    spelled.split(' ').map(step).collect()
}

fn step(spelled: &str) -> BlockEdit {
    if let Some((item, value)) = spelled.split_once('=') {
        set(item, value)
    } else if let Some((id, item)) = spelled.split_once('<') {
        if item == "-" {
            unset_key(id)
        } else {
            set_entry(id, item, json!({"boundTo": "x"}))
        }
    } else {
        unset(spelled.strip_suffix('-').expect("ITEM-"))
    }
}
