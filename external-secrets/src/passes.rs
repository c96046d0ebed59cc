//! What this process remembers of each ExternalSecret from one pass to the next. Losing it costs one more
//! look.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use crate::fetch::{Questions, Seen};
use crate::lanes::Lane;
use crate::objects::{Id, Key};

/// Memory of passes.
pub(crate) struct Passes {
    started: Instant,
    records: Mutex<Records>,
}

#[derive(Default)]
struct Records {
    /// Objects that were there when the process started, and had no pass yet.
    backlog: HashSet<Id>,
    /// The version of each object ([`external_data::synced_resource_version`]), and when it was noticed.
    noticed: HashMap<Id, (Box<str>, Instant)>,
    /// Objects whose values are known to have changed in the store, and since when that is known.
    changed: HashMap<Key, Instant>,
    /// Objects whose Secret was changed by someone.
    drifted: HashSet<Id>,
    /// What each Secret stands on.
    grounds: HashMap<Id, Grounds>,
}

/// What a Secret was made of: the object's digest, and versions of values.
struct Grounds {
    input: [u8; 32],
    seen: Box<[Seen]>,
}

/// Something about an object's store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct News {
    /// The object.
    pub(crate) key: Key,
    /// When the store was seen to have other values for it; `None` if what has failed may succeed now.
    pub(crate) seen: Option<Instant>,
}

/// What a pass is to know before it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    /// Who waits.
    pub(crate) lane: Lane,
    /// When the object was noticed to be as it is.
    pub(crate) noticed: Instant,
}

impl Default for Passes {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            records: Mutex::default(),
        }
    }
}

impl Passes {
    /// When the process started.
    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// The object was there before the process.
    pub(crate) fn found(&self, key: Id) {
        let mut records = self.records();
        if !records.noticed.contains_key(&key) {
            records.backlog.insert(key);
        }
    }

    /// A pass begins over the object in this version.
    pub(crate) fn begin(&self, key: &Id, version: &str) -> Call {
        let mut records = self.records();
        let backlog = records.backlog.remove(key);
        let drifted = records.drifted.remove(key);
        let known = records.noticed.get(key);
        let known = known.filter(|(known, _)| **known == *version);
        if let Some((_, noticed)) = known {
            let lane = if drifted { Lane::People } else { Lane::Routine };
            let noticed = *noticed;
            return Call { lane, noticed };
        }
        // What was there at the start may share values that were fetched for others since.
        let (lane, noticed) = if backlog {
            (Lane::Routine, self.started)
        } else {
            (Lane::People, Instant::now())
        };
        let entry = (version.into(), noticed);
        records.noticed.insert(key.clone(), entry);
        Call { lane, noticed }
    }

    /// The object is about to be looked at because of this.
    pub(crate) fn heard(&self, News { key, seen }: News) {
        if let Some(seen) = seen {
            let mut records = self.records();
            let known = records.changed.entry(key).or_insert(seen);
            *known = seen.max(*known);
        }
    }

    /// Since when the store is known to have other values, if it has; asked once.
    pub(crate) fn take_changed(&self, key: &Key) -> Option<Instant> {
        self.records().changed.remove(key)
    }

    /// Someone changed the Secret.
    pub(crate) fn secret_changed(&self, key: Id) {
        self.records().drifted.insert(key);
    }

    /// The Secret stands on this; on nothing that can be checked, if there is none.
    pub(crate) fn holds(&self, key: &Id, input: [u8; 32], seen: Option<Vec<Seen>>) {
        let mut records = self.records();
        match seen {
            Some(seen) => {
                let seen = seen.into_boxed_slice();
                let grounds = Grounds { input, seen };
                records.grounds.insert(key.clone(), grounds);
            }
            None => {
                records.grounds.remove(key);
            }
        }
    }

    /// Whether what the Secret stands on was seen to be so at `since` or later.
    pub(crate) fn still_holds(
        &self,
        key: &Key,
        input: &[u8; 32],
        questions: &Questions,
        since: Instant,
    ) -> bool {
        let records = self.records();
        let grounds = records.grounds.get(key);
        let grounds = grounds.filter(|grounds| grounds.input == *input);
        grounds.is_some_and(|grounds| questions.hold(&grounds.seen, since))
    }

    /// The object is gone.
    pub(crate) fn forget(&self, key: &Key) {
        let mut records = self.records();
        records.backlog.remove(key);
        records.noticed.remove(key);
        records.changed.remove(key);
        records.drifted.remove(key);
        records.grounds.remove(key);
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn people_wait_for_what_is_new_or_changed() {
        let passes = Passes::default();
        let [old, new] =
            ["old", "new"].map(|name| std::sync::Arc::new(Key::new(name).within("shop")));
        passes.found(old.clone());
        tokio::time::advance(std::time::Duration::from_secs(5)).await;
        let call = passes.begin(&old, "1-a");
        assert_eq!((call.lane, call.noticed), (Lane::Routine, passes.started()));
        let call = passes.begin(&new, "1-a");
        assert_eq!((call.lane, call.noticed), (Lane::People, Instant::now()));
        tokio::time::advance(std::time::Duration::from_secs(5)).await;
        let again = passes.begin(&new, "1-a");
        assert_eq!((again.lane, again.noticed), (Lane::Routine, call.noticed));
        assert_eq!(passes.begin(&old, "2-a").lane, Lane::People);
        passes.secret_changed(old.clone());
        assert_eq!(passes.begin(&old, "2-a").lane, Lane::People);
        assert_eq!(passes.begin(&old, "2-a").lane, Lane::Routine);
    }
}
