//! Opening what was sent: as objects are opened, without templates, and no further than to the first value that does
//! not open.

use std::collections::BTreeMap;
use std::time::Instant;

use seal_format::se1::Fault;
use sealing::{Answers, NoSessionKey, OpenError};
use zeroize::Zeroizing;

use super::document::Posted;
use super::refusal::Refusal;
use crate::identities::{AtHand, LegacyAtHand, Moment};
use crate::metrics::Metrics;
use crate::opening::Waiting;
use crate::sync_error::Details;

/// With keys at hand: one private-key operation for each value of the legacy format, or some if it is for another key
/// than the value before it, and one for each data key.
pub(super) fn at_hand(
    posted: &Posted,
    moment: &Moment,
    metrics: &Metrics,
    until: Instant,
) -> Result<Waiting, Refusal> {
    let opening = posted.opening().map_err(|error| refused(&error))?;
    let mut waiting = Waiting {
        session_keys: Vec::new(),
        data_keys: Vec::new(),
        details: Details::default(),
    };
    // Whatever else is locked or away, one that opens nowhere decides.
    let mut order = moment.key_order();
    for need in opening.needs() {
        in_time(until)?;
        let key = moment.unwrap_legacy(&need, &mut order, metrics);
        if let LegacyAtHand::Known(Err(NoSessionKey::NoKey | NoSessionKey::NotTried)) = key {
            return Err(Refusal::Closed);
        }
        waiting.session_keys.push(key);
    }
    for need in opening.data_keys() {
        in_time(until)?;
        let key = moment.unwrap(&need, metrics);
        match key {
            AtHand::Known(Err(fault)) if fault != Fault::Unavailable => {
                return Err(Refusal::Closed);
            }
            key => waiting.data_keys.push(key),
        }
    }
    Ok(waiting)
}

/// Whether everything decrypts.
pub(super) fn opens(posted: &Posted, answers: &Answers) -> Result<(), OpenError> {
    posted.opening()?.opens(answers)
}

/// The values.
pub(super) fn values(
    posted: &Posted,
    answers: &Answers,
) -> Result<BTreeMap<String, Zeroizing<Vec<u8>>>, OpenError> {
    posted.opening()?.values(answers)
}

/// All that is told of why something does not open.
pub(super) fn refused(error: &OpenError) -> Refusal {
    let mut reasons = error.reasons().iter();
    if reasons.all(|(reason, _)| reason.fault() == Some(Fault::Unavailable)) {
        Refusal::Unavailable
    } else {
        Refusal::Closed
    }
}

fn in_time(until: Instant) -> Result<(), Refusal> {
    if Instant::now() < until {
        Ok(())
    } else {
        Err(Refusal::TooLong)
    }
}
