//! Where nothing is to be done, nothing is written.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Event, Secret};
use kube::ResourceExt as _;
use seal_api::{ConditionStatus, PATCH, SKIP_SET_OWNER_REFERENCES, SealedSecret};
use seal_keys::Certificate;
use serde_json::json;
use suite::{Cluster, Controller, Namespace, PATIENCE};
use testkit::eventually;

const PASSES: &str = "sealed_secrets_controller_unseal_requests_total";

/// Versions of everything in the namespace, and the number of events.
#[derive(Debug, PartialEq)]
struct Snapshot {
    versions: BTreeMap<String, Option<String>>,
    events: usize,
}

impl Snapshot {
    /// Without the objects that tell that work went on meanwhile.
    fn of(namespace: &Namespace<'_>) -> Self {
        let secrets = namespace.list::<Secret>("");
        let secrets = secrets.iter().map(|secret| {
            (
                format!("Secret {}", secret.name_any()),
                secret.resource_version(),
            )
        });
        let sealed = namespace.list::<SealedSecret>("");
        let sealed = sealed.iter().map(|sealed| {
            (
                format!("SealedSecret {}", sealed.name_any()),
                sealed.resource_version(),
            )
        });
        let events = namespace.list::<Event>("").into_iter();
        let is_marker = |event: &Event| {
            let name = event.involved_object.name.as_deref();
            name.is_some_and(|name| name.starts_with("marker"))
        };
        Self {
            versions: secrets
                .chain(sealed)
                .filter(|(name, _)| !name.contains(" marker"))
                .collect(),
            events: events.filter(|event| !is_marker(event)).count(),
        }
    }
}

/// Objects of every sort: in sync, failing, merged, without owner, templated.
fn populate(namespace: &Namespace<'_>, certificate: &Certificate) {
    let plain = |name: &str| namespace.plain(name).item("a", "1");
    for index in 0..10 {
        let name = format!("plain-{index}");
        namespace.create(&plain(&name).label("app", "shop").seal(certificate));
    }
    let mut templated = plain("templated").seal(certificate);
    let template = templated.spec.template.get_or_insert_default();
    template.data = Some([("b".to_owned(), Some("{{ .a }}".to_owned()))].into());
    namespace.create(&templated);
    let skips = plain("no-owner").annotation(SKIP_SET_OWNER_REFERENCES, "true");
    namespace.create(&skips.seal(certificate));
    let theirs = json!({"metadata": {"annotations": {PATCH: "true"}}, "stringData": {"b": "2"}});
    namespace.create_secret("patched", &theirs);
    namespace.create(&plain("patched").seal(certificate));
    let typed = plain("typed").kind("example.com/any").immutable();
    namespace.create(&typed.seal(certificate));
    for sealed in namespace.list::<SealedSecret>("") {
        namespace.wait_synced(&sealed.name_any(), ConditionStatus::True);
        namespace.wait_secret(&sealed.name_any());
    }
    // And some that cannot be in sync.
    let mut renamed = plain("other").seal(certificate);
    renamed.metadata.name = Some("failing".to_owned());
    namespace.create(&renamed);
    namespace.create_secret("foreign", &json!({}));
    namespace.create(&plain("foreign").seal(certificate));
    for name in ["failing", "foreign"] {
        namespace.wait_synced(name, ConditionStatus::False);
    }
    namespace.wait_event("failing", "ErrUnsealFailed");
    namespace.wait_event("foreign", "ErrUpdateFailed");
}

/// Waits until a change made now has been worked on, and its event published: events are posted
/// in order, so that those of earlier passes are there as well.
fn settle(namespace: &Namespace<'_>, certificate: &Certificate, name: &str) {
    let plain = namespace.plain(name).item("a", "1");
    namespace.create(&plain.seal(certificate));
    namespace.wait_synced(name, ConditionStatus::True);
    namespace.wait_event(name, "Unsealed");
}

/// Answers of the API server to creates of Secrets that were there already.
fn conflicts(cluster: &Cluster) -> Vec<String> {
    let metrics = cluster.plane().run(&["get", "--raw", "/metrics"]).unwrap();
    let created = |line: &&str| {
        line.starts_with("apiserver_request_total{")
            && [r#"code="409""#, r#"resource="secrets""#, r#"verb="POST""#]
                .iter()
                .all(|label| line.contains(label))
    };
    metrics.lines().filter(created).map(str::to_owned).collect()
}

#[test]
fn passes_without_change_write_nothing() {
    let cluster = Cluster::start();
    let mut controller = Controller::start(&cluster);
    let certificate = controller.certificate();
    let namespace = cluster.namespace("idle");
    populate(&namespace, &certificate);
    settle(&namespace, &certificate, "marker-0");
    let before = Snapshot::of(&namespace);
    let objects = before
        .versions
        .keys()
        .filter(|name| name.starts_with("SealedSecret"))
        .count();

    // A restart: one pass over everything, which looks before it writes.
    let conflicts = conflicts(&cluster);
    assert_eq!(controller.process().stop().unwrap(), "exit status: 0");
    controller.process_mut().restart().unwrap();
    eventually("the controller to be back", PATIENCE, || {
        controller.get("/readyz").filter(|page| page.status == 200)
    });
    eventually("a pass over every object", PATIENCE, || {
        #[allow(clippy::cast_precision_loss, reason = "a dozen")]
        (controller.metric(PASSES, &[]) >= objects as f64).then_some(())
    });
    settle(&namespace, &certificate, "marker-1");
    assert_eq!(Snapshot::of(&namespace), before);
    assert_eq!(self::conflicts(&cluster), conflicts, "created in vain");

    // A label that means nothing: a pass over one object.
    let passes = controller.metric(PASSES, &[]);
    let label = json!({"metadata": {"labels": {"touched": "yes"}}});
    let touched: SealedSecret = namespace.patch("plain-0", &label);
    eventually("a pass over the touched object", PATIENCE, || {
        (controller.metric(PASSES, &[]) > passes).then_some(())
    });
    settle(&namespace, &certificate, "marker-2");
    let mut expected = before;
    let version = expected.versions.get_mut("SealedSecret plain-0").unwrap();
    *version = touched.resource_version();
    assert_eq!(Snapshot::of(&namespace), expected);
}
