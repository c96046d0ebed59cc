//! Values that are JSON objects, merged.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use seal_api::external_secrets::{ConflictPolicy, Merge, MergeStrategy, PriorityPolicy};
use serde_json::{Map, Number, Value};
use zeroize::Zeroizing;

use crate::SecretData;
use crate::bounds::Bounds;
use crate::error::RewriteError;

/// Merges them in the order of their keys, those of `priority` last.
pub(super) fn merge(
    data: SecretData,
    merge: &Merge,
    bounds: &Bounds<'_>,
) -> Result<SecretData, RewriteError> {
    bounds.time()?;
    let strategy = merge.strategy.unwrap_or_default();
    if strategy == MergeStrategy::Json && merge.into.is_empty() {
        return Err(RewriteError::NoInto);
    }
    let mut merged: BTreeMap<String, Value> = BTreeMap::new();
    for key in order(&data, merge)? {
        bounds.time()?;
        let Some(value) = data.get(&key) else {
            continue;
        };
        let object: Map<String, Value> =
            serde_json::from_slice(value).map_err(|_| RewriteError::NotAnObject(key.clone()))?;
        for (member, value) in object {
            let known = merged.insert(member.clone(), value).is_some();
            if known && merge.conflict_policy.unwrap_or_default() == ConflictPolicy::Error {
                return Err(RewriteError::Conflict { member });
            }
        }
    }
    Ok(match strategy {
        MergeStrategy::Extract => {
            let members = merged.into_iter();
            members
                .map(|(member, value)| (member, text(&value)))
                .collect()
        }
        MergeStrategy::Json => {
            let mut data = data;
            let object = Value::Object(merged.into_iter().collect());
            data.insert(merge.into.clone(), json(&object, false));
            data
        }
    })
}

fn order(data: &SecretData, merge: &Merge) -> Result<Vec<String>, RewriteError> {
    let strict = merge.priority_policy.unwrap_or_default() == PriorityPolicy::Strict;
    let missing = |key: &&String| !data.contains_key(*key);
    if let Some(key) = merge.priority.iter().find(missing).filter(|_| strict) {
        return Err(RewriteError::Priority(key.clone()));
    }
    let last: BTreeSet<_> = merge.priority.iter().collect();
    let first = data.keys().filter(|key| !last.contains(key));
    Ok(first.chain(&merge.priority).cloned().collect())
}

/// A member as a value of a Secret.
fn text(value: &Value) -> Zeroizing<Vec<u8>> {
    match value {
        Value::Null => Zeroizing::new(Vec::new()),
        Value::String(text) => Zeroizing::new(text.as_bytes().to_vec()),
        // Never with an exponent, unlike within an object.
        Value::Number(number) => Zeroizing::new(float(number).to_string().into_bytes()),
        // What Go's encoder makes of nested values: HTML escaped.
        other => json(other, true),
    }
}

/// As Go writes what it read into `any`: keys sorted, numbers through float64.
fn json(value: &Value, escape: bool) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(String::new());
    write_value(&mut out, value, escape);
    Zeroizing::new(out.as_bytes().to_vec())
}

fn write_value(out: &mut Zeroizing<String>, value: &Value, escape: bool) {
    match value {
        Value::Number(number) => out.push_str(&decimal(float(number))),
        Value::String(text) => string(out, text, escape),
        Value::Array(elements) => {
            out.push('[');
            for (index, element) in elements.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                write_value(out, element, escape);
            }
            out.push(']');
        }
        Value::Object(members) => {
            let sorted: BTreeMap<_, _> = members.iter().collect();
            out.push('{');
            for (index, (member, value)) in sorted.into_iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                string(out, member, escape);
                out.push(':');
                write_value(out, value, escape);
            }
            out.push('}');
        }
        Value::Bool(_) | Value::Null => out.push_str(&value.to_string()),
    }
}

fn string(out: &mut Zeroizing<String>, text: &str, escape: bool) {
    let quoted = Zeroizing::new(Value::from(text).to_string());
    for character in quoted.chars() {
        match character {
            '<' | '>' | '&' if !escape => out.push(character),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            plain => out.push(plain),
        }
    }
}

fn float(number: &Number) -> f64 {
    number.as_f64().unwrap_or_default()
}

/// As Go's encoder: with an exponent from 10²¹ on and below 10⁻⁶.
fn decimal(number: f64) -> String {
    let size = number.abs();
    if size == 0.0 || (1e-6..1e21).contains(&size) {
        return number.to_string();
    }
    let written = format!("{number:e}");
    if size >= 1e21 {
        written.replace('e', "e+")
    } else {
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_go_encodes_them() {
        for (number, written) in [
            (1.50, "1.5"),
            (-0.0, "-0"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (-1.5e300, "-1.5e+300"),
            (0.000_001, "0.000001"),
            (1.5e-7, "1.5e-7"),
        ] {
            assert_eq!(decimal(number), written);
        }
    }
}
