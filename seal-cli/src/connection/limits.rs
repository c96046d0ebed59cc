//! How long a cluster may take to answer.

use std::time::Duration;

const CONNECT: Duration = Duration::from_secs(10);
const READ: Duration = Duration::from_secs(30);
/// A server that sends a byte now and then must not hold a pipeline for ever.
const TOTAL: Duration = Duration::from_mins(1);

/// Limits of time; `None` is for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) connect: Option<Duration>,
    /// Between two pieces of an answer.
    pub(crate) read: Option<Duration>,
    /// For a request, from its first byte to the last of its answer.
    pub(crate) total: Option<Duration>,
}

/// `--request-timeout` is no time.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} (--request-timeout) is no time; write 30, 30s or 1m30s")]
pub(crate) struct TimeoutError(String);

impl Limits {
    /// What `--request-timeout` says: seconds, or a duration as Go writes them. What is not above
    /// zero is no limit.
    pub(super) fn of(text: Option<&str>) -> Result<Self, TimeoutError> {
        let Some(text) = text else {
            return Ok(Self {
                connect: Some(CONNECT),
                read: Some(READ),
                total: Some(TOTAL),
            });
        };
        let seconds = text.parse().ok().map(Duration::from_secs);
        // Negative ones are none.
        let nanoseconds = || template::go_duration(text).map(u64::try_from);
        let time = match (seconds, nanoseconds()) {
            (Some(seconds), _) => seconds,
            (None, Some(nanoseconds)) => Duration::from_nanos(nanoseconds.unwrap_or_default()),
            (None, None) => return Err(TimeoutError(text.to_owned())),
        };
        let limit = Some(time).filter(|time| !time.is_zero());
        Ok(Self {
            connect: limit,
            read: limit,
            total: limit,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_durations() {
        let seconds = |seconds| Ok(Some(Duration::from_secs(seconds)));
        for (text, expected) in [
            (None, seconds(10)),
            (Some("30"), seconds(30)),
            (Some("90s"), seconds(90)),
            (Some("1m30s"), seconds(90)),
            (Some("1.5m"), seconds(90)),
            (Some("0"), Ok(None)),
            (Some("0s"), Ok(None)),
            (Some("-1s"), Ok(None)),
            (Some("soon"), Err(())),
            (Some("1 m"), Err(())),
            (Some("-1"), Err(())),
        ] {
            let found = Limits::of(text).map(|limits| limits.connect);
            assert_eq!(found.map_err(|_| ()), expected, "{text:?}");
        }
    }
}
