//! Ours takes over what the real operator has synced, and gives it back: nobody writes a Secret.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::core::v1::Secret;
use seal_api::external_secrets::{DATA_HASH, ExternalSecret, FORCE_SYNC};
use serde_json::json;
use suite::{CrdSet, ExternalSecretsController, fetch};
use testkit::eventually;

use crate::bed::Bed;
use crate::case::{self, Case};
use crate::comparison::real_operator;
use crate::differences::Differences;

/// So many objects change hands.
const OBJECTS: usize = 200;
/// Both look at so many objects within seconds.
const PATIENCE: Duration = Duration::from_mins(2);

/// Cases whose Secret the two agree on, and that ask for nothing more once they are in sync: creation policy
/// None and whatever has no Secret fetch at every start, short intervals all the time.
fn quiet_cases() -> Vec<Case> {
    let differences = Differences::read();
    let mut cases = Case::all();
    cases.retain(|case| {
        let interval = case.spec.get("refreshInterval");
        let short = interval.is_some_and(|interval| interval != "0");
        // One identity in one region: the shared store's.
        let shared = case.store.is_none() && case.feature != "stores";
        shared && !short && !differences.concern(&case.id())
    });
    cases
}

/// Those that are in sync, with a Secret: the others go.
fn keep_synced(bed: &Bed, mut cases: Vec<Case>) -> Vec<Case> {
    let records = bed.begin(&cases);
    let (kept, gone) = cases.drain(..).partition(|case: &Case| {
        let facts = &records[&(case.id(), 0)];
        let ready = format!("ExternalSecret {} Ready", case.external);
        let synced = json!("True SecretSynced: secret synced");
        let owned = format!("Secret {} annotation {}", case.target(), DATA_HASH);
        facts.get(&ready) == Some(&synced) && facts.contains_key(&owned)
    });
    let gone: Vec<Case> = gone;
    for case in gone {
        let namespace = bed.cluster.existing(&case.id());
        namespace.delete::<ExternalSecret>(&case.external);
        namespace.wait_gone::<ExternalSecret>(&case.external);
    }
    kept
}

/// Waits until every object has been looked at: each has its own line among the metrics.
fn wait_all_seen(metrics: impl Fn() -> Option<String>, cases: &[Case]) {
    eventually("every object to be looked at", PATIENCE, || {
        let page = metrics()?;
        let mut lines = page
            .lines()
            .filter(|line| line.starts_with("externalsecret_reconcile_duration{"));
        let seen: Vec<&str> = lines.by_ref().collect();
        let all = cases.iter().all(|case| {
            let namespace = format!("namespace=\"{}\"", case.id());
            seen.iter().any(|line| line.contains(&namespace))
        });
        all.then_some(())
    });
}

/// What was written, if anything was.
fn written(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<String> {
    let names = before.keys().chain(after.keys());
    let mut written: Vec<_> = names
        .filter(|name| before.get(*name) != after.get(*name))
        .cloned()
        .collect();
    written.sort();
    written.dedup();
    written
}

#[test]
fn nobody_writes_what_changes_hands() {
    let bed = Bed::start();
    bed.cluster.external_secrets(CrdSet::Upstream);
    let theirs = real_operator(&bed);
    let cases = keep_synced(&bed, quiet_cases());
    assert!(cases.len() >= OBJECTS, "{}", cases.len());
    theirs.process().stop().unwrap();

    let before = bed.versions();
    bed.proxy.forget_calls();
    let ours = ExternalSecretsController::start(&bed.cluster, bed.proxy.url(), &[]);
    wait_all_seen(|| Some(ours.metrics().body), &cases);
    assert_eq!(written(&before, &bed.versions()), Vec::<String>::new());
    // At most one sweep, whose pages have up to a hundred secrets each, and no value.
    let calls = bed.proxy.all_calls();
    let pages = case::fixtures().len().div_ceil(100);
    assert!(calls.keys().all(|call| call == "ListSecrets"), "{calls:?}");
    assert!(calls.values().sum::<usize>() <= pages, "{calls:?}");

    // It does work: a change by people arrives.
    let namespace = bed.cluster.existing("addressing-name");
    let forced =
        json!({"metadata": {"labels": {"new": "label"}, "annotations": {FORCE_SYNC: "1"}}});
    namespace.patch::<ExternalSecret>("app", &forced);
    namespace.wait_for("app", "to have the new label", |secret: &Secret| {
        secret
            .metadata
            .labels
            .iter()
            .flatten()
            .any(|(label, _)| label == "new")
    });
    ours.process().stop().unwrap();

    let before = bed.versions();
    bed.proxy.forget_calls();
    let theirs = real_operator(&bed);
    let metrics = theirs.metrics_url();
    wait_all_seen(|| Some(fetch(&metrics)?.body), &cases);
    let after = written(&before, &bed.versions());
    assert_eq!(after, Vec::<String>::new());
    assert_eq!(bed.proxy.all_calls(), BTreeMap::new());
    theirs.process().stop().unwrap();
}
