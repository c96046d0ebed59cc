//! Dates as the clocks of any zone show them.

use super::dates::{Shown, html, show};
use super::{Call, Function, function};
use crate::date::Time;
use crate::error::Fault;
use crate::zone;

pub(super) const FUNCTIONS: &[Function] = &[
    function("dateInZone", 3, 3, |call| show(call, Some(in_zone))),
    function("date_in_zone", 3, 3, |call| show(call, Some(in_zone))),
    function("htmlDateInZone", 2, 2, |call| html(call, Some(in_zone))),
];

/// sprig takes what is no zone for UTC, and so is `Local` in the controller's image.
fn in_zone(call: &mut Call<'_>, time: Time, zone: usize) -> Result<Shown, Fault> {
    // Reading a zone's rules.
    call.meter.steps(20)?;
    let zone = zone::of(call.bytes(zone)?, time);
    Ok(zone.unwrap_or((time.in_utc(), None)))
}
