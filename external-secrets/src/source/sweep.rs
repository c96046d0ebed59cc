//! Finding out what changed in AWS, for all ExternalSecrets of a source at once, as often as the most
//! impatient of them asks. Refreshes then only look at what is known.
//!
//! A queue of events (EventBridge, SQS) would be a second source of the same news.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use operator_kit::message::one_line;
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{Instant, sleep_until};

use super::Source;
use crate::objects::Key;
use crate::passes::News;

/// However impatient somebody is.
const SHORTEST: Duration = Duration::from_secs(2);
/// Who came and went is looked at this often; who is in more of a hurry than all before says so.
const LOOK: Duration = Duration::from_secs(15);

/// Sweeps as long as somebody wants to hear of it.
pub(super) async fn for_ever(source: Arc<Source>, changed: UnboundedSender<News>) {
    let began = Instant::now();
    let mut checked = Checks {
        last: began,
        keys: HashMap::new(),
    };
    loop {
        let look = Instant::now() + LOOK;
        let due = checked.due(&source.wanted());
        tokio::select! {
            () = sleep_until(due.map_or(look, |due| due.min(look))) => {}
            () = source.hurry.wanted.notified() => {}
        }
        // Meanwhile somebody may have come or gone.
        let keys = checked.take(&source.wanted());
        if keys.is_empty() {
            continue;
        }
        let looked = source.values().check(&keys).await;
        if let Some((_, error)) = looked.unsure.first() {
            source.heard(error);
            let more = looked.unsure.len() - 1;
            tracing::debug!(
                identity = %source.place.0, region = source.place.1, more,
                "cannot look for changes: {}", one_line(&error.to_string())
            );
        }
        for key in source.users_of(&looked.changed) {
            let seen = Some(looked.began);
            if changed.send(News { key, seen }).is_err() {
                return;
            }
        }
    }
}

/// Wakes the sweeps when somebody comes with a shorter interval than anybody before.
#[derive(Default)]
pub(super) struct Hurry {
    wanted: Notify,
    /// In milliseconds, and one more; 0 before anybody came.
    shortest: AtomicU64,
}

impl Hurry {
    /// Somebody came.
    pub(super) fn came(&self, interval: Duration) {
        let millis = u64::try_from(interval.as_millis()).unwrap_or(u64::MAX);
        let interval = millis.saturating_add(1);
        let shorter = |before| (before == 0 || interval < before).then_some(interval);
        let (set, get) = (Ordering::Relaxed, Ordering::Relaxed);
        if self.shortest.fetch_update(set, get, shorter).is_ok() {
            self.wanted.notify_one();
        }
    }
}

/// When keys were looked at last.
struct Checks {
    last: Instant,
    keys: HashMap<String, Instant>,
}

/// Keys, and how old what is known of them may become.
type Wanted = HashMap<String, Duration>;

impl Checks {
    /// When the next one is to be looked at: once in its interval.
    fn due(&self, wanted: &Wanted) -> Option<Instant> {
        let due = wanted.iter().map(|(key, interval)| {
            let interval = *interval;
            self.before(key) + interval.max(SHORTEST)
        });
        due.min()
    }

    /// Those that are to be looked at now, and those that would be soon: they go together from now on.
    fn take(&mut self, wanted: &Wanted) -> Vec<String> {
        let now = Instant::now();
        self.keys.retain(|key, _| wanted.contains_key(key));
        for key in wanted.keys() {
            self.keys.entry(key.clone()).or_insert(self.last);
        }
        if self.due(wanted).is_none_or(|due| now < due) {
            return Vec::new();
        }
        let soon = wanted.iter().filter(|(key, interval)| {
            let interval = interval.mul_f64(0.5);
            self.before(key) + interval <= now
        });
        let mut keys: Vec<_> = soon.map(|(key, _)| key.clone()).collect();
        keys.sort_unstable();
        self.last = now;
        self.keys.extend(keys.iter().map(|key| (key.clone(), now)));
        keys
    }

    /// A new key goes with the others.
    fn before(&self, key: &str) -> Instant {
        self.keys.get(key).copied().unwrap_or(self.last)
    }
}

impl Source {
    fn wanted(&self) -> Wanted {
        let mut wanted = Wanted::new();
        for used in self.users().values() {
            for key in &used.keys {
                let interval = wanted.entry(key.to_string()).or_insert(used.interval);
                *interval = used.interval.min(*interval);
            }
        }
        wanted
    }

    /// ExternalSecrets that stand on one of these.
    fn users_of(&self, keys: &[String]) -> Vec<Key> {
        if keys.is_empty() {
            return Vec::new();
        }
        let keys: BTreeSet<&str> = keys.iter().map(String::as_str).collect();
        let users = self.users();
        let concerned = users
            .iter()
            .filter(|(_, used)| used.keys.iter().any(|key| keys.contains(&**key)));
        concerned.map(|(key, _)| Key::clone(key)).collect()
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_is_in_a_hurry_hurries_nobody_else() {
        let mut checks = Checks {
            last: Instant::now(),
            keys: HashMap::new(),
        };
        let minutes = |minutes| Duration::from_mins(minutes);
        let wanted = |keys: &[(&str, u64)]| -> Wanted {
            keys.iter()
                .map(|(key, every)| ((*key).to_owned(), minutes(*every)))
                .collect()
        };
        let both = wanted(&[("quick", 1), ("slow", 60)]);
        let mut looked = [0, 0];
        for _ in 0..60 * 4 {
            tokio::time::advance(Duration::from_secs(15)).await;
            for key in checks.take(&both) {
                looked[usize::from(key == "slow")] += 1;
            }
        }
        assert!((55..=70).contains(&looked[0]), "{looked:?}");
        assert!((1..=2).contains(&looked[1]), "{looked:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_shorter_interval_wakes() {
        let hurry = Hurry::default();
        let woken = || hurry.wanted.notified().now_or_never().is_some();
        for (seconds, wakes) in [(60, true), (60, false), (3600, false), (5, true), (0, true)] {
            hurry.came(Duration::from_secs(seconds));
            assert_eq!(woken(), wakes, "{seconds}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn those_of_one_interval_go_together() {
        let mut checks = Checks {
            last: Instant::now(),
            keys: HashMap::new(),
        };
        let mut wanted = Wanted::new();
        let mut sweeps = 0;
        // One more each minute.
        for number in 0..240 {
            wanted.insert(number.to_string(), Duration::from_hours(1));
            tokio::time::advance(Duration::from_mins(1)).await;
            sweeps += usize::from(!checks.take(&wanted).is_empty());
        }
        assert!((3..=9).contains(&sweeps), "{sweeps}");
    }
}
