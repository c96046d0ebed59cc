//! One of twenty keys may not be read.

use seal_api::external_secrets::ReadyStatus;
use serde_json::json;

use crate::bed::{
    Bed, external, one, ready, secret_versions, wait_failed, wait_synced, wait_value,
};

const KEYS: usize = 20;

#[test]
fn only_those_who_want_the_denied_key_fail() {
    let bed = Bed::start(&[]);
    let namespace = bed.shop("denied", "AKIADENIED");
    for number in 0..KEYS {
        let key = format!("prod/key-{number}");
        bed.secrets.create_secret(&key, "one", &[]).unwrap();
    }
    for number in 0..KEYS {
        let name = format!("key-{number}");
        namespace.create(&one(&name, "4s", &format!("prod/{name}")));
    }
    // Wants the denied one and another.
    let datum = |item: &str, key: &str| json!({"secretKey": item, "remoteRef": {"key": key}});
    let both = json!({"data": [datum("a", "prod/key-0"), datum("b", "prod/key-7")]});
    namespace.create(&external("both", "4s", &both));
    for number in 0..KEYS {
        wait_value(&namespace, &format!("key-{number}"), "one");
    }
    wait_synced(&namespace, "both");
    let before = secret_versions(&namespace);

    bed.proxy.deny_secret("prod/key-7");
    // Told by itself: nobody touches an object, but the value has changed, which makes it be asked for.
    bed.secrets
        .put_secret_value("prod/key-7", "two", &[])
        .unwrap();
    for (name, entry) in [("key-7", "spec.data[0]"), ("both", "spec.data[1]")] {
        let message = wait_failed(&namespace, name);
        for part in [
            entry,
            "SecretStore \"aws\"",
            "secretsmanager:GetSecretValue of prod/key-7",
            "access denied",
            "IAM policy",
        ] {
            assert!(message.contains(part), "{name}: {part} in {message}");
        }
        namespace.wait_event(name, "UpdateFailed");
    }
    assert_eq!(secret_versions(&namespace), before, "the last good ones");

    // The others go on.
    bed.secrets
        .put_secret_value("prod/key-3", "two", &[])
        .unwrap();
    wait_value(&namespace, "key-3", "two");
    // A new one in the same batch as the denied one.
    namespace.create(&one("late", "4s", "prod/key-8"));
    namespace.create(&one("late-denied", "4s", "prod/key-7"));
    wait_value(&namespace, "late", "one");
    wait_failed(&namespace, "late-denied");
    for number in (0..KEYS).filter(|number| *number != 7) {
        let name = format!("key-{number}");
        let condition = ready(&namespace.get(&name).unwrap()).unwrap();
        assert_eq!(condition.status, ReadyStatus::True, "{name}: {condition:?}");
    }

    bed.proxy.clear();
    for name in ["key-7", "late-denied"] {
        wait_value(&namespace, name, "two");
        wait_synced(&namespace, name);
    }
    wait_synced(&namespace, "both");
}
