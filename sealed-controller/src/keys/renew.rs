//! The task that acts on `rotation`.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use operator_kit::Backoff;

use super::Mint;
use crate::rotation::{Renewal, renewal};

/// Clocks jump and machines sleep: look at least this often.
const LOOK_AGAIN: Duration = Duration::from_hours(1);

/// Between one new key and the next decision.
const SETTLE: Duration = Duration::from_secs(1);

/// Makes the first key once the key Secrets are known, and a new one whenever one is due.
pub(crate) async fn renew_for_ever(mint: Mint, period: SignedDuration) {
    let mut changes = mint.store.changes();
    let backoff = Backoff::new(Duration::from_secs(1), Duration::from_mins(1));
    loop {
        if !*changes.borrow_and_update() {
            if changes.changed().await.is_err() {
                return;
            }
            continue;
        }
        let locked = mint.store.locked().names().count();
        let all_locked = locked > 0 && mint.store.ring().newest().is_none();
        let wait = match renewal(mint.store.newest_order(), period, Timestamp::now()) {
            // Whoever sealed for these keys is not to learn of a new one instead; that they are locked
            // was told on each.
            _ if all_locked => LOOK_AGAIN,
            Renewal::Due => match mint.make().await {
                Ok(()) => {
                    backoff.reset(&());
                    // A list that was taken before may hide the new key for a moment.
                    tokio::time::sleep(SETTLE).await;
                    continue;
                }
                Err(error) => {
                    tracing::error!(%error, "key renewal failed, it will be tried again");
                    backoff.next(())
                }
            },
            Renewal::In(left) => {
                Duration::try_from(left).map_or(LOOK_AGAIN, |left| left.min(LOOK_AGAIN))
            }
            Renewal::Never => LOOK_AGAIN,
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            news = changes.changed() => if news.is_err() { return },
        }
    }
}
