//! The controller's sealing keys: loaded from key Secrets, swapped whole when these change.

mod key_secret;
mod locked;
mod mint;
mod renew;
mod unlock;
mod watch;
mod wrap_recipient;
mod wrapping;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use seal_keys::{Keyring, SealingKey};
use tokio::sync::watch as channel;

use key_secret::{KeySecret, WrappedSecret};
pub(crate) use locked::LockedKeys;
pub(crate) use mint::{KeyPolicy, Mint};
pub(crate) use renew::renew_for_ever;
pub(crate) use unlock::unlock_for_ever;
pub(crate) use watch::watch_for_ever;
pub(crate) use wrap_recipient::WrapRecipient;
pub(crate) use wrapping::Wrapping;

/// Every active key, readable without waiting; changes are announced.
pub(crate) struct KeyStore {
    ring: ArcSwap<Keyring>,
    locked: ArcSwap<LockedKeys>,
    known: Mutex<Known>,
    /// False until the key Secrets were listed once; every change of keys is a message.
    loaded: channel::Sender<bool>,
    /// False until every wrapped key was tried once.
    tried: channel::Sender<bool>,
}

/// Keys by name of the key Secret.
#[derive(Default)]
struct Known {
    open: BTreeMap<String, Arc<SealingKey>>,
    wrapped: BTreeMap<String, Wrapped>,
}

/// A key Secret that is wrapped.
struct Wrapped {
    secret: Arc<WrappedSecret>,
    /// What is in `open` came out of it.
    unlocked: bool,
}

impl KeyStore {
    pub(crate) fn new() -> Self {
        Self {
            ring: ArcSwap::default(),
            locked: ArcSwap::default(),
            known: Mutex::default(),
            loaded: channel::Sender::new(false),
            tried: channel::Sender::new(false),
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

    /// Waits until every wrapped key was tried once.
    pub(crate) async fn tried(&self) {
        // An error is the end of the process.
        let _ = self.tried.subscribe().wait_for(|tried| *tried).await;
    }

    /// Keys that are not in use, as nobody could unwrap them yet. Asked for before [`Self::ring`], one that
    /// is unlocked in between is in both, and none is in neither.
    pub(crate) fn locked(&self) -> Arc<LockedKeys> {
        self.locked.load_full()
    }

    /// The start of the newest key's validity, locked ones included.
    fn newest_order(&self) -> Option<Timestamp> {
        let known = self.known();
        let locked = known.wrapped.values().map(|key| key.secret.order());
        let open = known.open.values().map(|key| key.order());
        locked.chain(open).max()
    }

    /// Key Secrets that have to be unwrapped.
    fn waiting(&self) -> Vec<Arc<WrappedSecret>> {
        let known = self.known();
        let waiting = known.wrapped.values().filter(|key| !key.unlocked);
        waiting.map(|key| key.secret.clone()).collect()
    }

    /// A wrapped key was opened, unless its Secret has changed meanwhile.
    fn unlock(&self, secret: &WrappedSecret, key: SealingKey) {
        self.change(|known| {
            let entry = known.wrapped.get_mut(&secret.name);
            if let Some(entry) = entry.filter(|entry| entry.secret.is_same(secret)) {
                entry.unlocked = true;
                known.open.insert(secret.name.clone(), Arc::new(key));
            }
        });
    }

    /// Puts one key to use, new or changed.
    fn insert(&self, key: KeySecret) {
        self.change(|known| known.insert(key));
    }

    /// Takes one key out of use.
    fn remove(&self, name: &str) {
        self.change(|known| {
            known.open.remove(name);
            known.wrapped.remove(name);
        });
    }

    /// Replaces all keys by what a full list gave.
    fn replace(&self, keys: Vec<KeySecret>) {
        self.change(|known| {
            let names: Vec<_> = keys.iter().map(|key| key.name().to_owned()).collect();
            known.open.retain(|name, _| names.contains(name));
            known.wrapped.retain(|name, _| names.contains(name));
            for key in keys {
                known.insert(key);
            }
        });
        self.loaded.send_replace(true);
    }

    fn change(&self, change: impl FnOnce(&mut Known)) {
        let mut known = self.known();
        change(&mut known);
        let ring = Keyring::new(known.open.values().cloned().collect());
        self.ring.store(Arc::new(ring));
        let wrapped = known.wrapped.iter();
        let locked = wrapped.filter(|(name, _)| !known.open.contains_key(*name));
        let locked = LockedKeys::of(locked.map(|(_, key)| key.secret.as_ref()));
        self.locked.store(Arc::new(locked));
        self.loaded.send_modify(|_| {});
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn insert(&mut self, key: KeySecret) {
        let name = key.name().to_owned();
        match key {
            KeySecret::Open(key) => {
                self.wrapped.remove(&name);
                self.open.insert(name, Arc::new(*key));
            }
            KeySecret::Wrapped(secret) => {
                let before = self.wrapped.get(&name);
                if before.is_some_and(|before| before.secret.is_same(&secret)) {
                    return;
                }
                // Wrapped anew, the key itself is the same: it works on while the wraps are tried.
                let spki = secret.certificate.spki();
                let of_certificate = |key: &Arc<SealingKey>| key.certificate().spki() == spki;
                if !self.open.get(&name).is_some_and(of_certificate) {
                    self.open.remove(&name);
                }
                let unlocked = false;
                self.wrapped.insert(name, Wrapped { secret, unlocked });
            }
        }
    }
}
