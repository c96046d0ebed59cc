//! Lists. Every function makes a new one.

use super::reflect::deep_equal;
use super::strings::like;
use super::{ANY, Call, Function, Outcome, function};
use crate::error::{Failure, Fault};
use crate::meter::Meter;
use crate::value::{Elem, List, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    function("list", 0, ANY, |call| call.make(call.arguments.to_vec())),
    function("tuple", 0, ANY, |call| call.make(call.arguments.to_vec())),
    function("append", 2, 2, append),
    function("push", 2, 2, append),
    function("mustAppend", 2, 2, append),
    function("mustPush", 2, 2, append),
    function("prepend", 2, 2, prepend),
    function("mustPrepend", 2, 2, prepend),
    function("first", 1, 1, |call| {
        Ok(call.list(0)?.items().first().cloned().unwrap_or(Value::Nil))
    }),
    function("mustFirst", 1, 1, |call| {
        Ok(call.list(0)?.items().first().cloned().unwrap_or(Value::Nil))
    }),
    function("last", 1, 1, |call| {
        Ok(call.list(0)?.items().last().cloned().unwrap_or(Value::Nil))
    }),
    function("mustLast", 1, 1, |call| {
        Ok(call.list(0)?.items().last().cloned().unwrap_or(Value::Nil))
    }),
    function("rest", 1, 1, |call| {
        call.make(call.list(0)?.items().iter().skip(1).cloned().collect())
    }),
    function("mustRest", 1, 1, |call| {
        call.make(call.list(0)?.items().iter().skip(1).cloned().collect())
    }),
    function("initial", 1, 1, initial),
    function("mustInitial", 1, 1, initial),
    function("reverse", 1, 1, |call| {
        call.make(call.list(0)?.items().iter().rev().cloned().collect())
    }),
    function("mustReverse", 1, 1, |call| {
        call.make(call.list(0)?.items().iter().rev().cloned().collect())
    }),
    function("uniq", 1, 1, uniq),
    function("mustUniq", 1, 1, uniq),
    function("without", 1, ANY, without),
    function("mustWithout", 1, ANY, without),
    function("has", 2, 2, has),
    function("mustHas", 2, 2, has),
    function("compact", 1, 1, |call| {
        call.make(
            call.list(0)?
                .items()
                .iter()
                .filter(|item| item.is_true())
                .cloned()
                .collect(),
        )
    }),
    function("mustCompact", 1, 1, |call| {
        call.make(
            call.list(0)?
                .items()
                .iter()
                .filter(|item| item.is_true())
                .cloned()
                .collect(),
        )
    }),
    function("slice", 1, ANY, slice),
    function("mustSlice", 1, ANY, slice),
    function("concat", 0, ANY, |call| {
        let mut items = Vec::new();
        for at in 0..call.count() {
            call.charge(call.list(at)?.items().len())?;
            items.extend_from_slice(call.list(at)?.items());
        }
        Ok(Value::list(items))
    }),
    function("chunk", 2, 2, chunk),
    function("mustChunk", 2, 2, chunk),
];

fn append(call: &mut Call<'_>) -> Outcome {
    let items = call.list(0)?.items();
    call.make(items.iter().chain([call.any(1)]).cloned().collect())
}

fn prepend(call: &mut Call<'_>) -> Outcome {
    let items = call.list(0)?.items();
    call.make([call.any(1)].into_iter().chain(items).cloned().collect())
}

fn initial(call: &mut Call<'_>) -> Outcome {
    let items = call.list(0)?.items();
    call.make(items[..items.len().saturating_sub(1)].to_vec())
}

fn contains(items: &[Value], wanted: &Value, meter: &mut Meter) -> Result<bool, Fault> {
    // Plain values compare fast; deep_equal counts the rest.
    meter.steps(items.len() / 16)?;
    for item in items {
        if deep_equal(wanted, item, meter, 0)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn uniq(call: &mut Call<'_>) -> Outcome {
    let mut unique: Vec<Value> = Vec::new();
    for item in call.list(0)?.items() {
        if !contains(&unique, item, call.meter)? {
            unique.push(item.clone());
        }
    }
    call.make(unique)
}

fn without(call: &mut Call<'_>) -> Outcome {
    let mut kept = Vec::new();
    for item in call.list(0)?.items() {
        if !contains(call.from(1), item, call.meter)? {
            kept.push(item.clone());
        }
    }
    call.make(kept)
}

fn has(call: &mut Call<'_>) -> Outcome {
    if call.any(1).is_nil() {
        return Ok(Value::Bool(false));
    }
    contains(call.list(1)?.items(), call.any(0), call.meter).map(Value::Bool)
}

fn slice(call: &mut Call<'_>) -> Outcome {
    let list = call.list(0)?;
    let items = list.items();
    if items.is_empty() {
        return Ok(Value::Nil);
    }
    let bound = |at: usize, otherwise: usize| match call.from(at) {
        [] => Ok(otherwise),
        _ => usize::try_from(call.integer(at)).map_err(|_| Fault::from(Failure::OutOfRange)),
    };
    let part = items
        .get(bound(1, 0)?..bound(2, items.len())?)
        .ok_or(Failure::OutOfRange)?;
    call.charge(part.len())?;
    Ok(like(list, part.to_vec()))
}

fn chunk(call: &mut Call<'_>) -> Outcome {
    let size = usize::try_from(call.int(0)?)
        .ok()
        .filter(|size| *size > 0)
        .ok_or(Failure::OutOfRange)?;
    let items = call.list(1)?.items();
    call.charge(items.len().saturating_mul(2))?;
    let chunks = items
        .chunks(size)
        .map(|chunk| Value::list(chunk.to_vec()))
        .collect();
    Ok(Value::List(List::new(Elem::List, chunks)))
}
