//! `spec.data`: a whole Secret as one value (contract §1.4).

use seal_api::ConditionStatus;
use serde_json::json;
use suite::{condition, data, text};

use crate::scene;

#[test]
fn a_whole_secret_opens() {
    let (namespace, certificate) = scene("legacy");
    let whole = json!({
        "kind": "Secret",
        "apiVersion": "v1",
        "metadata": {"name": "db", "namespace": "legacy", "labels": {"app": "shop"}},
        "type": "example.com/legacy",
        "data": {"password": "aHVudGVyMg=="},
    });
    let plain = namespace.plain("db").item("all", whole.to_string());
    let mut sealed = plain.seal(certificate);
    sealed.spec.data = sealed.spec.encrypted_data.remove("all");
    sealed.spec.template = None;
    namespace.create(&sealed);
    let secret = namespace.wait_secret("db");
    assert_eq!(data(&secret), text(&[("password", "hunter2")]));
    assert_eq!(secret.type_.as_deref(), Some("example.com/legacy"));
    assert_eq!(secret.metadata.labels, Some(text(&[("app", "shop")])));
    namespace.wait_synced("db", ConditionStatus::True);
}

#[test]
fn both_formats_at_once_are_refused() {
    let (namespace, certificate) = scene("legacy-both");
    let mut sealed = namespace.plain("db").item("a", "b").seal(certificate);
    sealed.spec.data = Some(sealed.spec.encrypted_data["a"].clone());
    namespace.create(&sealed);
    let sealed = namespace.wait_synced("db", ConditionStatus::False);
    let message = condition(&sealed).message.unwrap();
    assert!(message.contains("at the same time"), "{message}");
    namespace.wait_event("db", "ErrUnsealFailed");
}
