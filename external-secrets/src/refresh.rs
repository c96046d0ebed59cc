//! Whether values are to be fetched: a pure decision (contract §3.1, §3.2, §3.6).

use jiff::{SignedDuration, Timestamp};
use seal_api::external_secrets::{
    CreationPolicy, ExternalSecretSpec, ExternalSecretStatus, RefreshPolicy,
};

use crate::sync_window;

/// When values are fetched if the specification does not say.
pub const DEFAULT_INTERVAL: SignedDuration = SignedDuration::from_hours(1);

/// An interval that is no duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadInterval;

/// All that the decision looks at.
pub struct Moment<'a> {
    /// What was asked for.
    pub spec: &'a ExternalSecretSpec,
    /// What was said last.
    pub status: Option<&'a ExternalSecretStatus>,
    /// [`external_data::synced_resource_version`] of the object as it is.
    pub version: &'a str,
    /// Whether the Secret is as it was written.
    pub target: TargetState,
    /// Now.
    pub now: Timestamp,
}

/// What the Secret is, compared with what was written last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetState {
    /// The same, by its marks.
    AsWritten,
    /// Changed by someone.
    Changed,
    /// Not there.
    Missing,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// Fetch. Why decides who goes first.
    Now(Why),
    /// Look again after this time; never without a change, if there is none.
    Later(Option<SignedDuration>),
}

/// Why values are fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Never done before.
    First,
    /// Specification, labels or annotations changed: someone waits.
    Changed,
    /// The Secret is not what it should be.
    Drift,
    /// The interval has passed.
    Due,
}

/// Decides.
///
/// # Errors
/// [`BadInterval`] if `refreshInterval` cannot be read.
pub fn decide(moment: &Moment<'_>) -> Result<Refresh, BadInterval> {
    let interval = interval(moment.spec)?;
    let policy = moment.spec.refresh_policy.unwrap_or_default();
    let refreshed = moment.status.and_then(|status| status.refresh_time);
    let synced = moment
        .status
        .and_then(|status| status.synced_resource_version.as_deref());
    let synced = synced.filter(|version| !version.is_empty());
    let (Some(refreshed), Some(synced)) = (refreshed, synced) else {
        return Ok(Refresh::Now(Why::First));
    };
    // Documented upstream: with an interval of 0 not even a change of the specification counts.
    let periodic = policy == RefreshPolicy::Periodic && interval > SignedDuration::ZERO;
    let counts = periodic || policy == RefreshPolicy::OnChange;
    // Before drift: people who changed the object want what is in the store now.
    if counts && synced != moment.version {
        return Ok(Refresh::Now(Why::Changed));
    }
    if needs_repair(moment) {
        return Ok(Refresh::Now(Why::Drift));
    }
    if !periodic {
        return Ok(Refresh::Later(None));
    }
    let elapsed = moment.now.duration_since(refreshed);
    if elapsed < interval && !elapsed.is_negative() {
        return Ok(Refresh::Later(Some(interval - elapsed)));
    }
    let windows = moment.spec.sync_windows.as_ref();
    if sync_window::is_open(windows, moment.now) {
        return Ok(Refresh::Now(Why::Due));
    }
    // Closed for ever, if nothing changes it; a change of the specification wakes us.
    let opens = sync_window::next_change(windows, moment.now);
    Ok(Refresh::Later(
        opens.map(|opens| opens.duration_since(moment.now)),
    ))
}

/// An Orphan belongs to nobody. What is merged into and is gone is told once; whoever makes it again wakes us.
fn needs_repair(moment: &Moment<'_>) -> bool {
    let target = moment.spec.target.as_ref();
    match target
        .and_then(|target| target.creation_policy)
        .unwrap_or_default()
    {
        CreationPolicy::Orphan | CreationPolicy::None => false,
        CreationPolicy::Merge => match moment.target {
            TargetState::AsWritten => false,
            TargetState::Changed => true,
            TargetState::Missing => !moment.status.is_some_and(is_waiting),
        },
        CreationPolicy::Owner | CreationPolicy::CreateOrMerge => {
            moment.target != TargetState::AsWritten
        }
    }
}

