//! Finding out what changed in AWS, for all ExternalSecrets of a source at once, as often as the most
//! impatient of them asks. Refreshes then only look at what is known.
//!
//! A queue of events (EventBridge, SQS) would be a second source of the same news.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{Instant, sleep_until};

use super::Source;
use crate::objects::Key;
use crate::passes::News;

/// However impatient somebody is.
const SHORTEST: Duration = Duration::from_secs(2);
/// Whoever comes with a shorter interval is noticed in this time.
const LOOK: Duration = Duration::from_secs(15);

/// Sweeps as long as somebody wants to hear of it.
pub(super) async fn for_ever(source: Arc<Source>, changed: UnboundedSender<News>) {
    let mut last = Instant::now();
    loop {
        let due = source.period().map(|period| last + period);
        let look = Instant::now() + LOOK;
        sleep_until(due.map_or(look, |due| due.min(look))).await;
        if due.is_none_or(|due| Instant::now() < due) {
            continue;
        }
        last = Instant::now();
        let keys: Vec<_> = source.keys().into_iter().collect();
        let checked = source.values().check(&keys).await;
        if let Some((_, error)) = checked.unsure.first() {
            let more = checked.unsure.len() - 1;
            tracing::debug!(
                identity = %source.identity, region = source.region, more,
                "cannot look for changes: {error}"
            );
        }
        for key in source.users_of(&checked.changed) {
            let seen = Some(checked.began);
            if changed.send(News { key, seen }).is_err() {
                return;
            }
        }
    }
}

impl Source {
    /// How often to sweep: a bit more often than the shortest interval, so that at the end of each what is known
    /// is never older.
    fn period(&self) -> Option<Duration> {
        let users = self.users();
        let shortest = users.values().map(|used| used.interval).min()?;
        Some(shortest.mul_f64(0.9).max(SHORTEST))
    }

    fn keys(&self) -> BTreeSet<String> {
        let users = self.users();
        users.values().flat_map(|used| used.keys.clone()).collect()
    }

    /// ExternalSecrets that stand on one of these.
    fn users_of(&self, keys: &[String]) -> Vec<Key> {
        if keys.is_empty() {
            return Vec::new();
        }
        let keys: BTreeSet<_> = keys.iter().collect();
        let users = self.users();
        let concerned = users
            .iter()
            .filter(|(_, used)| used.keys.iter().any(|key| keys.contains(key)));
        concerned.map(|(key, _)| key.clone()).collect()
    }
}
