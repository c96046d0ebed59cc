//! The status that an outcome asks for: pure (contract §6, "Status").

use jiff::Timestamp;
use seal_api::{Condition, ConditionStatus, SealedSecretStatus};

/// What a pass came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) synced: bool,
    pub(crate) reason: &'static str,
    /// Empty when in sync, as the printer column expects.
    pub(crate) message: String,
}

/// `Synced` stays first: printer columns and Argo CD read element 0.
const KINDS: [&str; 2] = ["Synced", "Ready"];

/// The status to write, or `None` if the present one says the same already.
pub(crate) fn next_status(
    present: Option<&SealedSecretStatus>,
    generation: Option<i64>,
    verdict: &Verdict,
    now: Timestamp,
) -> Option<SealedSecretStatus> {
    let status = if verdict.synced {
        ConditionStatus::True
    } else {
        ConditionStatus::False
    };
    let old = |kind: &str| {
        present
            .into_iter()
            .flat_map(|present| &present.conditions)
            .find(|condition| condition.kind == kind)
    };
    let says_the_same = present.is_some_and(|present| {
        present.observed_generation == generation
            && present
                .conditions
                .first()
                .is_some_and(|first| first.kind == KINDS[0])
            && KINDS.iter().all(|kind| {
                old(kind).is_some_and(|old| {
                    old.status == status
                        && old.reason.as_deref() == Some(verdict.reason)
                        && old.message.as_deref().unwrap_or_default() == verdict.message
                })
            })
    });
    if says_the_same {
        return None;
    }
    // The format holds whole seconds.
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let conditions = KINDS
        .iter()
        .map(|kind| {
            let since = old(kind)
                .filter(|old| old.status == status)
                .and_then(|old| old.last_transition_time);
            Condition {
                kind: (*kind).to_owned(),
                status,
                last_update_time: Some(now),
                last_transition_time: since.or(Some(now)),
                reason: Some(verdict.reason.to_owned()),
                message: Some(verdict.message.clone()).filter(|text| !text.is_empty()),
            }
        })
        .collect();
    Some(SealedSecretStatus {
        observed_generation: generation,
        conditions,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(synced: bool, message: &str) -> Verdict {
        Verdict {
            synced,
            reason: if synced { "Synced" } else { "UnsealFailed" },
            message: message.to_owned(),
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn synced_comes_first_and_times_start_equal() {
        let status = next_status(None, Some(1), &verdict(true, ""), at(5)).unwrap();
        let kinds: Vec<_> = status.conditions.iter().map(|c| c.kind.as_str()).collect();
        assert_eq!(kinds, ["Synced", "Ready"]);
        let synced = &status.conditions[0];
        assert_eq!(synced.last_update_time, synced.last_transition_time);
        assert_eq!(synced.message, None);
    }

    #[test]
    fn only_differences_are_written_and_only_flips_move_the_transition() {
        let first = next_status(None, Some(1), &verdict(true, ""), at(5)).unwrap();
        for (generation, verdict, transition) in [
            (1, verdict(true, ""), None),
            (2, verdict(true, ""), Some(5)),
            (1, verdict(false, "no key"), Some(9)),
        ] {
            let next = next_status(Some(&first), Some(generation), &verdict, at(9));
            let moved = next
                .as_ref()
                .and_then(|next| next.conditions[0].last_transition_time);
            assert_eq!(moved, transition.map(at), "{generation} {verdict:?}");
        }
    }

    #[test]
    fn a_new_message_is_written_too() {
        let first = next_status(None, Some(1), &verdict(false, "a"), at(5)).unwrap();
        assert!(next_status(Some(&first), Some(1), &verdict(false, "b"), at(6)).is_some());
    }

    #[test]
    fn a_status_of_the_stock_controller_is_completed() {
        let stock = SealedSecretStatus {
            observed_generation: Some(1),
            conditions: vec![Condition {
                kind: "Synced".into(),
                status: ConditionStatus::True,
                last_update_time: Some(at(1)),
                last_transition_time: Some(at(1)),
                reason: None,
                message: None,
            }],
        };
        let next = next_status(Some(&stock), Some(1), &verdict(true, ""), at(6)).unwrap();
        assert_eq!(next.conditions[0].last_transition_time, Some(at(1)));
        assert_eq!(next.conditions.len(), 2);
    }
}
