//! The HTTP endpoints and the metrics (contract §5.2, §6.1), and the version (§9.1, 26).

use seal_api::ConditionStatus;
use suite::Controller;

use crate::{bed, scene};

#[test]
fn the_endpoints_answer_as_upstreams() {
    let controller = &bed().controller;
    for path in ["/healthz", "/readyz"] {
        let page = controller.get(path).unwrap();
        assert_eq!((page.status, page.body.as_str()), (200, "ok\n"), "{path}");
    }
    let page = controller.get("/v1/cert.pem").unwrap();
    assert_eq!(page.status, 200);
    assert_eq!(page.content_type, "application/x-pem-file");
    assert_eq!(page.body.matches("-----BEGIN CERTIFICATE-----").count(), 1);
    assert_eq!(page.body.matches("PRIVATE").count(), 0);
    assert_eq!(controller.get("/nothing").unwrap().status, 404);
    assert_eq!(controller.get("/metrics").unwrap().status, 404);
}

#[test]
fn metrics_have_the_names_that_dashboards_use() {
    let (namespace, certificate) = scene("metrics");
    let plain = namespace.plain("good").item("a", "1");
    namespace.create(&plain.clone().seal(certificate));
    let mut bad = plain.seal(certificate);
    bad.metadata.name = Some("bad".to_owned());
    namespace.create(&bad);
    namespace.wait_synced("good", ConditionStatus::True);
    namespace.wait_synced("bad", ConditionStatus::False);

    let controller = &bed().controller;
    assert_eq!(controller.get("/healthz").unwrap().status, 200);
    let value = |name: &str, labels: &[&str]| {
        controller.metric(&format!("sealed_secrets_controller_{name}"), labels)
    };
    let here = r#"namespace="metrics""#;
    let condition = |name: &str| {
        let labels = [
            here,
            name,
            r#"condition="Synced""#,
            "ss_app_kubernetes_io_instance=",
        ];
        value("condition_info{", &labels)
    };
    for (what, found, expected) in [
        ("build", value("build_info{", &["revision="]), 1.0),
        ("good", condition(r#"name="good""#), 1.0),
        ("bad", condition(r#"name="bad""#), -1.0),
    ] {
        assert!((found - expected).abs() < f64::EPSILON, "{what}: {found}");
    }
    let health = [r#"path="/healthz""#, r#"code="200""#, r#"method="GET""#];
    let unseal = [r#"reason="unseal""#, here];
    for (what, found) in [
        ("passes", value("unseal_requests_total", &[])),
        ("errors", value("unseal_errors_total{", &unseal)),
        ("requests", value("http_requests_total{", &health)),
        (
            "durations",
            value("http_request_duration_seconds_bucket{", &health[..1]),
        ),
        (
            "durations",
            value("http_request_duration_seconds_count{", &health[..1]),
        ),
    ] {
        assert!(found >= 1.0, "{what}: {found}");
    }
}

#[test]
fn the_version_is_printed_as_scripts_expect() {
    let printed = Controller::output(&["--version"]);
    let version = printed.strip_prefix("controller version: v").unwrap();
    let parts: Vec<_> = version.trim_end().split('.').collect();
    assert_eq!(parts.len(), 3, "{printed}");
    assert!(
        parts.iter().all(|part| part.parse::<u32>().is_ok()),
        "{printed}"
    );
}
