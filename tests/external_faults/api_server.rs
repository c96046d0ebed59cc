//! The API server is away for a while.

use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::Secret;
use serde_json::json;
use suite::PATIENCE;
use testkit::eventually;

use crate::bed::{Bed, one, secret_versions, wait_synced, wait_value};

/// Long enough for connections to be refused many times and back-offs to grow, and for several refresh intervals.
const AWAY: Duration = Duration::from_secs(15);
const OBJECTS: usize = 40;

#[test]
fn it_recovers_and_does_not_ask_aws_more_than_ever() {
    let bed = Bed::start(&[]);
    let namespace = bed.shop("outage", "AKIAOUTAGE");
    let name = |number: usize| format!("object-{number}");
    for number in 0..OBJECTS {
        bed.secrets
            .create_secret(&name(number), "one", &[])
            .unwrap();
        namespace.create(&one(&name(number), "4s", &name(number)));
    }
    for number in 0..OBJECTS {
        wait_synced(&namespace, &name(number));
    }
    // From now on one look serves all.
    eventually("sweeps", PATIENCE, || {
        (bed.proxy.calls("ListSecrets") >= 2).then_some(())
    });
    let before = secret_versions(&namespace);
    let calls = bed.calls();
    bed.cluster.plane().stop_apiserver().unwrap();
    bed.secrets
        .put_secret_value("object-3", "two", &[])
        .unwrap();
    let start = Instant::now();
    eventually(
        "the API server to be away for long enough",
        PATIENCE,
        || {
            assert_eq!(bed.controller.get("/healthz").unwrap().status, 200);
            (start.elapsed() >= AWAY).then_some(())
        },
    );
    // A sweep every 3.6 s, and the one value that changed, tried again now and then at most.
    let meanwhile = bed.calls() - calls;
    assert!(meanwhile <= 20, "{:?}", bed.proxy.all_calls());
    bed.cluster.plane().start_apiserver().unwrap();

    wait_value(&namespace, "object-3", "two");
    namespace.create(&one("after", "4s", "object-5"));
    wait_synced(&namespace, "after");
    let edit = json!({"stringData": {"value": "edited"}});
    namespace.patch::<Secret>("object-5", &edit);
    wait_value(&namespace, "object-5", "one");
    for number in 0..OBJECTS {
        wait_synced(&namespace, &name(number));
    }
    let touched = ["after", "object-3", "object-5"];
    let mut after = secret_versions(&namespace);
    after.retain(|(name, _)| !touched.contains(&name.as_str()));
    let mut before = before;
    before.retain(|(name, _)| !touched.contains(&name.as_str()));
    assert_eq!(after, before, "nobody else is written");
    assert_eq!(bed.controller.process().ended().unwrap(), None);
    // Away again, and told to end.
    bed.cluster.plane().stop_apiserver().unwrap();
    let ended = bed.controller.process().stop_within(Duration::from_secs(5));
    assert_eq!(ended.unwrap(), "exit status: 0");
}
