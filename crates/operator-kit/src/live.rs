//! What is known of live Secrets without reading them: resource versions, and only of Secrets
//! that belong to an object of ours. Foreign Secrets leave no trace here.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What the last pass over an object brought about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Digest of all that determines the Secret.
    pub input: [u8; 32],
    /// Version of the Secret that had this content.
    pub version: String,
    /// What [`Live::start_pass`] gave.
    pub keys: KeyEpoch,
}

/// Grows with every key that is taken out of use.
pub type KeyEpoch = u64;

/// Records of this process, by the object whose Secret it is; losing them costs one more look at each Secret.
pub struct Live<K>(Mutex<Records<K>>);

impl<K> Default for Live<K> {
    fn default() -> Self {
        Self(Mutex::new(Records {
            listed: false,
            versions: HashMap::new(),
            naming: None,
            applied: HashMap::new(),
            keys: 0,
            undisturbed: HashSet::new(),
            doubtful: HashSet::new(),
        }))
    }
}

struct Records<K> {
    /// The Secret watch has listed everything once.
    listed: bool,
    /// Versions by name, as the Secret watch last told.
    versions: HashMap<K, String>,
    /// While a full list runs: what it has named so far.
    naming: Option<HashSet<K>>,
    applied: HashMap<K, Applied>,
    keys: KeyEpoch,
    /// Under a pass, and nothing heard from the watch since it began.
    undisturbed: HashSet<K>,
    /// Not in the last full list, and nothing known since: a list can be older than what was made meanwhile.
    doubtful: HashSet<K>,
}

impl<K: Clone + Eq + Hash> Live<K> {
    /// A full list of Secrets begins.
    pub fn begin(&self) {
        self.lock().naming = Some(HashSet::new());
    }

    /// The full list ended. Gives the Secrets that vanished unseen, while the watch was down, and those of passes
    /// under way that the list does not know: they may have been deleted after the pass looked at them.
    pub fn listed(&self) -> Vec<K> {
        let mut records = self.lock();
        records.listed = true;
        let named = records.naming.take().unwrap_or_default();
        let known = records.versions.keys().chain(&records.undisturbed);
        let vanished: HashSet<_> = known.filter(|key| !named.contains(*key)).cloned().collect();
        for key in &vanished {
            records.versions.remove(key);
            records.undisturbed.remove(key);
        }
        records.doubtful.extend(vanished.iter().cloned());
        vanished.into_iter().collect()
    }

    /// The Secret exists in this version.
    pub fn saw(&self, key: &K, version: String) {
        let mut records = self.lock();
        if let Some(naming) = &mut records.naming {
            naming.insert(key.clone());
        }
        records.undisturbed.remove(key);
        records.doubtful.remove(key);
        records.versions.insert(key.clone(), version);
    }

    /// The Secret is gone.
    pub fn lost(&self, key: &K) {
        let mut records = self.lock();
        records.undisturbed.remove(key);
        records.doubtful.remove(key);
        records.versions.remove(key);
    }

    /// The object is gone.
    pub fn forget(&self, key: &K) {
        let mut records = self.lock();
        records.versions.remove(key);
        records.applied.remove(key);
        records.undisturbed.remove(key);
        records.doubtful.remove(key);
    }

    /// A pass over the object begins; it may end in [`Self::record`].
    pub fn start_pass(&self, key: &K) -> KeyEpoch {
        let mut records = self.lock();
        records.undisturbed.insert(key.clone());
        records.keys
    }

    /// A sealing key was taken out of use: what was opened with it must be opened anew to tell
    /// whether another key does.
    pub fn doubt_all(&self) {
        self.lock().keys += 1;
    }

    /// The Secret had this content in this version. What the watch told since the pass began may
    /// be newer than the API server's answer to us, and stays.
    pub fn record(&self, key: &K, applied: Applied) {
        let mut records = self.lock();
        // A list that is under way may be younger than what the pass saw, so this names nothing there.
        if records.undisturbed.remove(key) {
            records.doubtful.remove(key);
            records
                .versions
                .insert(key.clone(), applied.version.clone());
        }
        records.applied.insert(key.clone(), applied);
    }

    /// Whether this process brought `input` about before, so that a difference is drift.
    pub fn applied_before(&self, key: &K, input: &[u8; 32]) -> bool {
        self.lock()
            .applied
            .get(key)
            .is_some_and(|applied| applied.input == *input)
    }

