//! What edits mean, said a second time: on plain JSON, with no regard for text.

use seal_manifest::{BlockEdit, read};
use serde_json::{Value, json};

/// A document of a text as JSON.
pub(crate) fn document(text: &str, index: usize) -> Value {
    let documents = read(text.as_bytes()).unwrap_or_else(|error| panic!("{error}:\n{text}"));
    documents[index - 1].root().to_json()
}

pub(crate) fn apply(document: &mut Value, edits: &[BlockEdit]) {
    let spec = &mut document["spec"];
    for edit in edits {
        match edit {
            BlockEdit::SetItem { item, value } => spec["encryptedData"][item] = json!(value),
            BlockEdit::RemoveItem { item } => remove(&mut spec["encryptedData"], item),
            BlockEdit::SetDataKey { id, entry, .. } => spec["dataKeys"][id] = entry.clone(),
            BlockEdit::RemoveDataKey { id } => remove(&mut spec["dataKeys"], id),
        }
    }
    let is_empty = spec["dataKeys"]
        .as_object()
        .is_some_and(serde_json::Map::is_empty);
    let removes = |edit: &BlockEdit| matches!(edit, BlockEdit::RemoveDataKey { .. });
    if is_empty && edits.iter().any(removes) {
        remove(spec, "dataKeys");
    }
}

fn remove(block: &mut Value, key: &str) {
    block.as_object_mut().unwrap().remove(key).unwrap();
}
