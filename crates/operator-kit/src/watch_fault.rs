//! Failing watches: when they are taken up again, and what the log says, without what a server may
//! echo.

use std::time::Duration;

use kube::runtime::watcher::{self, ExponentialBackoff};

use crate::ApiFault;

const FIRST_RETRY: Duration = Duration::from_millis(500);
/// Short, as nothing at all happens meanwhile, and a controller has only a few watches. An API server that is
/// back may take three of them: it is not ready, it forbids what it has not read the rules of, and it knows
/// no version from before.
const LONGEST_RETRY: Duration = Duration::from_secs(2);

/// Waits between tries. They never end: a watch without back-off left would close silently.
pub fn backoff() -> ExponentialBackoff {
    crate::backoff::policy(FIRST_RETRY, LONGEST_RETRY).into()
}

/// Logs why a watch failed; the watch itself is taken up again with back-off.
pub fn log(what: &'static str, error: &watcher::Error) {
    if let Some(fault) = reason(error) {
        tracing::warn!(%fault, "the watch of {what} failed and is taken up again");
    } else {
        tracing::debug!("the watch of {what} ended and is taken up again");
    }
}

fn reason(error: &watcher::Error) -> Option<ApiFault> {
    match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => Some(match error {
            kube::Error::Api(status) => ApiFault::from(kube::Error::Api(status.clone())),
            _ => ApiFault::Unreachable,
        }),
        // 410 Gone and the like: part of every watch's life.
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watch_is_taken_up_again_soon_and_for_ever() {
        // Jitter adds at most the delay itself.
        let mut waits = backoff()
            .take(100)
            .filter(|wait| *wait <= LONGEST_RETRY * 2);
        assert_eq!(waits.by_ref().count(), 100);
    }
}
