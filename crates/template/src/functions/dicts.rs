//! Maps. They are shared: `set` changes the map for everyone who holds it, as in Go.

use super::{ANY, Call, Function, Outcome, function};
use crate::convert::to_text;
use crate::error::{Failure, Fault};
use crate::meter::Meter;
use crate::value::{Entries, Entry, Map, Text, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    function("dict", 0, ANY, dict),
    function("get", 2, 2, |call| {
        Ok(call
            .dict(0)?
            .get(call.bytes(1)?)
            .unwrap_or_else(|| Value::text("")))
    }),
    function("set", 3, 3, |call| {
        let (map, key, value) = (call.dict(0)?, call.text(1)?, call.any(2));
        put(map, key.clone(), value.clone(), call.meter)?;
        Ok(call.any(0).clone())
    }),
    function("unset", 2, 2, |call| {
        call.dict(0)?.remove(call.text(1)?);
        Ok(call.any(0).clone())
    }),
    function("hasKey", 2, 2, |call| {
        Ok(Value::Bool(call.dict(0)?.has(call.text(1)?)))
    }),
    function("pluck", 1, ANY, |call| {
        let key = call.bytes(0)?;
        let mut found = Vec::new();
        for at in 1..call.count() {
            found.extend(call.dict(at)?.get(key));
        }
        call.make(found)
    }),
    // Go gives these two in random order; sorted is one of the orders it may give.
    function("keys", 0, ANY, |call| {
        let mut keys = Vec::new();
        for at in 0..call.count() {
            keys.extend(call.dict(at)?.entries().into_keys().map(Value::Str));
        }
        call.make_strings(keys)
    }),
    function("values", 1, 1, |call| {
        let values = call.dict(0)?.entries().into_values().collect();
        call.make(values)
    }),
    function("pick", 1, ANY, |call| select(call, true)),
    function("omit", 1, ANY, |call| select(call, false)),
    function("merge", 1, ANY, |call| merge(call, false)),
    function("mustMerge", 1, ANY, |call| merge(call, false)),
    function("mergeOverwrite", 1, ANY, |call| merge(call, true)),
    function("mustMergeOverwrite", 1, ANY, |call| merge(call, true)),
    function("dig", 3, ANY, dig),
];

fn dict(call: &mut Call<'_>) -> Outcome {
    call.charge(call.count())?;
    let mut entries = Entries::new();
    for pair in call.arguments.chunks(2) {
        let key = to_text(&pair[0], call.meter)?;
        entries.insert(key, pair.get(1).cloned().unwrap_or_else(|| Value::text("")));
    }
    Ok(Value::map(entries))
}

fn select(call: &mut Call<'_>, wanted: bool) -> Outcome {
    let mut entries = call.dict(0)?.entries();
    let names: Vec<&Text> = (1..call.count())
        .map(|at| call.text(at))
        .collect::<Result<_, _>>()?;
    call.meter
        .steps(entries.len().saturating_mul(names.len()) / 16)?;
    entries.retain(|key, _| names.contains(&key) == wanted);
    call.charge(entries.len())?;
    Ok(Value::map(entries))
}

fn dig(call: &mut Call<'_>) -> Outcome {
    let keys = call.count() - 2;
    let mut value = call.any(keys + 1).clone();
    for at in 0..keys {
        let Value::Map(map) = &value else {
            return Err(Failure::WrongType.into());
        };
        if map.entry != Entry::Any {
            return Err(Failure::WrongType.into());
        }
        match map.get(call.bytes(at)?) {
            Some(found) => value = found,
            None => return Ok(call.any(keys).clone()),
        }
    }
    Ok(value)
}

/// Merges every later map into the first, and gives that.
fn merge(call: &mut Call<'_>, overwrite: bool) -> Outcome {
    let into = call.dict(0)?;
    for at in 1..call.count() {
        merge_into(into, call.dict(at)?, overwrite, call.meter, 0)?;
    }
    Ok(call.any(0).clone())
}

fn merge_into(
    into: &Map,
    from: &Map,
    overwrite: bool,
    meter: &mut Meter,
    depth: usize,
) -> Result<(), Fault> {
    if depth > 100 {
        return Err(Fault::TooDeep);
    }
    for (key, new) in from.entries() {
        meter.steps(1)?;
        let old = into.get(key.as_bytes());
        if let (Some(Value::Map(old)), Value::Map(new)) = (&old, &new) {
            if old.entry != Entry::Any || new.entry != Entry::Any {
                return Err(Failure::WrongType.into());
            }
            merge_into(old, new, overwrite, meter, depth + 1)?;
        }
        let filled = old.as_ref().is_some_and(Value::is_true);
        let replaces = match (&old, &new) {
            (_, Value::Nil | Value::Missing) => overwrite,
            (Some(Value::Map(_)), Value::Map(_)) => !filled,
            _ => overwrite || !filled,
        };
        if replaces {
            put(into, key, new, meter)?;
        }
    }
    Ok(())
}

/// Puts a value into a map, unless the map would then contain itself.
fn put(map: &Map, key: Text, value: Value, meter: &mut Meter) -> Result<(), Fault> {
    meter.bytes(2 * size_of::<Value>())?;
    let mut waiting = vec![value.clone()];
    while let Some(next) = waiting.pop() {
        meter.steps(1)?;
        match next {
            Value::List(list) => {
                waiting.extend(list.items().iter().filter(|item| nests(item)).cloned());
            }
            Value::Map(inner) if inner.is(map) => return Err(Failure::Cycle.into()),
            Value::Map(inner) => waiting.extend(inner.entries().into_values().filter(nests)),
            _ => {}
        }
    }
    map.insert(key, value);
    Ok(())
}

fn nests(value: &Value) -> bool {
    matches!(value, Value::List(_) | Value::Map(_))
}
