//! AWS is gone for several refresh intervals.

use k8s_openapi::api::core::v1::Secret;
use seal_api::external_secrets::{ExternalSecret, ReadyStatus};
use serde_json::json;
use suite::data;
use testkit::aws::Fault;

use crate::bed::{
    Bed, one, ready, secret_versions, wait_calls, wait_failed, wait_synced, wait_value,
};

#[test]
fn secrets_stay_and_are_repaired_while_aws_is_away() {
    let bed = Bed::start(&[]);
    let namespace = bed.shop("away", "AKIAAWAY");
    for key in ["a", "b", "c"] {
        bed.secrets.create_secret(key, "good", &[]).unwrap();
    }
    for name in ["a", "b", "c"] {
        namespace.create(&one(name, "4s", name));
    }
    namespace.create(&one("hourly", "1h", "a"));
    for name in ["a", "b", "c", "hourly"] {
        wait_synced(&namespace, name);
    }
    let before = secret_versions(&namespace);

    bed.fail_all(Fault::Reset);
    for name in ["a", "b", "c"] {
        let message = wait_failed(&namespace, name);
        assert!(
            message.contains("not reached") || message.contains("endpoint"),
            "{message}"
        );
    }
    // Several more tries.
    wait_calls(&bed, 10);
    assert_eq!(secret_versions(&namespace), before);
    // Its last look was not an hour ago.
    let hourly: ExternalSecret = namespace.get("hourly").unwrap();
    assert_eq!(ready(&hourly).unwrap().status, ReadyStatus::True);

    for name in ["hourly", "a"] {
        let edit = json!({"stringData": {"value": "edited"}});
        namespace.patch::<Secret>(name, &edit);
        wait_value(&namespace, name, "good");
    }
    for name in ["hourly", "b"] {
        namespace.delete::<Secret>(name);
        wait_value(&namespace, name, "good");
    }
    for name in ["a", "b"] {
        wait_failed(&namespace, name);
    }
    // Changed by people: what counts is what AWS says now, and it says nothing.
    namespace.create(&one("new", "4s", "a"));
    wait_failed(&namespace, "new");

    bed.secrets.put_secret_value("c", "better", &[]).unwrap();
    bed.proxy.clear();
    for name in ["a", "b", "c", "new"] {
        wait_synced(&namespace, name);
    }
    wait_value(&namespace, "c", "better");
    assert_eq!(data(&namespace.secret("new").unwrap())["value"], "good");
}