/// Whether it is said already that there is no Secret to merge into.
fn is_waiting(status: &ExternalSecretStatus) -> bool {
    let waiting = crate::status::Verdict::waits();
    let mut conditions = status.conditions.iter();
    conditions.any(|condition| condition.reason.as_deref() == Some(waiting.reason))
}

/// Whether values are looked at again and again.
pub fn is_periodic(spec: &ExternalSecretSpec) -> bool {
    period(spec).is_some()
}

/// How often values are looked at again, if at all.
pub fn period(spec: &ExternalSecretSpec) -> Option<SignedDuration> {
    let periodic = spec.refresh_policy.unwrap_or_default() == RefreshPolicy::Periodic;
    let interval = interval(spec).ok().filter(|_| periodic);
    interval.filter(|interval| *interval > SignedDuration::ZERO)
}

/// How often, as Go writes durations.
///
/// # Errors
/// [`BadInterval`].
pub fn interval(spec: &ExternalSecretSpec) -> Result<SignedDuration, BadInterval> {
    match spec.refresh_interval.as_deref() {
        None | Some("") => Ok(DEFAULT_INTERVAL),
        Some(text) => sync_window::duration(text).ok_or(BadInterval),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const HOUR: i64 = 3600;

    fn moment<'a>(
        spec: &'a ExternalSecretSpec,
        status: &'a ExternalSecretStatus,
        second: i64,
    ) -> Moment<'a> {
        Moment {
            spec,
            status: Some(status),
            version: "1-a",
            target: TargetState::AsWritten,
            now: Timestamp::from_second(second).unwrap(),
        }
    }

    fn spec(policy: Option<RefreshPolicy>, interval: Option<&str>) -> ExternalSecretSpec {
        ExternalSecretSpec {
            refresh_policy: policy,
            refresh_interval: interval.map(str::to_owned),
            ..ExternalSecretSpec::default()
        }
    }

    fn synced(second: i64, version: &str) -> ExternalSecretStatus {
        ExternalSecretStatus {
            refresh_time: Some(Timestamp::from_second(second).unwrap()),
            synced_resource_version: Some(version.to_owned()),
            ..ExternalSecretStatus::default()
        }
    }

    #[test]
    fn policies_and_intervals() {
        use Refresh::{Later, Now};
        use RefreshPolicy::{CreatedOnce, OnChange, Periodic};
        let minutes = |minutes| Later(Some(SignedDuration::from_mins(minutes)));
        for (policy, interval, version, now, expected) in [
            (None, None, "1-a", 0, minutes(60)),
            (None, None, "1-a", HOUR / 2, minutes(30)),
            (None, None, "1-a", HOUR, Now(Why::Due)),
            (None, None, "0-b", 1, Now(Why::Changed)),
            (None, None, "1-a", -5, Now(Why::Due)),
            (Some(Periodic), Some("30m"), "1-a", HOUR / 2, Now(Why::Due)),
            (Some(Periodic), Some("1h30m0s"), "1-a", 0, minutes(90)),
            (None, Some("0"), "1-a", HOUR, Later(None)),
            (None, Some("0s"), "0-b", HOUR, Later(None)),
            (None, Some("-1h"), "0-b", HOUR, Later(None)),
            (Some(OnChange), None, "1-a", 9 * HOUR, Later(None)),
            (
                Some(OnChange),
                Some("0"),
                "0-b",
                9 * HOUR,
                Now(Why::Changed),
            ),
            (Some(CreatedOnce), None, "0-b", 9 * HOUR, Later(None)),
        ] {
            let (spec, status) = (spec(policy, interval), synced(0, version));
            let decided = decide(&moment(&spec, &status, now));
            assert_eq!(
                decided,
                Ok(expected),
                "{policy:?} {interval:?} {version} {now}"
            );
        }
    }

    #[test]
    fn what_was_never_synced_is() {
        let never = ExternalSecretStatus::default();
        for policy in [
            RefreshPolicy::CreatedOnce,
            RefreshPolicy::OnChange,
            RefreshPolicy::Periodic,
        ] {
            let spec = spec(Some(policy), Some("0"));
            assert_eq!(
                decide(&moment(&spec, &never, 0)),
                Ok(Refresh::Now(Why::First))
            );
        }
        assert_eq!(
            decide(&moment(&spec(None, Some("soon")), &never, 0)),
            Err(BadInterval)
        );
    }

    #[test]
    fn drift_counts_whatever_the_policy() {
        use CreationPolicy::{CreateOrMerge, Merge, None, Orphan, Owner};
        let status = synced(0, "1-a");
        for (creation, repaired) in [
            (Owner, true),
            (Merge, true),
            (CreateOrMerge, true),
            (Orphan, false),
            (None, false),
        ] {
            for policy in [RefreshPolicy::CreatedOnce, RefreshPolicy::Periodic] {
                let mut spec = spec(Some(policy), Some("0"));
                spec.target.get_or_insert_default().creation_policy = Some(creation);
                for target in [TargetState::Changed, TargetState::Missing] {
                    let moment = Moment {
                        target,
                        ..moment(&spec, &status, 1)
                    };
                    let drift = decide(&moment) == Ok(Refresh::Now(Why::Drift));
                    assert_eq!(drift, repaired, "{creation:?} {policy:?} {target:?}");
                }
            }
        }
    }

    #[test]
    fn people_go_before_drift() {
        let (spec, status) = (spec(None, None), synced(0, "0-b"));
        let moment = Moment {
            target: TargetState::Missing,
            ..moment(&spec, &status, 1)
        };
        assert_eq!(decide(&moment), Ok(Refresh::Now(Why::Changed)));
    }

    #[test]
    fn a_secret_to_merge_into_is_missed_once() {
        let mut spec = spec(None, Some("0"));
        let target = spec.target.get_or_insert_default();
        target.creation_policy = Some(CreationPolicy::Merge);
        let synced = synced(0, "1-a");
        let now = Timestamp::from_second(1).unwrap();
        let waits = crate::status::Verdict::waits();
        let waiting = crate::status::next_status(Some(&synced), &waits, None, None, now).unwrap();
        for (status, expected) in [
            (&synced, Refresh::Now(Why::Drift)),
            (&waiting, Refresh::Later(None)),
        ] {
            let moment = Moment {
                target: TargetState::Missing,
                ..moment(&spec, status, 1)
            };
            assert_eq!(decide(&moment), Ok(expected));
        }
    }

    #[test]
    fn windows_hold_only_periodic_refreshes() {
        let windows = |kind: &str, schedule: &str| {
            let window = json!({"schedule": schedule, "duration": "1h"});
            let windows = json!({"kind": kind, "windows": [window]});
            ExternalSecretSpec {
                sync_windows: serde_json::from_value(windows).unwrap(),
                ..spec(None, None)
            }
        };
        let status = synced(0, "1-a");
        let hours = |hours| Refresh::Later(Some(SignedDuration::from_hours(hours)));
        for (kind, schedule, now, expected) in [
            ("allow", "0 3 * * *", HOUR, hours(2)),
            ("allow", "0 3 * * *", 3 * HOUR, Refresh::Now(Why::Due)),
            ("deny", "0 3 * * *", 2 * HOUR, Refresh::Now(Why::Due)),
            ("deny", "0 2 * * *", 3 * HOUR - 3599, hours(1)),
            // Not due.
            ("allow", "0 3 * * *", 0, hours(1)),
            ("allow", "never", HOUR, Refresh::Later(None)),
            ("deny", "never", HOUR, Refresh::Now(Why::Due)),
        ] {
            let spec = windows(kind, schedule);
            let closed = moment(&spec, &status, now);
            assert_eq!(decide(&closed), Ok(expected), "{kind} {schedule} {now}");
            let changed = Moment {
                version: "2-a",
                ..closed
            };
            assert_eq!(decide(&changed), Ok(Refresh::Now(Why::Changed)));
        }
    }
}
