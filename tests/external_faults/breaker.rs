//! What a fresh pair of eyes tried to break it with.

use std::time::{Duration, Instant};

use kube::ResourceExt as _;
use seal_api::external_secrets::{ExternalSecret, SecretStore};
use serde_json::{Value, json};
use suite::{Namespace, data};

use crate::bed::{Bed, external, keys, one, store, wait_failed, wait_synced};

/// Longest that a liveness probe may take, as kubelets have it, and what waits for a place on a busy machine.
const PROMPT: Duration = Duration::from_secs(1);
/// Of the 256 MiB that the pod may have.
const MOST_MEMORY: u64 = 200 << 20;

/// A thousand times 60 KB, under a thousand names.
fn large() -> Value {
    let extract = |number: usize| {
        let rename = json!([{"regexp": {"source": "v", "target": format!("v{number}")}}]);
        json!({"extract": {"key": "large"}, "rewrite": rename})
    };
    json!({"dataFrom": (0..1000).map(extract).collect::<Vec<_>>()})
}

/// Five hundred templates; each by itself takes little enough.
fn slow() -> Value {
    let template = |number: usize| (format!("k{number}"), json!(r#"{{ bcrypt "a" }}"#));
    let templates: serde_json::Map<_, _> = (0..500).map(template).collect();
    json!({
        "data": [{"secretKey": "a", "remoteRef": {"key": "a"}}],
        "target": {"template": {"data": templates}},
    })
}

fn fails_with(namespace: &Namespace<'_>, name: &str, part: &str) {
    let message = wait_failed(namespace, name);
    assert!(message.contains(part), "{name}: {message}");
    assert!(namespace.secret(name).is_none(), "{name}");
}

#[test]
fn thousands_of_entries_hold_up_their_own_namespace_only() {
    let bed = Bed::start(&[]);
    let (busy, other) = (bed.shop("busy", "AKIABUSY"), bed.shop("other", "AKIAOTHER"));
    let text = json!({"v": "x".repeat(60_000)}).to_string();
    bed.secrets.create_secret("large", &text, &[]).unwrap();
    bed.secrets.create_secret("a", "one", &[]).unwrap();
    for number in 0..4 {
        busy.create(&external(&format!("slow-{number}"), "1h", &slow()));
        busy.create(&external(&format!("large-{number}"), "1h", &large()));
    }
    for number in 0..20 {
        let name = format!("meanwhile-{number}");
        let start = Instant::now();
        other.create(&one(&name, "1h", "a"));
        wait_synced(&other, &name);
        let asked = Instant::now();
        assert_eq!(bed.controller.get("/healthz").unwrap().status, 200);
        let took = (start.elapsed(), asked.elapsed());
        assert!(took.0 < 5 * PROMPT && took.1 < PROMPT, "{number}: {took:?}");
    }
    for number in 0..4 {
        fails_with(&busy, &format!("slow-{number}"), "take too long together");
        let name = format!("large-{number}");
        fails_with(&busy, &name, "far larger than a Secret can be");
    }
    let memory = bed.controller.process().rss().unwrap();
    assert!(memory < MOST_MEMORY, "{memory}");
}

/// As in a namespace that is deleted: which of the two goes first is chance.
#[test]
fn an_external_secret_goes_after_its_store_of_a_class() {
    let bed = Bed::start(&["--controller-class=seal"]);
    let namespace = bed.cluster.namespace("going");
    let mut classed = store("going");
    classed["spec"]["controller"] = json!("seal");
    for object in [&keys("going", "AKIAGOING", "testing"), &classed] {
        bed.cluster.plane().apply(object).unwrap();
    }
    bed.secrets.create_secret("a", "one", &[]).unwrap();
    let rest = json!({
        "data": [{"secretKey": "value", "remoteRef": {"key": "a"}}],
        "target": {"deletionPolicy": "Delete"},
    });
    namespace.create(&external("a", "1h", &rest));
    wait_synced(&namespace, "a");
    assert!(
        !namespace
            .get::<ExternalSecret>("a")
            .unwrap()
            .finalizers()
            .is_empty()
    );
    namespace.delete::<SecretStore>("aws");
    namespace.wait_gone::<SecretStore>("aws");
    namespace.delete::<ExternalSecret>("a");
    namespace.wait_gone::<ExternalSecret>("a");
}

/// Whoever loses the right to read must lose it for what is in memory, too, and nobody gets what only others
/// may read.
#[test]
fn keys_decide_who_gets_what_is_in_memory() {
    let bed = Bed::start(&[]);
    let (owner, thief) = (
        bed.shop("owner", "AKIAOWNER"),
        bed.shop("thief", "AKIAOWNER"),
    );
    bed.secrets.create_secret("a", "one", &[]).unwrap();
    owner.create(&one("a", "1h", "a"));
    wait_synced(&owner, "a");
    // The id of somebody else's key, and not the key.
    bed.cluster
        .plane()
        .apply(&keys("thief", "AKIAOWNER", "guessed"))
        .unwrap();
    let calls = bed.calls();
    bed.proxy.deny_secret("a");
    thief.create(&one("stolen", "1h", "a"));
    let message = wait_failed(&thief, "stolen");
    assert!(message.contains("access denied"), "{message}");
    assert!(bed.calls() > calls && thief.secret("stolen").is_none());
    // The same key: it is a new question all the same.
    owner.create(&one("late", "1h", "a"));
    wait_failed(&owner, "late");
    assert_eq!(data(&owner.secret("a").unwrap())["value"], "one");
}
