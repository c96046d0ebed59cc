//! Whether two documents say the same.

use crate::node::{Content, Entry, Node};
use std::collections::BTreeMap;

/// Same keys and values, in whatever order and notation.
pub(crate) fn same(a: &Node, b: &Node) -> bool {
    match (&a.content, &b.content) {
        (Content::Null, Content::Null) => true,
        (Content::Bool(a), Content::Bool(b)) => a == b,
        (Content::Int(a), Content::Int(b)) => a == b,
        (Content::Uint(a), Content::Uint(b)) => a == b,
        (Content::Text(a), Content::Text(b)) => a == b,
        (Content::Sequence(a), Content::Sequence(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Content::Mapping(a), Content::Mapping(b)) => same_entries(a, b),
        // JSON's writer spells `1.0` as `1`.
        (Content::Float(_), _) | (_, Content::Float(_)) => match (number(a), number(b)) {
            (Some(a), Some(b)) => a.to_bits() == b.to_bits(),
            _ => false,
        },
        _ => false,
    }
}

fn same_entries(a: &[Entry], b: &[Entry]) -> bool {
    let same_value = |a: &Entry, b: &Entry| same(&a.value, &b.value);
    if a.len() != b.len() {
        return false;
    }
    if a.iter().zip(b).all(|(a, b)| a.key == b.key) {
        return a.iter().zip(b).all(|(a, b)| same_value(a, b));
    }
    let places: BTreeMap<&str, &Entry> =
        b.iter().map(|entry| (entry.key.as_str(), entry)).collect();
    a.iter()
        .all(|a| places.get(a.key.as_str()).is_some_and(|b| same_value(a, b)))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "compared only with what a reader made a float of"
)]
fn number(node: &Node) -> Option<f64> {
    match &node.content {
        Content::Int(value) => Some(**value as f64),
        Content::Uint(value) => Some(**value as f64),
        Content::Float(value) => Some(**value),
        _ => None,
    }
}
