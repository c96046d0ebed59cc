//! The current time, as far as the caller gave one: the moment of the render is a parameter.

use super::{Call, Function, Outcome, function, wrong};
use crate::date::Time;
use crate::duration;
use crate::error::{Failure, Fault};
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    function("now", 0, 0, |call| Ok(Value::Time(moment(call)?))),
    function("ago", 1, 1, ago),
];

fn moment(call: &Call<'_>) -> Result<Time, Fault> {
    call.now.ok_or(Failure::Unsupported.into())
}

/// How long ago a date was, to the second.
fn ago(call: &mut Call<'_>) -> Outcome {
    const SECOND: i64 = 1_000_000_000;
    let now = moment(call)?;
    let since = match call.any(0) {
        Value::Time(since) => *since,
        Value::Int(seconds) | Value::Int64(seconds) => Time::from_unix(*seconds),
        other => return Err(wrong(other)),
    };
    let passed = now
        .seconds
        .checked_sub(since.seconds)
        .and_then(|seconds| seconds.checked_mul(SECOND))
        .and_then(|nanos| nanos.checked_add(i64::from(now.nanos) - i64::from(since.nanos)))
        .ok_or(Failure::OutOfRange)?;
    let half = passed.signum() * (SECOND / 2);
    let rounded = (passed.checked_add(half).ok_or(Failure::OutOfRange)?) / SECOND * SECOND;
    call.meter.own(duration::text(rounded))
}
