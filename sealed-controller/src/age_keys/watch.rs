//! Labelled Secrets → age store: loaded at the start, reloaded when they change, never fatal.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _};
use k8s_openapi::api::core::v1::Secret;
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Resource as _, ResourceExt as _};
use operator_kit::{EventKind, EventSink};
use seal_api::{AGE_IDENTITIES_ACTIVE, AGE_IDENTITIES_LABEL};

use super::{AgeStore, Named, identity_file};
use operator_kit::watch_fault;

/// Problems of one Secret that an event tells; the others are counted.
const TOLD: usize = 8;

/// Follows the Secrets of one namespace that hold age identity files.
pub(crate) async fn watch_for_ever(secrets: Api<Secret>, store: Arc<AgeStore>, events: EventSink) {
    let label = format!("{AGE_IDENTITIES_LABEL}={AGE_IDENTITIES_ACTIVE}");
    let mut stream = watcher(secrets, watcher::Config::default().labels(&label))
        .backoff(watch_fault::backoff())
        .inspect_err(|error| watch_fault::log("age identities", error))
        .boxed();
    let mut listed = BTreeMap::new();
    while let Some(event) = stream.next().await {
        match event {
            Ok(Event::Init) => listed.clear(),
            Ok(Event::InitApply(secret)) => {
                listed.insert(secret.name_any(), read(&secret, &events));
            }
            Ok(Event::InitDone) => store.replace(std::mem::take(&mut listed)),
            Ok(Event::Apply(secret)) => store.set(secret.name_any(), read(&secret, &events)),
            Ok(Event::Delete(secret)) => store.remove(&secret.name_any()),
            Err(_) => {}
        }
    }
}

/// Every value is an identity file. What cannot be used is reported, and the rest works on.
fn read(secret: &Secret, events: &EventSink) -> Vec<Named> {
    let mut identities = Vec::new();
    let mut problems = Vec::new();
    for (item, file) in secret.data.iter().flatten() {
        let (found, left_out) = identity_file::read(&file.0);
        identities.extend(found);
        let named = left_out.iter().map(|why| format!("{item} {why}"));
        problems.extend(named);
    }
    if secret.data.iter().flatten().next().is_none() {
        problems.push("the Secret, which is empty".to_owned());
    }
    let name = secret.name_any();
    for (recipient, _) in &identities {
        tracing::info!(name, %recipient, "age identity in use");
    }
    if let Some(message) = message(problems) {
        tracing::warn!(
            name,
            "a Secret of age identities is not usable in full: {message}"
        );
        events.publish(
            secret.object_ref(&()),
            EventKind::Warning,
            "InvalidAgeIdentity",
            format!("left out: {message}"),
        );
    }
    identities
}

fn message(mut problems: Vec<String>) -> Option<String> {
    let more = problems.len().saturating_sub(TOLD);
    problems.truncate(TOLD);
    if more > 0 {
        problems.push(format!("{more} more"));
    }
    (!problems.is_empty()).then(|| problems.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_problems_are_told() {
        assert_eq!(message(vec![]), None);
        let text = message(vec!["a line 1 is odd".to_owned(); 11]).unwrap();
        assert!(text.ends_with("a line 1 is odd; 3 more"));
    }
}
