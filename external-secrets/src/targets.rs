//! Which ExternalSecrets a Secret belongs to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use operator_kit::secret_watch::SecretName;

use crate::objects::{Id, Key};

/// Targets by ExternalSecret, and the other way round. Several may merge into one Secret.
#[derive(Default)]
pub(crate) struct Targets(Mutex<Index>);

#[derive(Default)]
struct Index {
    targets: HashMap<Id, Arc<SecretName>>,
    objects: HashMap<Arc<SecretName>, Vec<Id>>,
}

impl Targets {
    /// The key that the records of an object share. Of an object without a target it is a new one.
    pub(crate) fn id(&self, key: Key) -> Id {
        let index = self.index();
        let known = index.targets.get_key_value(&key);
        known.map_or_else(|| Arc::new(key), |(id, _)| id.clone())
    }

    /// The ExternalSecret has this target now; true if it had another one.
    pub(crate) fn put(&self, key: &Id, target: SecretName) -> bool {
        let mut index = self.index();
        let before = index.targets.get(key).cloned();
        if before.as_deref() == Some(&target) {
            return false;
        }
        let known = index.objects.get_key_value(&target);
        let target = known.map_or_else(|| Arc::new(target), |(known, _)| known.clone());
        index.targets.insert(key.clone(), target.clone());
        if let Some(before) = &before {
            index.leave(key, before);
        }
        let owners = index.objects.entry(target);
        owners
            .or_insert_with(|| Vec::with_capacity(1))
            .push(key.clone());
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
    pub(crate) fn of(&self, secret: &SecretName) -> Vec<Id> {
        self.index()
            .objects
            .get(secret)
            .cloned()
            .unwrap_or_default()
    }

    /// All that are known.
    pub(crate) fn keys(&self) -> Vec<Id> {
        self.index().targets.keys().cloned().collect()
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Index {
    fn leave(&mut self, key: &Key, target: &SecretName) {
        if let Some(keys) = self.objects.get_mut(target) {
            keys.retain(|known| **known != *key);
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
        let [a, b] = ["a", "b"].map(|name| Arc::new(Key::new(name).within("shop")));
        let [db, web] = ["db", "web"].map(|name| ("shop".to_owned(), name.to_owned()));
        assert!(!targets.put(&a, db.clone()));
        assert!(!targets.put(&b, db.clone()));
        assert_eq!(targets.of(&db).len(), 2);
        let again = targets.id(Key::new("a").within("shop"));
        assert!(Arc::ptr_eq(&again, &a), "one copy for all");
        assert!(targets.put(&again, web.clone()), "another target");
        assert_eq!(targets.of(&db), std::slice::from_ref(&b));
        targets.remove(&b);
        assert!(targets.of(&db).is_empty());
        assert_eq!(targets.keys(), [a]);
    }
}
