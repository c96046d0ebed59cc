//! AWS says no, breaks off or says nothing for a while.

use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt as _;
use serde_json::json;
use suite::{Namespace, PATIENCE, data, text};
use testkit::aws::Fault;
use testkit::eventually;

use crate::bed::{Bed, all, one, wait_failed, wait_synced, wait_value};

/// More than two batches.
const OBJECTS: usize = 50;

/// Two items that belong together.
fn pair(value: &str) -> String {
    json!({"a": value, "b": value}).to_string()
}

/// Every Secret of the namespace that has been written is whole; how many hold `value`.
fn whole(namespace: &Namespace<'_>, value: &str) -> usize {
    let secrets = namespace.list::<Secret>("");
    let made = secrets.iter().filter(|secret| secret.name_any() != "aws");
    made.filter(|secret| {
        let items = data(secret);
        assert_eq!(items.len(), 2, "{}", secret.name_any());
        assert_eq!(items["a"], items["b"], "{}", secret.name_any());
        items["a"] == value
    })
    .count()
}

fn change(bed: &Bed, value: &str) {
    for number in 0..OBJECTS {
        let key = format!("shared/{number}");
        let value = pair(value);
        bed.secrets.put_secret_value(&key, &value, &[]).unwrap();
    }
}

#[test]
fn troubles_of_one_identity_pass_and_are_its_own() {
    let bed = Bed::start(&[]);
    let troubled = bed.shop("troubled", "AKIATROUBLED");
    let other = bed.shop("other", "AKIAOTHER");
    for number in 0..OBJECTS {
        let key = format!("shared/{number}");
        bed.secrets.create_secret(&key, &pair("0"), &[]).unwrap();
    }
    bed.secrets.create_secret("other", "0", &[]).unwrap();
    other.create(&one("other", "4s", "other"));
    wait_value(&other, "other", "0");

    // From the first moment on, and then in the midst of it.
    let faults = [
        Fault::Throttling,
        Fault::InternalError,
        Fault::Unavailable,
        Fault::Reset,
        Fault::Truncated,
        Fault::Stall,
        Fault::ExpiredToken,
    ];
    for (round, fault) in faults.into_iter().enumerate() {
        let value = round.to_string();
        bed.proxy.fail_signer("AKIATROUBLED", fault);
        if round == 0 {
            for number in 0..OBJECTS {
                let key = format!("shared/{number}");
                troubled.create(&all(&format!("object-{number}"), "4s", &key));
            }
        }
        change(&bed, &value);
        bed.secrets.put_secret_value("other", &value, &[]).unwrap();
        // The other identity does not even notice.
        wait_value(&other, "other", &value);
        other.create(&one(&format!("new-{round}"), "1h", "other"));
        wait_value(&other, &format!("new-{round}"), &value);
        if round == 0 {
            let message = wait_failed(&troubled, "object-0");
            assert!(message.contains("only so many calls"), "{message}");
        }
        // None of these is of this round: the calls still fail.
        let early = if round == 0 {
            0
        } else {
            whole(&troubled, &value)
        };
        assert_eq!(early, 0, "{fault:?}");
        bed.proxy.clear();
        eventually("all to follow", PATIENCE, || {
            (whole(&troubled, &value) == OBJECTS).then_some(())
        });
    }
    for number in 0..OBJECTS {
        wait_synced(&troubled, &format!("object-{number}"));
    }
    assert_eq!(
        data(&troubled.secret("object-0").unwrap()),
        text(&[("a", "6"), ("b", "6")])
    );
    half_lists(&bed);
}

/// The second page of a list breaks off.
fn half_lists(bed: &Bed) {
    let namespace = bed.shop("lists", "AKIALISTS");
    for number in 0..120 {
        let key = format!("list/{number:03}");
        bed.secrets.create_secret(&key, "1", &[]).unwrap();
    }
    bed.proxy.pass_next("ListSecrets", 1);
    bed.proxy.fail("ListSecrets", Fault::Truncated);
    let find = json!({"dataFrom": [{"find": {"name": {"regexp": "^list/"}}}]});
    namespace.create(&crate::bed::external("found", "4s", &find));
    wait_failed(&namespace, "found");
    assert!(namespace.secret("found").is_none(), "half a list");
    bed.proxy.clear();
    let found = namespace.wait_secret("found");
    assert_eq!(data(&found).len(), 120);
    wait_synced(&namespace, "found");
}
