//! JSON trees that held plaintext.

use serde_json::Value;
use zeroize::Zeroize as _;

/// Wipes every text; what the tree looked like stays.
pub(crate) fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(fields) => fields.values_mut().for_each(wipe),
        _ => {}
    }
}
