//! The functions of Go's text/template itself.

use super::{ANY, Call, Function, Outcome, function, wrong};
use crate::error::{Failure, Fault};
use crate::printf;
use crate::value::{Entry, Value};
use crate::{convert, print};

pub(super) const FUNCTIONS: &[Function] = &[
    // The evaluator runs these two itself: they look at no more arguments than they must.
    function("and", 1, ANY, |call| Ok(call.any(0).clone())),
    function("or", 1, ANY, |call| Ok(call.any(0).clone())),
    function("not", 1, 1, |call| Ok(Value::Bool(!call.any(0).is_true()))),
    function("eq", 2, ANY, |call| equal_to_any(call).map(Value::Bool)),
    function("ne", 2, 2, |call| {
        equal_to_any(call).map(|equal| Value::Bool(!equal))
    }),
    function("lt", 2, 2, |call| {
        less(call.any(0), call.any(1)).map(Value::Bool)
    }),
    function("le", 2, 2, |call| {
        at_most(call.any(0), call.any(1)).map(Value::Bool)
    }),
    function("gt", 2, 2, |call| {
        at_most(call.any(0), call.any(1)).map(|less| Value::Bool(!less))
    }),
    function("ge", 2, 2, |call| {
        less(call.any(0), call.any(1)).map(|less| Value::Bool(!less))
    }),
    function("len", 1, 1, len),
    function("index", 1, ANY, index),
    function("print", 0, ANY, |call| {
        let mut out = call.meter.buffer();
        print::sprint(&mut out, call.meter, call.arguments)?;
        call.meter.text(out)
    }),
    function("println", 0, ANY, |call| {
        let mut out = call.meter.buffer();
        for (at, value) in call.arguments.iter().enumerate() {
            if at > 0 {
                out.push(" ")?;
            }
            print::plain(&mut out, call.meter, value)?;
        }
        out.push("\n")?;
        call.meter.text(out)
    }),
    function("printf", 1, ANY, |call| {
        let mut out = call.meter.buffer();
        printf::sprintf(&mut out, call.meter, &call.chars(0)?, call.from(1))?;
        call.meter.text(out)
    }),
];

fn equal_to_any(call: &mut Call<'_>) -> Result<bool, Fault> {
    let first = call.any(0);
    for other in call.from(1) {
        if equal(first, other)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn equal(left: &Value, right: &Value) -> Result<bool, Fault> {
    if let (Some(left), Some(right)) = (left.integer(), right.integer()) {
        return Ok(left == right);
    }
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => Ok(left == right),
        (Value::Str(left), Value::Str(right)) => Ok(left == right),
        #[expect(clippy::float_cmp, reason = "the template asks for exact equality")]
        (Value::Float(left), Value::Float(right)) => Ok(left == right),
        (left, right) if left.is_nil() || right.is_nil() => Ok(left.is_nil() && right.is_nil()),
        _ => Err(Failure::Incomparable.into()),
    }
}

fn less(left: &Value, right: &Value) -> Result<bool, Fault> {
    if let (Some(left), Some(right)) = (left.integer(), right.integer()) {
        return Ok(left < right);
    }
    match (left, right) {
        (Value::Str(left), Value::Str(right)) => Ok(left < right),
        (Value::Float(left), Value::Float(right)) => Ok(left < right),
        _ => Err(Failure::Incomparable.into()),
    }
}

fn at_most(left: &Value, right: &Value) -> Result<bool, Fault> {
    Ok(less(left, right)? || equal(left, right)?)
}

fn len(call: &mut Call<'_>) -> Outcome {
    let length = match call.any(0) {
        Value::Str(text) => text.as_bytes().len(),
        Value::List(list) => list.items().len(),
        Value::Map(map) => map.len(),
        other => return Err(wrong(other)),
    };
    i64::try_from(length)
        .map(Value::Int)
        .map_err(|_| Fault::TooLarge)
}

fn index(call: &mut Call<'_>) -> Outcome {
    let mut value = call.any(0).clone();
    for key in call.from(1) {
        value = element(&value, key)?;
    }
    Ok(value)
}

fn element(value: &Value, key: &Value) -> Outcome {
    match (value, key) {
        (Value::Map(map), Value::Str(key)) => {
            Ok(map.get(key.as_bytes()).unwrap_or_else(|| match map.entry {
                Entry::Any => Value::Nil,
                Entry::Str => Value::text(""),
            }))
        }
        (Value::List(list), key) => {
            let at = position(key)?;
            list.items()
                .get(at)
                .cloned()
                .ok_or_else(|| Failure::OutOfRange.into())
        }
        (Value::Str(text), key) => {
            let at = position(key)?;
            text.as_bytes()
                .get(at)
                .map(|byte| Value::Byte(*byte))
                .ok_or_else(|| Failure::OutOfRange.into())
        }
        (Value::Map(_), key) => Err(wrong(key)),
        (value, _) => Err(wrong(value)),
    }
}

fn position(key: &Value) -> Result<usize, Fault> {
    let at = match key {
        Value::Float(_) => return Err(wrong(key)),
        other => other.integer().ok_or_else(|| wrong(other))?,
    };
    usize::try_from(at).map_err(|_| Failure::OutOfRange.into())
}

/// What the escapers escape: one text as it is, everything else as `fmt.Sprint` prints it.
pub(super) fn printed(call: &mut Call<'_>) -> Result<crate::value::Text, Fault> {
    if let [Value::Str(text)] = call.arguments {
        return Ok(text.clone());
    }
    let shown = |value: &Value| {
        if value.is_nil() {
            Value::text("<no value>")
        } else {
            value.clone()
        }
    };
    let values: Vec<Value> = call.arguments.iter().map(shown).collect();
    let mut out = call.meter.buffer();
    print::sprint(&mut out, call.meter, &values)?;
    convert::to_text(&call.meter.text(out)?, call.meter)
}
