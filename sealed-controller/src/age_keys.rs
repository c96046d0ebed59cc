//! The controller's age identities: loaded from labelled Secrets, swapped whole when these change.

mod identity_file;
mod watch;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use seal_age::AgeIdentity;
use seal_format::se1::RecipientName;
use seal_keys::Identity;
use tokio::sync::watch as channel;

pub(crate) use watch::watch_for_ever;

/// Identities by what they are called in `to`.
#[derive(Default)]
pub(crate) struct AgeKeys(BTreeMap<RecipientName, AgeIdentity>);

impl AgeKeys {
    /// The identity for a recipient.
    pub(crate) fn find(&self, to: &RecipientName) -> Option<&dyn Identity> {
        self.0.get(to).map(|identity| identity as &dyn Identity)
    }

    /// The recipients whose wraps open.
    pub(crate) fn names(&self) -> impl Iterator<Item = &RecipientName> {
        self.0.keys()
    }
}

/// Every identity, readable without waiting; changes are announced.
pub(crate) struct AgeStore {
    keys: ArcSwap<AgeKeys>,
    /// By name of the Secret.
    known: Mutex<BTreeMap<String, Vec<Named>>>,
    /// False until the Secrets were listed once; every change is a message.
    loaded: channel::Sender<bool>,
}

/// An identity and its recipient.
type Named = (RecipientName, AgeIdentity);

impl AgeStore {
    pub(crate) fn new() -> Self {
        Self {
            keys: ArcSwap::default(),
            known: Mutex::default(),
            loaded: channel::Sender::new(false),
        }
    }

    /// The identities of this moment.
    pub(crate) fn keys(&self) -> Arc<AgeKeys> {
        self.keys.load_full()
    }

    /// Messages: whether the identities are loaded; one for each change.
    pub(crate) fn changes(&self) -> channel::Receiver<bool> {
        self.loaded.subscribe()
    }

    /// What one Secret holds now.
    fn set(&self, secret: String, identities: Vec<Named>) {
        self.change(|known| {
            known.insert(secret, identities);
        });
    }

    /// The Secret is gone, or has lost its label.
    fn remove(&self, secret: &str) {
        self.change(|known| {
            known.remove(secret);
        });
    }

    /// Replaces everything by what a full list gave.
    fn replace(&self, secrets: BTreeMap<String, Vec<Named>>) {
        self.change(|known| *known = secrets);
        self.loaded.send_replace(true);
    }

    fn change(&self, change: impl FnOnce(&mut BTreeMap<String, Vec<Named>>)) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut known);
        let keys = known.values().flatten().cloned().collect();
        self.keys.store(Arc::new(AgeKeys(keys)));
        self.loaded.send_modify(|_| {});
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_stays_as_long_as_one_secret_holds_it() {
        // From the documentation of age.
        let text = "AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33";
        let identity = AgeIdentity::parse(text).unwrap();
        let name = RecipientName::from_text(&identity.recipient_name()).unwrap();
        let store = AgeStore::new();
        let changes = store.changes();
        for secret in ["one", "other"] {
            store.set(secret.to_owned(), vec![(name.clone(), identity.clone())]);
        }
        assert!(!*changes.borrow(), "nothing was listed");
        store.remove("one");
        assert!(store.keys().find(&name).is_some());
        store.remove("other");
        assert!(store.keys().find(&name).is_none());
        store.replace([("one".to_owned(), vec![(name.clone(), identity)])].into());
        assert!(store.keys().find(&name).is_some() && *changes.borrow());
    }
}