    /// Whether the live Secret is, for all we know, what `input` asks for.
    pub fn is_current(&self, key: &K, input: &[u8; 32]) -> bool {
        let records = self.lock();
        match (records.applied.get(key), records.versions.get(key)) {
            (Some(applied), Some(version)) => {
                records.listed
                    && applied.input == *input
                    && applied.version == *version
                    && applied.keys == records.keys
            }
            _ => false,
        }
    }

    /// Whether the Secret is probably missing: worth a create without looking first.
    pub fn is_probably_missing(&self, key: &K) -> bool {
        let records = self.lock();
        records.listed && !records.versions.contains_key(key) && !records.doubtful.contains(key)
    }

    fn lock(&self) -> MutexGuard<'_, Records<K>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(version: &str) -> Applied {
        Applied {
            input: [1; 32],
            version: version.into(),
            keys: 0,
        }
    }

    #[test]
    fn current_means_same_input_and_version_as_seen() {
        let live = Live::default();
        let key = "prod/db";
        assert!(!live.is_probably_missing(&key), "nothing is listed yet");
        live.listed();
        assert!(live.is_probably_missing(&key));
        live.start_pass(&key);
        live.record(&key, applied("7"));
        assert!(live.is_current(&key, &[1; 32]));
        assert!(!live.is_current(&key, &[2; 32]), "another input");
        live.saw(&key, "8".into());
        assert!(!live.is_current(&key, &[1; 32]), "changed by someone");
        assert!(live.applied_before(&key, &[1; 32]));
        live.start_pass(&key);
        live.record(&key, applied("8"));
        live.lost(&key);
        assert!(!live.is_current(&key, &[1; 32]), "deleted by someone");
        live.forget(&key);
        assert!(!live.applied_before(&key, &[1; 32]));
    }

    #[test]
    fn what_the_watch_tells_during_a_pass_is_newer_than_its_answer() {
        let live = Live::default();
        let key = "prod/db";
        live.listed();
        live.start_pass(&key);
        live.saw(&key, "6".into());
        live.record(&key, applied("5"));
        assert!(
            !live.is_current(&key, &[1; 32]),
            "edited right after our write"
        );
        live.start_pass(&key);
        live.saw(&key, "7".into());
        live.record(&key, applied("7"));
        assert!(
            live.is_current(&key, &[1; 32]),
            "the watch told of our own write"
        );
        live.start_pass(&key);
        live.saw(&key, "8".into());
        live.lost(&key);
        live.record(&key, applied("8"));
        assert!(
            !live.is_current(&key, &[1; 32]),
            "deleted right after our write"
        );
        assert!(live.is_probably_missing(&key));
    }

    #[test]
    fn a_lost_key_puts_everything_in_doubt_also_what_is_under_way() {
        let live = Live::default();
        let key = "prod/db";
        live.listed();
        let before = live.start_pass(&key);
        live.doubt_all();
        let keys = before;
        live.record(
            &key,
            Applied {
                keys,
                ..applied("7")
            },
        );
        assert!(!live.is_current(&key, &[1; 32]));
        assert!(live.applied_before(&key, &[1; 32]), "drift is still drift");
        let keys = live.start_pass(&key);
        live.record(
            &key,
            Applied {
                keys,
                ..applied("7")
            },
        );
        assert!(live.is_current(&key, &[1; 32]));
    }

    #[test]
    fn a_new_list_tells_what_vanished_meanwhile() {
        let live = Live::default();
        let (stays, goes) = ("stays", "goes");
        live.begin();
        live.saw(&stays, "1".into());
        live.saw(&goes, "1".into());
        assert!(live.listed().is_empty());
        live.begin();
        live.saw(&stays, "1".into());
        assert_eq!(live.listed(), [goes]);
    }

    #[test]
    fn a_secret_that_went_between_a_look_and_the_list_is_looked_at_again() {
        let key = "prod/db";
        for recorded_first in [true, false] {
            let live = Live::default();
            live.begin();
            live.start_pass(&key);
            if recorded_first {
                live.record(&key, applied("7"));
            }
            assert_eq!(
                live.listed(),
                std::slice::from_ref(&key),
                "{recorded_first}"
            );
            if !recorded_first {
                live.record(&key, applied("7"));
            }
            assert!(!live.is_current(&key, &[1; 32]), "{recorded_first}");
            // Nor would it be made without a look: the list may be older than the Secret.
            assert!(!live.is_probably_missing(&key), "{recorded_first}");
        }
    }
}
