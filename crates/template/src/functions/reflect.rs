//! Types and equality, as Go's reflect sees them.

use super::{Function, function};
use crate::error::Fault;
use crate::meter::Meter;
use crate::value::{List, Map, Value, kind_name, type_name};

pub(super) const FUNCTIONS: &[Function] = &[
    function("typeOf", 1, 1, |call| {
        Ok(Value::text(type_name(call.any(0))))
    }),
    function("typeIs", 2, 2, |call| {
        Ok(Value::Bool(
            call.bytes(0)? == type_name(call.any(1)).as_bytes(),
        ))
    }),
    function("typeIsLike", 2, 2, |call| {
        let (target, name) = (call.bytes(0)?, type_name(call.any(1)).as_bytes());
        Ok(Value::Bool(
            target == name || name.strip_prefix(b"*") == Some(target),
        ))
    }),
    function("kindOf", 1, 1, |call| {
        Ok(Value::text(kind_name(call.any(0))))
    }),
    function("kindIs", 2, 2, |call| {
        Ok(Value::Bool(
            call.bytes(0)? == kind_name(call.any(1)).as_bytes(),
        ))
    }),
    function("deepEqual", 2, 2, |call| {
        deep_equal(call.any(0), call.any(1), call.meter, 0).map(Value::Bool)
    }),
    function("deepCopy", 1, 1, |call| {
        deep_copy(call.any(0), call.meter, 0)
    }),
    function("mustDeepCopy", 1, 1, |call| {
        deep_copy(call.any(0), call.meter, 0)
    }),
];

/// Values that functions walk through nest no deeper than this.
const DEEPEST: usize = 100;

/// `reflect.DeepEqual`: equal in type and content.
pub(super) fn deep_equal(
    left: &Value,
    right: &Value,
    meter: &mut Meter,
    depth: usize,
) -> Result<bool, Fault> {
    if depth > DEEPEST {
        return Err(Fault::TooDeep);
    }
    Ok(match (left, right) {
        (left, right) if left.is_nil() || right.is_nil() => left.is_nil() && right.is_nil(),
        (Value::Bool(left), Value::Bool(right)) => left == right,
        (Value::Int(left), Value::Int(right)) | (Value::Int64(left), Value::Int64(right)) => {
            left == right
        }
        (Value::Byte(left), Value::Byte(right)) => left == right,
        #[expect(clippy::float_cmp, reason = "the template asks for exact equality")]
        (Value::Float(left), Value::Float(right)) => left == right,
        (Value::Str(left), Value::Str(right)) => {
            meter.reading(left.as_bytes().len().min(right.as_bytes().len()))?;
            left == right
        }
        (Value::Time(left), Value::Time(right)) => left == right,
        (Value::Version(left), Value::Version(right)) => left == right,
        (Value::List(left), Value::List(right)) => {
            if left.elem != right.elem || left.items().len() != right.items().len() {
                return Ok(false);
            }
            for (left, right) in left.items().iter().zip(right.items()) {
                meter.steps(1)?;
                if !deep_equal(left, right, meter, depth + 1)? {
                    return Ok(false);
                }
            }
            true
        }
        (Value::Map(left), Value::Map(right)) => {
            if left.is(right) {
                return Ok(true);
            }
            let (one, other) = (left.entries(), right.entries());
            if left.entry != right.entry || !one.keys().eq(other.keys()) {
                return Ok(false);
            }
            for (left, right) in one.values().zip(other.values()) {
                meter.steps(1)?;
                if !deep_equal(left, right, meter, depth + 1)? {
                    return Ok(false);
                }
            }
            true
        }
        _ => false,
    })
}

/// A copy whose maps are its own.
pub(super) fn deep_copy(value: &Value, meter: &mut Meter, depth: usize) -> Result<Value, Fault> {
    meter.bytes(size_of::<Value>())?;
    meter.steps(1)?;
    if depth > DEEPEST {
        return Err(Fault::TooDeep);
    }
    Ok(match value {
        Value::List(list) => {
            let items = list
                .items()
                .iter()
                .map(|item| deep_copy(item, meter, depth + 1))
                .collect::<Result<_, _>>()?;
            Value::List(List::new(list.elem, items))
        }
        Value::Map(map) => {
            let entries = map
                .entries()
                .into_iter()
                .map(|(key, item)| Ok((key, deep_copy(&item, meter, depth + 1)?)));
            Value::Map(Map::new(map.entry, entries.collect::<Result<_, Fault>>()?))
        }
        other => other.clone(),
    })
}
