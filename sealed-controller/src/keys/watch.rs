//! Key Secrets → key store: loaded at the start, reloaded when they change, never fatal.

use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _};
use k8s_openapi::api::core::v1::Secret;
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Resource as _, ResourceExt as _};
use operator_kit::{ApiFault, Backoff, EventKind, EventSink};
use seal_api::{KEY_LABEL, KEY_LABEL_ACTIVE};

use super::KeyStore;
use super::key_secret::{self, KeySecret};
use operator_kit::watch_fault;

/// Follows the key Secrets of one namespace. `legacy` is the name of a key Secret of old that
/// carries no label (contract §5.1).
pub(crate) async fn watch_for_ever(
    secrets: Api<Secret>,
    legacy: String,
    store: Arc<KeyStore>,
    events: EventSink,
) {
    let config = watcher::Config::default().labels(&format!("{KEY_LABEL}={KEY_LABEL_ACTIVE}"));
    let mut stream = watcher(secrets.clone(), config)
        .backoff(watch_fault::backoff())
        .inspect_err(|error| watch_fault::log("key Secrets", error))
        .boxed();
    let mut listed = Vec::new();
    while let Some(event) = stream.next().await {
        match event {
            Ok(Event::Init) => listed.clear(),
            Ok(Event::InitApply(secret)) => listed.extend(read(&secret, &events)),
            Ok(Event::InitDone) => {
                listed.extend(unlabelled(&secrets, &legacy, &listed, &events).await);
                store.replace(std::mem::take(&mut listed));
            }
            Ok(Event::Apply(secret)) => match read(&secret, &events) {
                Some(key) => store.insert(key),
                None => store.remove(&secret.name_any()),
            },
            Ok(Event::Delete(secret)) => store.remove(&secret.name_any()),
            Err(_) => {}
        }
    }
}

/// A key that cannot be read is reported, and the others work on.
fn read(secret: &Secret, events: &EventSink) -> Option<KeySecret> {
    match key_secret::read(secret) {
        Ok(key) => {
            let fingerprint = key.certificate().fingerprint();
            match &key {
                KeySecret::Open(_) => {
                    tracing::info!(name = key.name(), fingerprint, "sealing key in use");
                }
                KeySecret::Wrapped(_) => {
                    tracing::info!(name = key.name(), fingerprint, "wrapped sealing key");
                }
            }
            Some(key)
        }
        Err(error) => {
            let name = secret.name_any();
            tracing::warn!(name, %error, "a key Secret is of no use and is left out");
            let message = format!("this key Secret is left out: it {error}");
            events.publish(
                secret.object_ref(&()),
                EventKind::Warning,
                "InvalidSealingKey",
                message,
            );
            None
        }
    }
}

/// The key of old. While the API server does not say whether there is one, the keys stay as they
/// are: taking a failure for "no" would make a needless key, or lose this one.
async fn unlabelled(
    secrets: &Api<Secret>,
    name: &str,
    listed: &[KeySecret],
    events: &EventSink,
) -> Option<KeySecret> {
    if listed.iter().any(|key| key.name() == name) {
        return None;
    }
    let backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(15));
    let secret = loop {
        match secrets.get_opt(name).await.map_err(ApiFault::from) {
            Ok(found) => break found?,
            Err(fault) if fault.is_transient() => {
                tracing::warn!(name, %fault, "cannot look for the key Secret, trying again");
                tokio::time::sleep(backoff.next(())).await;
            }
            Err(fault) => {
                tracing::warn!(name, %fault, "cannot look for the key Secret, going on without");
                return None;
            }
        }
    };
    // Any value of the label but "active" takes a key out of use.
    if secret.labels().contains_key(KEY_LABEL) {
        return None;
    }
    read(&secret, events)
}
