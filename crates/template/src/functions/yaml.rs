//! YAML in and out, as `sigs.k8s.io/yaml` reads and writes it: YAML 1.1, by way of JSON.

use seal_manifest::{Node, NodeKind};
use serde_json::Value as Json;
use zeroize::{Zeroize as _, Zeroizing};

use super::{Call, Function, Outcome, function};
use crate::error::{Failure, Fault};
use crate::json;
use crate::meter::Meter;
use crate::value::{Entries, Text, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    function("toYaml", 1, 1, to_yaml),
    function("fromYaml", 1, 1, from_yaml),
];

/// What stands under `Error` where the original puts the reader's text, which may quote the input.
const NOT_YAML: &str = "the text is not a YAML mapping";

/// A tree that is wiped when dropped.
struct Wiped(Json);

impl Drop for Wiped {
    fn drop(&mut self) {
        wipe(std::mem::take(&mut self.0));
    }
}

fn wipe(value: Json) {
    match value {
        Json::String(mut text) => text.zeroize(),
        Json::Array(items) => items.into_iter().for_each(wipe),
        Json::Object(fields) => fields.into_iter().for_each(|(mut key, value)| {
            key.zeroize();
            wipe(value);
        }),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

fn to_yaml(call: &mut Call<'_>) -> Outcome {
    let Value::Str(text) = json::write(call.any(0), call.meter, &json::ESCAPED)? else {
        return Err(Failure::WrongType.into());
    };
    let tree = serde_json::from_slice(text.as_bytes()).map_err(|_| Failure::WrongType)?;
    let tree = Wiped(tree);
    call.meter.bytes(most(&tree.0, 1))?;
    let yaml = Zeroizing::new(seal_manifest::write_yaml(&tree.0));
    call.meter.copy(yaml.strip_suffix('\n').unwrap_or(&yaml))
}

/// More bytes than the YAML of a value can have: a letter is escaped to at most ten, and a line begins
/// at every white space at most, indented by two for each level.
fn most(value: &Json, level: usize) -> usize {
    let text = |text: &str| {
        let breaks = text.chars().filter(|letter| letter.is_whitespace()).count();
        text.len() * 4 + (breaks + 1) * (2 * level + 8)
    };
    match value {
        Json::String(shown) => text(shown),
        Json::Array(items) => items.iter().map(|item| most(item, level + 1)).sum(),
        Json::Object(fields) => fields
            .iter()
            .map(|(key, value)| text(key) + most(value, level + 1))
            .sum(),
        Json::Null | Json::Bool(_) | Json::Number(_) => 32 + 2 * level,
    }
}

/// The first document, as a map. What is none gives a map with the key `Error`, so that templates can
/// tell.
fn from_yaml(call: &mut Call<'_>) -> Outcome {
    let text = call.bytes(0)?;
    // The reader's own tree, while it stands.
    call.meter.bytes(text.len())?;
    let Ok(parts) = seal_manifest::parts(text) else {
        return refused(call);
    };
    for part in parts {
        let Ok(documents) = part.read() else {
            return refused(call);
        };
        if let Some(document) = documents.first() {
            return match document.root().kind() {
                NodeKind::Mapping => read(document.root(), call.meter),
                NodeKind::Null => Ok(Value::map(Entries::new())),
                _ => refused(call),
            };
        }
    }
    Ok(Value::map(Entries::new()))
}

fn refused(call: &mut Call<'_>) -> Outcome {
    let mut entries = Entries::new();
    entries.insert(Text::from(b"Error".as_slice()), call.meter.copy(NOT_YAML)?);
    Ok(Value::map(entries))
}

/// The values that JSON would give: every number is a float.
fn read(node: &Node, meter: &mut Meter) -> Result<Value, Fault> {
    meter.bytes(size_of::<Value>())?;
    match node.kind() {
        NodeKind::Null => Ok(Value::Nil),
        NodeKind::Bool => Ok(Value::Bool(node.as_bool().unwrap_or_default())),
        NodeKind::Number => {
            let number = node.to_json().as_f64();
            Ok(Value::Float(number.ok_or(Failure::Unparsable)?))
        }
        NodeKind::String => meter.copy(node.as_str().unwrap_or_default()),
        NodeKind::Sequence => {
            let items: Result<Vec<Value>, Fault> =
                node.items().iter().map(|item| read(item, meter)).collect();
            Ok(Value::list(items?))
        }
        NodeKind::Mapping => {
            let mut entries = Entries::new();
            for (key, value) in node.entries() {
                meter.bytes(key.len() + size_of::<Value>())?;
                entries.insert(Text::from(key.as_bytes()), read(value, meter)?);
            }
            Ok(Value::map(entries))
        }
    }
}
