//! The API server is away for a while.

use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::Secret;
use seal_api::ConditionStatus;
use serde_json::json;
use suite::{Cluster, Controller, PATIENCE, data, text};
use testkit::eventually;

/// Long enough for connections to be refused many times and back-offs to grow.
const AWAY: Duration = Duration::from_secs(20);

#[test]
fn it_recovers_without_a_restart() {
    let cluster = Cluster::start();
    let controller = Controller::start(&cluster);
    let certificate = controller.certificate();
    let namespace = cluster.namespace("outage");
    let plain = |name: &str| namespace.plain(name).item("a", "1");
    namespace.create(&plain("before").seal(&certificate));
    namespace.wait_synced("before", ConditionStatus::True);

    let start = Instant::now();
    cluster.plane().stop_apiserver().unwrap();
    eventually(
        "the API server to be away for long enough",
        PATIENCE,
        || {
            // It stays up, and goes on serving what it has.
            assert_eq!(controller.get("/healthz").unwrap().status, 200);
            assert_eq!(controller.get("/v1/cert.pem").unwrap().status, 200);
            (start.elapsed() >= AWAY).then_some(())
        },
    );
    cluster.plane().start_apiserver().unwrap();

    namespace.create(&plain("after").seal(&certificate));
    assert_eq!(data(&namespace.wait_secret("after")), text(&[("a", "1")]));
    namespace.wait_synced("after", ConditionStatus::True);
    namespace.wait_event("after", "Unsealed");
    namespace.patch::<Secret>("before", &json!({"stringData": {"a": "edited"}}));
    namespace.wait_for("before", "to be repaired", |secret: &Secret| {
        data(secret) == text(&[("a", "1")])
    });
    namespace.delete::<Secret>("before");
    namespace.wait_secret("before");
    assert_eq!(controller.process().ended().unwrap(), None);
}
