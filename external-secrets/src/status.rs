//! `status` of an ExternalSecret: pure (contract §2.1).

use jiff::Timestamp;
use seal_api::external_secrets::{Binding, ExternalSecretStatus, ReadyCondition, ReadyStatus};

/// What a pass came to. Reasons are upstream's, which dashboards and scripts know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the Secret is what it should be.
    pub ready: bool,
    /// Upstream's word.
    pub reason: &'static str,
    /// For people. Never a value, a template, or what changes from one attempt to the next.
    pub message: String,
}

/// When values were fetched, and of which version of the object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Synced {
    /// When the pass began.
    pub at: Timestamp,
    /// [`external_data::synced_resource_version`].
    pub version: String,
}

impl Verdict {
    /// Values are in the Secret.
    pub fn synced() -> Self {
        Self::ready("SecretSynced", "secret synced")
    }

    /// The store has no values, and the Secret stays. A Secret that does not even exist is told, which
    /// upstream does not (contract §13.7).
    pub fn retained(exists: bool) -> Self {
        let message = if exists {
            "secret retained due to DeletionPolicy=Retain"
        } else {
            "secret retained due to DeletionPolicy=Retain; there is no Secret to retain"
        };
        Self::ready("SecretSynced", message)
    }

    /// The store has no values, and the Secret was deleted.
    pub fn deleted() -> Self {
        Self::ready(
            "SecretDeleted",
            "secret deleted due to DeletionPolicy=Delete",
        )
    }

    /// There is no Secret to merge into.
    pub fn waits() -> Self {
        Self::ready(
            "SecretMissing",
            "secret will not be created due to CreationPolicy=Merge",
        )
    }

    /// It failed. Upstream tells why in an event only; here the condition does.
    pub fn failed(message: String) -> Self {
        Self {
            ready: false,
            reason: "SecretSyncedError",
            message,
        }
    }

    fn ready(reason: &'static str, message: &str) -> Self {
        Self {
            ready: true,
            reason,
            message: message.to_owned(),
        }
    }
}

/// The status to write, or `None` if the present one says the same already. What was synced before stays
/// until something else is: a failure moves neither time nor version.
pub fn next_status(
    present: Option<&ExternalSecretStatus>,
    verdict: &Verdict,
    synced: Option<&Synced>,
    secret: Option<&str>,
    now: Timestamp,
) -> Option<ExternalSecretStatus> {
    let old = present.cloned().unwrap_or_default();
    let mut next = old.clone();
    if let Some(synced) = synced {
        // The format holds whole seconds.
        next.refresh_time = Some(whole_seconds(synced.at));
        next.synced_resource_version = Some(synced.version.clone());
    }
    if let Some(name) = secret {
        next.binding = Some(Binding {
            name: name.to_owned(),
        });
    }
    let ready = ready_condition(
        &old.conditions,
        verdict.ready,
        (verdict.reason, &verdict.message),
        now,
    );
    let other = |condition: &ReadyCondition| condition.kind != ready.kind;
    next.conditions.retain(other);
    next.conditions.push(ready);
    (present.is_none() || next != old).then_some(next)
}

/// The condition of that reason and message. Its `lastTransitionTime` moves only when its status does.
pub(crate) fn ready_condition(
    present: &[ReadyCondition],
    ready: bool,
    (reason, message): (&str, &str),
    now: Timestamp,
) -> ReadyCondition {
    let status = if ready {
        ReadyStatus::True
    } else {
        ReadyStatus::False
    };
    let before = present.iter().find(|condition| condition.kind == "Ready");
    let since = before.filter(|before| before.status == status);
    ReadyCondition {
        kind: "Ready".to_owned(),
        status,
        reason: Some(reason.to_owned()),
        message: Some(message.to_owned()),
        last_transition_time: since
            .and_then(|before| before.last_transition_time)
            .or(Some(whole_seconds(now))),
    }
}

fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn synced(second: i64) -> Synced {
        Synced {
            at: at(second),
            version: format!("{second}-x"),
        }
    }

    #[test]
    fn a_failure_moves_neither_time_nor_version() {
        let first = next_status(
            None,
            &Verdict::synced(),
            Some(&synced(5)),
            Some("db"),
            at(5),
        )
        .unwrap();
        assert_eq!(first.binding.as_ref().unwrap().name, "db");
        let failed = Verdict::failed("access denied".to_owned());
        let second = next_status(Some(&first), &failed, None, None, at(9)).unwrap();
        assert_eq!(second.refresh_time, Some(at(5)));
        assert_eq!(second.synced_resource_version.as_deref(), Some("5-x"));
        assert_eq!(second.conditions.len(), 1);
        assert_eq!(second.conditions[0].last_transition_time, Some(at(9)));
        assert_eq!(
            next_status(Some(&second), &failed, None, None, at(10)),
            None
        );
        let third = next_status(
            Some(&second),
            &Verdict::failed("gone".to_owned()),
            None,
            None,
            at(11),
        );
        assert_eq!(
            third.unwrap().conditions[0].last_transition_time,
            Some(at(9))
        );
    }

    #[test]
    fn what_upstream_wrote_is_left_as_it_is() {
        let theirs: ExternalSecretStatus = serde_json::from_str(
            r#"{"binding":{"name":"db"},"conditions":[{"lastTransitionTime":"2026-01-01T00:00:00Z",
            "message":"secret synced","reason":"SecretSynced","status":"True","type":"Ready"}],
            "refreshTime":"2026-01-01T00:00:00Z","syncedResourceVersion":"1-x"}"#,
        )
        .unwrap();
        let next = next_status(Some(&theirs), &Verdict::synced(), None, Some("db"), at(5));
        assert_eq!(next, None);
    }
}
