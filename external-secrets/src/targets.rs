//! Which ExternalSecrets a Secret belongs to.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use operator_kit::secret_watch::SecretName;

use crate::objects::Key;

/// Targets by ExternalSecret, and the other way round. Several may merge into one Secret.
#[derive(Default)]
pub(crate) struct Targets(Mutex<Index>);

#[derive(Default)]
struct Index {
    targets: HashMap<Key, SecretName>,
    objects: HashMap<SecretName, HashSet<Key>>,
}

impl Targets {
    /// The ExternalSecret has this target now; true if it had another one.
    pub(crate) fn put(&self, key: &Key, target: SecretName) -> bool {
        let mut index = self.index();
        let before = index.targets.insert(key.clone(), target.clone());
        if before.as_ref() == Some(&target) {
            return false;
        }
        if let Some(before) = &before {
            index.leave(key, before);
        }
        index.objects.entry(target).or_default().insert(key.clone());
        before.is_some()
    }

    /// The ExternalSecret is gone.
    pub(crate) fn remove(&self, key: &Key) {
        let mut index = self.index();
        if let Some(target) = index.targets.remove(key) {
            index.leave(key, &target);
        }
    }

    /// ExternalSecrets of a Secret.
    pub(crate) fn of(&self, secret: &SecretName) -> Vec<Key> {
        let index = self.index();
        let keys = index.objects.get(secret);
        keys.into_iter().flatten().cloned().collect()
    }

    /// All that are known.
    pub(crate) fn keys(&self) -> Vec<Key> {
        self.index().targets.keys().cloned().collect()
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Index {
    fn leave(&mut self, key: &Key, target: &SecretName) {
        if let Some(keys) = self.objects.get_mut(target) {
            keys.remove(key);
            if keys.is_empty() {
                self.objects.remove(target);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_of_one_and_none_of_what_is_gone() {
        let targets = Targets::default();
        let [a, b] = ["a", "b"].map(|name| Key::new(name).within("shop"));
        let [db, web] = ["db", "web"].map(|name| ("shop".to_owned(), name.to_owned()));
        assert!(!targets.put(&a, db.clone()));
        assert!(!targets.put(&b, db.clone()));
        assert_eq!(targets.of(&db).len(), 2);
        assert!(targets.put(&a, web.clone()), "another target");
        assert_eq!(targets.of(&db), std::slice::from_ref(&b));
        targets.remove(&b);
        assert!(targets.of(&db).is_empty());
        assert_eq!(targets.keys(), [a]);
    }
}
