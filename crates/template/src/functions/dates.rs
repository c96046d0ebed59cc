//! Dates that are given. What needs the current time is refused.

use super::{Call, Function, Outcome, function, wrong};
use crate::date::Time;
use crate::error::{Failure, Fault};
use crate::value::Value;
use crate::zone::Abbreviation;
use crate::{date_reader, duration};

pub(super) const FUNCTIONS: &[Function] = &[
    function("date", 2, 2, |call| show(call, None)),
    function("dateInZone", 3, 3, |call| show(call, Some(only_utc))),
    function("date_in_zone", 3, 3, |call| show(call, Some(only_utc))),
    function("htmlDate", 1, 1, |call| html(call, None)),
    function("htmlDateInZone", 2, 2, |call| html(call, Some(only_utc))),
    function("toDate", 2, 2, |call| match read(call) {
        Err(Failure::Unparsable) => Ok(Value::Time(Time::ZERO)),
        read => Ok(Value::Time(read?)),
    }),
    function("mustToDate", 2, 2, |call| Ok(Value::Time(read(call)?))),
    function("dateModify", 2, 2, |call| modify(call, true)),
    function("date_modify", 2, 2, |call| modify(call, true)),
    function("mustDateModify", 2, 2, |call| modify(call, false)),
    function("must_date_modify", 2, 2, |call| modify(call, false)),
    function("unixEpoch", 1, 1, |call| {
        let time = time(call, 0)?;
        call.meter.own(time.seconds.to_string())
    }),
    function("duration", 1, 1, |call| {
        let seconds = match call.any(0) {
            Value::Str(text) => text.chars().parse().unwrap_or_default(),
            Value::Int64(seconds) => *seconds,
            _ => 0,
        };
        call.meter
            .own(duration::text(i64::wrapping_mul(seconds, 1_000_000_000)))
    }),
    function("durationRound", 1, 1, |call| {
        let nanos = match call.any(0) {
            Value::Str(text) => duration::parse(&text.chars()).unwrap_or_default(),
            Value::Int64(nanos) => *nanos,
            // sprig measures from now.
            Value::Time(_) => return Err(Failure::Unsupported.into()),
            _ => 0,
        };
        call.meter.own(duration::rounded(nanos))
    }),
];

fn time(call: &Call<'_>, at: usize) -> Result<Time, Fault> {
    match call.any(at) {
        Value::Time(time) => Ok(*time),
        other => Err(wrong(other)),
    }
}

/// A time, or seconds since 1970. sprig takes everything else for the current time.
fn moment(call: &Call<'_>, at: usize) -> Result<Time, Fault> {
    match call.any(at) {
        Value::Time(time) => Ok(*time),
        Value::Int(seconds) | Value::Int64(seconds) => Ok(Time::from_unix(*seconds)),
        _ => Err(Failure::Unsupported.into()),
    }
}

/// What finds the time of a zone, whose name is an argument.
pub(super) type InZone = fn(&mut Call<'_>, Time, usize) -> Result<Shown, Fault>;

/// A time as a zone's clocks show it, and how the zone calls itself then, if it is not by its offset.
pub(super) type Shown = (Time, Option<Abbreviation>);

/// `Local` is UTC in the controller's image, which has no other zones: there sprig silently shows UTC.
fn only_utc(call: &mut Call<'_>, time: Time, zone: usize) -> Result<Shown, Fault> {
    match call.bytes(zone)? {
        b"" | b"UTC" | b"Local" => Ok((time.in_utc(), None)),
        _ => Err(Failure::Unsupported.into()),
    }
}

/// Layout, then date, then zone.
pub(super) fn show(call: &mut Call<'_>, zone: Option<InZone>) -> Outcome {
    let time = moment(call, 1)?;
    let (time, abbreviation) = match zone {
        Some(in_zone) => in_zone(call, time, 2)?,
        None => (time.in_utc(), None),
    };
    let layout = call.chars(0)?;
    // One letter of a layout becomes at most nine.
    call.meter.bytes(layout.len() * 9)?;
    let shown = time.format_as(&layout, abbreviation.as_deref())?;
    call.meter.own(shown)
}

/// Date, then zone.
pub(super) fn html(call: &mut Call<'_>, zone: Option<InZone>) -> Outcome {
    let time = moment(call, 0)?;
    let time = match zone {
        Some(in_zone) => in_zone(call, time, 1)?.0,
        None => time.in_utc(),
    };
    call.meter.own(time.format("2006-01-02")?)
}

fn read(call: &mut Call<'_>) -> Result<Time, Failure> {
    let (layout, text) = (
        call.chars(0).map_err(|_| Failure::WrongType)?,
        call.chars(1).map_err(|_| Failure::WrongType)?,
    );
    date_reader::read(&layout, &text)
}

/// What is no duration leaves the date as it is, unless the function is a `must…`.
fn modify(call: &mut Call<'_>, lenient: bool) -> Outcome {
    let time = time(call, 1)?;
    match duration::parse(&call.chars(0)?) {
        Some(nanos) => Ok(Value::Time(time.add(nanos).ok_or(Failure::OutOfRange)?)),
        None if lenient => Ok(Value::Time(time)),
        None => Err(Failure::Unparsable.into()),
    }
}
