//! Watch errors in the log, without what a server may echo.

use kube::runtime::watcher;
use operator_kit::ApiFault;

/// Logs why a watch failed; the watch itself is taken up again with back-off.
pub(crate) fn log(what: &'static str, error: &watcher::Error) {
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
