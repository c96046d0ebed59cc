//! The controller's sealing keys: loaded from key Secrets, swapped whole when these change.

mod key_secret;
mod mint;
mod renew;
mod watch;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use seal_keys::{Keyring, SealingKey};
use tokio::sync::watch as channel;

pub(crate) use mint::{KeyPolicy, Mint};
pub(crate) use renew::renew_for_ever;
pub(crate) use watch::watch_for_ever;

/// Every active key, readable without waiting; changes are announced.
pub(crate) struct KeyStore {
    ring: ArcSwap<Keyring>,
    /// By name of the key Secret.
    known: Mutex<BTreeMap<String, Arc<SealingKey>>>,
    /// False until the key Secrets were listed once; every change of keys is a message.
    loaded: channel::Sender<bool>,
}

impl KeyStore {
    pub(crate) fn new() -> Self {
        Self {
            ring: ArcSwap::default(),
            known: Mutex::default(),
            loaded: channel::Sender::new(false),
        }
    }

    /// The keys of this moment.
    pub(crate) fn ring(&self) -> Arc<Keyring> {
        self.ring.load_full()
    }

    /// Messages: whether the keys are loaded; one for each change.
    pub(crate) fn changes(&self) -> channel::Receiver<bool> {
        self.loaded.subscribe()
    }

    /// Puts one key to use, new or changed.
    fn insert(&self, key: SealingKey) {
        self.change(|known| {
            known.insert(key.name().to_owned(), Arc::new(key));
        });
    }

    /// Takes one key out of use.
    fn remove(&self, name: &str) {
        self.change(|known| {
            known.remove(name);
        });
    }

    /// Replaces all keys by what a full list gave.
    fn replace(&self, keys: Vec<SealingKey>) {
        self.change(|known| {
            *known = keys
                .into_iter()
                .map(|key| (key.name().to_owned(), Arc::new(key)))
                .collect();
        });
        self.loaded.send_replace(true);
    }

    fn change(&self, change: impl FnOnce(&mut BTreeMap<String, Arc<SealingKey>>)) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut known);
        let ring = Keyring::new(known.values().cloned().collect());
        self.ring.store(Arc::new(ring));
        self.loaded.send_modify(|_| {});
    }
}
