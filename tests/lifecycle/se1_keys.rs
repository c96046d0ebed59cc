//! Who opens SE1 values, while the controller runs: sealing keys and age identities.

use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt as _;
use seal_api::{AGE_IDENTITIES_LABEL, ConditionStatus};
use serde_json::json;
use suite::{AgePair, Cluster, Controller, Namespace, Reader, condition, data, text};

/// Puts identity files into a labelled Secret of the controller's namespace.
fn bring(cluster: &Cluster, name: &str, files: &serde_json::Value) {
    let labels = json!({AGE_IDENTITIES_LABEL: "active"});
    let secret = json!({"metadata": {"labels": labels}, "stringData": files});
    cluster.existing("kube-system").create_secret(name, &secret);
}

fn label(cluster: &Cluster, name: &str, value: &str) {
    let labels = json!({"metadata": {"labels": {AGE_IDENTITIES_LABEL: value}}});
    let system = cluster.existing("kube-system");
    system.patch::<Secret>(name, &labels);
}

fn create(namespace: &Namespace<'_>, name: &str, readers: &[&dyn Reader]) {
    let plain = namespace.plain(name).item("password", "hunter2");
    namespace.create(&plain.seal_se1(readers));
}

#[test]
fn one_private_key_operation_for_each_object() {
    let cluster = Cluster::start();
    let controller = Controller::start(&cluster);
    let certificate = controller.certificate();
    let namespace = cluster.namespace("few");
    let unwraps =
        |labels: &[&str]| controller.metric("sealed_secrets_controller_unwraps_total", labels);
    let items = |name: &str| {
        (0..10).fold(namespace.plain(name), |plain, item| {
            plain.item(&format!("item-{item}"), "x")
        })
    };
    let near = |count: f64, expected: u32| (count - f64::from(expected)).abs() < 0.5;
    for name in ["one", "two"] {
        namespace.create(&items(name).seal_se1(&[&certificate]));
        namespace.wait_synced(name, ConditionStatus::True);
    }
    assert!(near(unwraps(&["\"rsa\"", "\"success\""]), 2));
    assert!(near(unwraps(&[]), 2));
    // Nothing is opened again for a change that does not concern the Secret.
    let labels = json!({"metadata": {"labels": {"a": "b"}}});
    namespace.patch::<seal_api::SealedSecret>("one", &labels);
    namespace.create(&items("legacy").seal(&certificate));
    namespace.wait_synced("legacy", ConditionStatus::True);
    assert!(near(unwraps(&["\"rsa\""]), 2));
    assert!(near(unwraps(&["\"legacy\"", "\"success\""]), 10));
}

#[test]
fn age_identities_are_followed_while_it_runs() {
    let cluster = Cluster::start();
    let (first, second) = (AgePair::make(), AgePair::make());
    // As age-keygen writes it; one before the start, one while it runs.
    let file = |pair: &AgePair| {
        let name = pair.recipient.name();
        format!(
            "# created: today\n# public key: {name}\n{}\n",
            pair.identity
        )
    };
    bring(&cluster, "first", &json!({"keys.txt": file(&first)}));
    let controller = Controller::start(&cluster);
    let certificate = controller.certificate();
    let namespace = cluster.namespace("age");
    create(&namespace, "first", &[&first.recipient]);
    namespace.wait_synced("first", ConditionStatus::True);
    let opened = namespace.wait_secret("first");
    assert_eq!(data(&opened), text(&[("password", "hunter2")]));
    create(&namespace, "second", &[&second.recipient]);
    create(&namespace, "both", &[&second.recipient, &certificate]);
    namespace.wait_synced("both", ConditionStatus::True);
    let failed = namespace.wait_synced("second", ConditionStatus::False);
    let message = condition(&failed).message.unwrap();
    let (theirs, ours) = (second.recipient.name(), first.recipient.name());
    for name in [theirs, ours] {
        assert!(message.contains(&name[..16]), "{message}");
    }

    bring(&cluster, "second", &json!({"any-name": file(&second)}));
    namespace.wait_synced("second", ConditionStatus::True);
    let made = namespace.wait_secret("second");
    // Taken out of use: what only it opens says so, and the Secret stays.
    label(&cluster, "second", "retired");
    namespace.wait_synced("second", ConditionStatus::False);
    let kept = namespace.wait_secret("second");
    assert_eq!(kept.resource_version(), made.resource_version());
    for name in ["first", "both"] {
        namespace.wait_synced(name, ConditionStatus::True);
    }
    label(&cluster, "second", "active");
    namespace.wait_synced("second", ConditionStatus::True);
    // Without the Secret, too.
    cluster.existing("kube-system").delete::<Secret>("first");
    namespace.wait_synced("first", ConditionStatus::False);
    for pair in [&first, &second] {
        assert!(!controller.log().contains(&pair.identity));
    }
}

#[test]
fn what_is_no_usable_identity_is_reported_without_its_text() {
    let cluster = Cluster::start();
    let pair = AgePair::make();
    let damaged = pair.identity.replace("SECRET-KEY-1", "SECRET-KEY-1Q");
    let post_quantum = "AGE-SECRET-KEY-PQ-1MARKER";
    let plugin = "AGE-PLUGIN-MARKER-1MARKER";
    let files = json!({
        "keys.txt": format!("{post_quantum}\n{}\n{plugin}\n{damaged}\nMARKER\n", pair.identity),
        "locked": "-----BEGIN AGE ENCRYPTED FILE-----\nMARKER\n-----END AGE ENCRYPTED FILE-----\n",
    });
    bring(&cluster, "mixed", &files);
    bring(&cluster, "empty", &json!({}));
    let controller = Controller::start(&cluster);
    let namespace = cluster.namespace("age");
    create(&namespace, "db", &[&pair.recipient]);
    namespace.wait_synced("db", ConditionStatus::True);

    let event = cluster
        .existing("kube-system")
        .wait_event("mixed", "InvalidAgeIdentity");
    let message = event.message.unwrap();
    for expected in [
        "keys.txt line 1 AGE-SECRET-KEY-PQ-1… is a post-quantum",
        "keys.txt line 3 AGE-PLUGIN-… is the identity of a plug-in",
        "keys.txt line 4 AGE-SECRET-KEY-1… is damaged",
        "keys.txt line 5 is no age identity",
        "locked is an encrypted file",
    ] {
        assert!(message.contains(expected), "{message}");
    }
    let system = cluster.existing("kube-system");
    let event = system.wait_event("empty", "InvalidAgeIdentity");
    assert!(event.message.unwrap().contains("which is empty"));
    let log = controller.log();
    assert!(log.contains("locked is an encrypted file"));
    for text in [&message, &log] {
        assert!(!text.contains("MARKER"), "{text}");
        assert!(!text.contains(&pair.identity[16..]), "{text}");
    }
}
