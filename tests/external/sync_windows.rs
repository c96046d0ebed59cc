//! Windows hold back what only time brings, and nothing else.

use seal_api::external_secrets::{ExternalSecret, FORCE_SYNC};
use serde_json::{Value, json};
use suite::{Cluster, CrdSet, ExternalSecretsController, data, text};
use testkit::aws::{Emulator, Kind};

use crate::follow::{NAMESPACE, external, store, wait_value};

fn with_windows(name: &str, kind: &str, schedules: &[&str]) -> Value {
    let mut object = external(name, "2s", "prod/db");
    let windows = schedules.iter();
    let windows = windows.map(|schedule| json!({"schedule": schedule, "duration": "24h"}));
    let windows: Vec<_> = windows.collect();
    object["spec"]["syncWindows"] = json!({"kind": kind, "windows": windows});
    object
}

#[test]
fn only_time_is_held_back() {
    let cluster = Cluster::bare();
    cluster.external_secrets(CrdSet::Ours);
    let emulator = Emulator::start(Kind::Moto).unwrap();
    let secrets = emulator.secrets();
    secrets.create_secret("prod/db", "one", &[]).unwrap();
    let controller = ExternalSecretsController::start(&cluster, emulator.url(), &[]);
    let namespace = cluster.namespace(NAMESPACE);
    for object in store() {
        cluster.plane().apply(&object).unwrap();
    }
    // Always, never, and as if there were no window.
    let never = ["0 0 31 2 *", "this is not a cron"];
    for object in [
        with_windows("denied", "deny", &["@hourly"]),
        with_windows("not-allowed", "allow", &never),
        with_windows("allowed", "allow", &["@hourly"]),
        with_windows("not-denied", "deny", &never),
    ] {
        cluster.plane().apply(&object).unwrap();
    }
    let all = ["allowed", "not-denied", "denied", "not-allowed"];
    for name in all {
        wait_value(&namespace, name, "one");
    }
    for name in ["not-allowed", "not-denied"] {
        let event = namespace.wait_event(name, "SyncWindowIgnored");
        let message = event.message.unwrap();
        assert!(message.starts_with("spec.syncWindows.windows[1].schedule is neither"));
    }
    for value in ["two", "three"] {
        secrets.put_secret_value("prod/db", value, &[]).unwrap();
        // Those that may, twice: the others had every opportunity.
        for name in &all[..2] {
            wait_value(&namespace, name, value);
        }
        for name in &all[2..] {
            let secret = namespace.secret(name).unwrap();
            assert_eq!(data(&secret), text(&[("value", "one")]), "{name}");
        }
    }
    // People are served at once.
    for name in &all[2..] {
        let forced = json!({"metadata": {"annotations": {FORCE_SYNC: "1"}}});
        namespace.patch::<ExternalSecret>(name, &forced);
        wait_value(&namespace, name, "three");
    }
    assert_eq!(namespace.events("allowed", "SyncWindowIgnored").len(), 0);
    controller.process().stop().unwrap();
}
