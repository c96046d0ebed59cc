//! The task that opens wrapped keys, as often as it takes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use operator_kit::{Backoff, EventKind, EventSink};
use seal_keys::SealingKey;

use super::key_secret::WrappedSecret;
use super::wrapping::UnwrapKeyError;
use super::{KeyStore, Wrapping};

const FIRST_RETRY: Duration = Duration::from_millis(500);
const LONGEST_RETRY: Duration = Duration::from_secs(30);
/// While nothing waits; changes wake it up earlier.
const LOOK_AGAIN: Duration = Duration::from_hours(1);
/// Keys that are asked for at the same time.
const AT_ONCE: usize = 8;

/// Opens what waits, at once and whenever keys or identities change; what fails is tried again.
pub(crate) async fn unlock_for_ever(
    store: Arc<KeyStore>,
    wrapping: Arc<Wrapping>,
    events: EventSink,
) {
    let mut keys = store.changes();
    let mut identities = wrapping.changes();
    // Before these were listed, keys would be told as lost that open a moment later.
    if keys.wait_for(|listed| *listed).await.is_err()
        || identities.wait_for(|listed| *listed).await.is_err()
    {
        return;
    }
    let backoff = Backoff::new(FIRST_RETRY, LONGEST_RETRY);
    let mut told = Told::new(events);
    loop {
        keys.mark_unchanged();
        identities.mark_unchanged();
        let waiting = store.waiting();
        told.forget_all_but(&waiting);
        let opened = waiting.into_iter().map(|secret| {
            let wrapping = wrapping.clone();
            async move {
                let opened = wrapping.open(&secret).await;
                (secret, opened)
            }
        });
        // Each is used as it comes: one that KMS is silent about holds up none that is open.
        let mut opened = futures::stream::iter(opened).buffer_unordered(AT_ONCE);
        let mut failed = false;
        while let Some((secret, opened)) = opened.next().await {
            match opened {
                Ok(key) => told.unlocked(&secret, key, &store),
                Err(reason) => {
                    failed |= reason.is_tried_again();
                    told.locked(&secret, reason, &store);
                }
            }
        }
        store.tried.send_replace(true);
        let wait = if failed {
            backoff.next(())
        } else {
            backoff.reset(&());
            LOOK_AGAIN
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            news = keys.changed() => if news.is_err() { return },
            news = identities.changed() => if news.is_err() { return },
        }
    }
}

/// What was told of keys that wait: each reason once.
struct Told {
    events: EventSink,
    reasons: BTreeMap<String, UnwrapKeyError>,
}

impl Told {
    fn new(events: EventSink) -> Self {
        let reasons = BTreeMap::new();
        Self { events, reasons }
    }

    fn forget_all_but(&mut self, waiting: &[Arc<WrappedSecret>]) {
        let waits = |name: &String| waiting.iter().any(|secret| secret.name == *name);
        self.reasons.retain(|name, _| waits(name));
    }

    fn unlocked(&mut self, secret: &WrappedSecret, key: SealingKey, store: &KeyStore) {
        let fingerprint = key.certificate().fingerprint();
        tracing::info!(
            name = secret.name,
            fingerprint,
            "sealing key unwrapped and in use"
        );
        if self.reasons.remove(&secret.name).is_some() {
            let message = "the private key was unwrapped and is in use".to_owned();
            let (kind, reason) = (EventKind::Normal, "SealingKeyUnwrapped");
            self.events
                .publish(secret.reference.clone(), kind, reason, message);
        }
        store.unlock(secret, key);
    }

    fn locked(&mut self, secret: &WrappedSecret, reason: UnwrapKeyError, store: &KeyStore) {
        if self.reasons.get(&secret.name) == Some(&reason) {
            return;
        }
        let name = secret.name.clone();
        let effect = if store.locked().names().any(|locked| locked == name) {
            "what only this key opens stays shut until then, and no new key is made in its place"
        } else {
            "the key works on in the memory of this process, and of no later one"
        };
        tracing::warn!(name, %reason, "a wrapped sealing key cannot be unwrapped yet; {effect}");
        let again = if reason.is_tried_again() {
            "It is tried again"
        } else {
            "It is looked at again when the Secret changes"
        };
        let message = format!("the private key cannot be unwrapped: {reason}. {again}; {effect}");
        let (kind, title) = (EventKind::Warning, "SealingKeyLocked");
        self.events
            .publish(secret.reference.clone(), kind, title, message);
        self.reasons.insert(name, reason);
    }
}
