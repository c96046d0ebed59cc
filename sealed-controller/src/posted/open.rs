//! Opening what was sent: as objects are opened, without templates, and no further than to the first value that does
//! not open.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use seal_format::se1::{Fault, RecipientName};
use sealing::{Answers, NoSessionKey, OpenError};
use zeroize::Zeroizing;

use super::document::Posted;
use super::refusal::Refusal;
use crate::identities::{AtHand, LegacyAtHand, Moment};
use crate::metrics::Metrics;
use crate::opening::Waiting;
use crate::sync_error::Details;

/// Items with values of the legacy format that the newest key opened.
pub(super) type OnNewest = BTreeSet<String>;

/// With keys at hand: one private-key operation for each value of the legacy format, or some if it is for another key
/// than the value before it, and one for each data key. `newest` is the key whose values are to be known.
pub(super) fn at_hand(
    posted: &Posted,
    moment: &Moment,
    newest: Option<&RecipientName>,
    metrics: &Metrics,
    until: Instant,
) -> Result<(Waiting, OnNewest), Refusal> {
    let opening = posted.opening();
    let opening = opening.map_err(|error| refused(&error, &Details::default()))?;
    let mut current = OnNewest::new();
    let mut waiting = Waiting {
        session_keys: Vec::new(),
        data_keys: Vec::new(),
        details: Details::default(),
    };
    // Whatever else is locked or away, one that opens nowhere decides.
    let mut order = moment.key_order();
    for (need, item) in opening.needs().zip(posted.legacy_items()) {
        in_time(until)?;
        let key = moment.unwrap_legacy(&need, &mut order, metrics);
        if let LegacyAtHand::Known(Err(NoSessionKey::NoKey | NoSessionKey::NotTried)) = key {
            return Err(Refusal::Closed);
        }
        let is_open = matches!(key, LegacyAtHand::Known(Ok(_)));
        if is_open && newest.is_some() && order.first() == newest {
            current.insert(item.to_owned());
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
    Ok((waiting, current))
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
pub(super) fn refused(error: &OpenError, details: &Details) -> Refusal {
    let mut reasons = error.reasons().iter();
    if !reasons.all(|(reason, _)| reason.fault() == Some(Fault::Unavailable)) {
        Refusal::Closed
    } else if details.needs_someone() {
        Refusal::Denied
    } else {
        Refusal::Unavailable
    }
}

fn in_time(until: Instant) -> Result<(), Refusal> {
    if Instant::now() < until {
        Ok(())
    } else {
        Err(Refusal::TooLong)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::{SignedDuration, Timestamp};
    use seal_format::{Envelope, SessionKey};
    use seal_keys::{Recipient as _, SealingKey, issue};

    use super::*;

    fn key(hours: i64) -> Arc<SealingKey> {
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours);
        let issued = issue(2048, "", now, SignedDuration::from_hours(1)).unwrap();
        let name = hours.to_string();
        Arc::new(SealingKey::new(name, issued.certificate, &issued.key, now).unwrap())
    }

    fn sealed(key: &SealingKey) -> String {
        let session_key = SessionKey::from_fresh_bytes(Zeroizing::new([7; SessionKey::LEN]));
        let recipient = key.identity().recipient().unwrap();
        let envelope = Envelope {
            wrapped_key: recipient.wrap(session_key.expose(), b"prod/db").unwrap(),
            payload: session_key.seal(b"value").unwrap(),
        };
        envelope.to_text().unwrap()
    }

    #[test]
    fn what_the_newest_key_opens_is_known_and_time_is_bounded() {
        let (old, new) = (key(1), key(2));
        let items = [("a", &old), ("b", &new), ("c", &old), ("d", &new)];
        let items = items.map(|(item, key)| format!("    {item}: {}\n", sealed(key)));
        let text = format!(
            "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {{name: db, namespace: prod}}\nspec:\n  encryptedData:\n{}",
            items.concat()
        );
        let posted = Posted::read(text.as_bytes()).unwrap();
        let newest = new.identity().name().clone();
        let moment = Moment::of_keys(vec![old, new]);
        let metrics = Metrics::new("test");
        let until = |more: u64| Instant::now() + std::time::Duration::from_secs(more);
        for (newest, expected) in [(Some(&newest), &["b", "d"][..]), (None, &[])] {
            let found = at_hand(&posted, &moment, newest, &metrics, until(600));
            let (waiting, current) = found.unwrap_or_else(|refusal| panic!("{refusal:?}"));
            assert!(waiting.calls() == 0 && waiting.answers().is_ok());
            assert_eq!(current.into_iter().collect::<Vec<_>>(), expected);
        }
        let late = at_hand(&posted, &moment, None, &metrics, until(0));
        assert_eq!(late.err(), Some(Refusal::TooLong));
    }
}
