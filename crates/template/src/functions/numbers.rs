//! Arithmetic. Whole numbers wrap, as Go's do.

use super::{ANY, Call, Function, Outcome, function, wrong};
use crate::convert::{parse_float, to_float, to_text, widen};
use crate::decimal::Decimal;
use crate::error::{Failure, Fault};
use crate::evaluate::integers;
use crate::meter::Meter;
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    function("atoi", 1, 1, |call| {
        Ok(Value::Int(call.chars(0)?.parse().unwrap_or_default()))
    }),
    function("int", 1, 1, |call| Ok(Value::Int(call.integer(0)))),
    function("int64", 1, 1, |call| Ok(Value::Int64(call.integer(0)))),
    function("float64", 1, 1, |call| {
        Ok(Value::Float(to_float(call.any(0))))
    }),
    function("toDecimal", 1, 1, |call| {
        let text = to_text(call.any(0), call.meter)?;
        Ok(Value::Int64(
            i64::from_str_radix(&text.chars(), 8).unwrap_or_default(),
        ))
    }),
    function("add1", 1, 1, |call| {
        Ok(Value::Int64(call.integer(0).wrapping_add(1)))
    }),
    function("add", 0, ANY, |call| Ok(fold(call, i64::wrapping_add, 0))),
    function("sub", 2, 2, |call| {
        Ok(Value::Int64(call.integer(0).wrapping_sub(call.integer(1))))
    }),
    function("div", 2, 2, |call| divide(call, i64::wrapping_div)),
    function("mod", 2, 2, |call| divide(call, i64::wrapping_rem)),
    function("mul", 1, ANY, |call| Ok(fold(call, i64::wrapping_mul, 1))),
    function("max", 1, ANY, |call| Ok(fold(call, i64::max, i64::MIN))),
    function("biggest", 1, ANY, |call| Ok(fold(call, i64::max, i64::MIN))),
    function("min", 1, ANY, |call| Ok(fold(call, i64::min, i64::MAX))),
    function("maxf", 1, ANY, |call| {
        Ok(floats(call, |one, other| {
            if one > other || one.is_nan() {
                one
            } else {
                other
            }
        }))
    }),
    function("minf", 1, ANY, |call| {
        Ok(floats(call, |one, other| {
            if one < other || one.is_nan() {
                one
            } else {
                other
            }
        }))
    }),
    function("add1f", 1, 1, |call| {
        decimals(call.any(0), &[Value::Int(1)], Decimal::add)
    }),
    function("addf", 0, ANY, |call| {
        decimals(&Value::Int(0), call.arguments, Decimal::add)
    }),
    function("subf", 1, ANY, |call| {
        decimals(call.any(0), call.from(1), Decimal::sub)
    }),
    function("mulf", 1, ANY, |call| {
        decimals(call.any(0), call.from(1), Decimal::mul)
    }),
    function("divf", 1, ANY, |call| {
        decimals(call.any(0), call.from(1), Decimal::div)
    }),
    function("ceil", 1, 1, |call| {
        Ok(Value::Float(to_float(call.any(0)).ceil()))
    }),
    function("floor", 1, 1, |call| {
        Ok(Value::Float(to_float(call.any(0)).floor()))
    }),
    function("round", 2, 3, round),
    function("until", 1, 1, |call| {
        let stop = call.int(0)?;
        let numbers = count(0, stop, if stop < 0 { -1 } else { 1 }, call.meter)?;
        integers(call.meter, numbers)
    }),
    function("untilStep", 3, 3, |call| {
        let numbers = count(call.int(0)?, call.int(1)?, call.int(2)?, call.meter)?;
        integers(call.meter, numbers)
    }),
    function("seq", 0, ANY, seq),
];

fn fold(call: &Call<'_>, with: fn(i64, i64) -> i64, start: i64) -> Value {
    let numbers = (0..call.count()).map(|at| call.integer(at));
    Value::Int64(numbers.fold(start, with))
}

fn floats(call: &Call<'_>, with: fn(f64, f64) -> f64) -> Value {
    Value::Float(
        call.from(1)
            .iter()
            .map(to_float)
            .fold(to_float(call.any(0)), with),
    )
}

fn decimals(
    first: &Value,
    others: &[Value],
    with: fn(Decimal, Decimal) -> Result<Decimal, Failure>,
) -> Outcome {
    let first = Decimal::from_float(to_float(first))?;
    let result = others.iter().try_fold(first, |so_far, next| {
        with(so_far, Decimal::from_float(to_float(next))?)
    })?;
    Ok(Value::Float(result.to_float()))
}

fn divide(call: &Call<'_>, with: fn(i64, i64) -> i64) -> Outcome {
    let divisor = call.integer(1);
    if divisor == 0 {
        return Err(Failure::DivisionByZero.into());
    }
    Ok(Value::Int64(with(call.integer(0), divisor)))
}

fn round(call: &mut Call<'_>) -> Outcome {
    let places = i32::try_from(call.int(1)?).map_err(|_| Failure::OutOfRange)?;
    let threshold = match call.from(2).first() {
        None => 0.5,
        Some(Value::Float(threshold)) => *threshold,
        Some(Value::Int(threshold)) => widen(*threshold),
        Some(other) => return Err(wrong(other)),
    };
    // 10^places read from text is correctly rounded, as Go's Pow is for powers of ten.
    let power =
        parse_float(&format!("1e{places}")).unwrap_or(if places > 0 { f64::INFINITY } else { 0.0 });
    let scaled = power * to_float(call.any(0));
    let whole = if scaled.fract() >= threshold {
        scaled.ceil()
    } else {
        scaled.floor()
    };
    Ok(Value::Float(whole / power))
}

/// The numbers from `start` to before `end`; their count is charged before they are made.
fn count(start: i64, end: i64, step: i64, meter: &mut Meter) -> Result<Vec<i64>, Fault> {
    let forward = end >= start;
    if step == 0 || forward != (step > 0) {
        return Ok(Vec::new());
    }
    let size = start.abs_diff(end).div_ceil(step.unsigned_abs());
    let size = usize::try_from(size).map_err(|_| Fault::TooLarge)?;
    meter.bytes(size.saturating_mul(size_of::<i64>()))?;
    Ok(
        std::iter::successors(Some(start), |at| at.checked_add(step))
            .take(size)
            .collect(),
    )
}

fn seq(call: &mut Call<'_>) -> Outcome {
    let numbers: Vec<i64> = (0..call.count())
        .map(|at| call.int(at))
        .collect::<Result<_, _>>()?;
    let (start, step, end) = match numbers.as_slice() {
        [end] => (1, if *end < 1 { -1 } else { 1 }, *end),
        [start, end] => (*start, if end < start { -1 } else { 1 }, *end),
        [start, step, end] if end < start && *step > 0 => (*start, 0, *end),
        [start, step, end] => (*start, *step, *end),
        _ => (0, 0, 0),
    };
    let last = end
        .checked_add(if end < start { -1 } else { 1 })
        .ok_or(Failure::OutOfRange)?;
    let numbers = count(start, last, step, call.meter)?;
    let mut out = call.meter.buffer();
    for (at, number) in numbers.iter().enumerate() {
        out.push(if at > 0 { " " } else { "" })?;
        out.push(number.to_string())?;
    }
    call.meter.text(out)
}
