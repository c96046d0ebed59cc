//! `/v1/rotate` when there is a newer key (contract §5.3): what comes back opens with that key alone.

use seal_api::{KEY_LABEL_ACTIVE, SealedSecret};
use seal_format::Scope;
use seal_keys::RsaRecipient;
use serde_json::Value;
use suite::{AgePair, Cluster, Controller, Plain, Reader};

use crate::keys::{bring, issue, label, serves};

const SCOPES: [(&str, Scope); 3] = [
    ("strict", Scope::Strict),
    ("namespace-wide", Scope::NamespaceWide),
    ("cluster-wide", Scope::ClusterWide),
];

pub(crate) fn body(sealed: &SealedSecret) -> Value {
    serde_json::to_value(sealed).unwrap()
}

pub(crate) fn status(controller: &Controller, path: &str, body: &Value) -> u16 {
    controller.post(path, body.to_string()).status
}

pub(crate) fn rotated(controller: &Controller, body: &Value) -> Value {
    rotated_at(controller, "/v1/rotate", body)
}

fn rotated_at(controller: &Controller, path: &str, body: &Value) -> Value {
    let answer = controller.post(path, body.to_string());
    assert_eq!(answer.status, 200, "{answer:?}");
    let mut rotated: Value = serde_json::from_str(&answer.body).unwrap();
    rotated["kind"] = body["kind"].clone();
    rotated["apiVersion"] = body["apiVersion"].clone();
    rotated
}

/// One object of each scope with values of both formats, two data keys, and one of those for nobody here.
fn objects(readers: &[&dyn Reader], old: &seal_keys::Certificate) -> Vec<Value> {
    let stranger = AgePair::make().recipient;
    let sealed = SCOPES.map(|(title, scope)| {
        let plain = |item: &str| Plain::new("prod", title).scope(scope).item(item, "value");
        let mut sealed = plain("legacy").item("other", "").seal(old);
        for se1 in [
            plain("first").seal_se1(readers),
            plain("second").seal_se1(&[old]),
        ] {
            sealed.spec.encrypted_data.extend(se1.spec.encrypted_data);
            sealed.spec.data_keys.extend(se1.spec.data_keys);
        }
        let unused = plain("unused").seal_se1(&[&stranger]);
        sealed.spec.data_keys.extend(unused.spec.data_keys);
        body(&sealed)
    });
    sealed.into()
}

/// For whom each data key is, in the order of the values that use it.
fn recipients(sealed: &Value) -> [Vec<String>; 2] {
    ["first", "second"].map(|item| {
        let value = sealed["spec"]["encryptedData"][item].as_str().unwrap();
        let id = value.split('.').nth(1).unwrap();
        let wraps = sealed["spec"]["dataKeys"][id]["wraps"].as_array().unwrap();
        let to = wraps
            .iter()
            .map(|wrap| wrap["to"].as_str().unwrap().to_owned());
        to.collect()
    })
}

pub(crate) fn name(certificate: &seal_keys::Certificate) -> String {
    let recipient = RsaRecipient::from_spki(certificate.spki()).unwrap();
    recipient.name().to_string()
}

#[test]
fn what_comes_back_opens_with_the_newest_key_alone() {
    let cluster = Cluster::start();
    let controller = Controller::start_with(&cluster, &["--key-size=2048", "--key-renew-period=0"]);
    let old = controller.certificate();
    let alice = AgePair::make().recipient;
    let before = objects(&[&old, &alice], &old);
    let own = issue(2048);
    bring(&cluster, "own", &own);
    label(&cluster, "own", KEY_LABEL_ACTIVE);
    serves(&controller, &own.certificate);

    let after: Vec<_> = before
        .iter()
        .map(|sealed| rotated(&controller, sealed))
        .collect();
    // Of a data key that is on the newest key there is nothing to do.
    let again: Vec<_> = after
        .iter()
        .map(|sealed| rotated(&controller, sealed))
        .collect();
    for ((before, after), again) in before.iter().zip(&after).zip(&again) {
        for item in ["first", "second"] {
            let value = |sealed: &Value| sealed["spec"]["encryptedData"][item].clone();
            assert_eq!(value(before), value(after), "{item}");
        }
        let mut ours_and_hers = [name(&own.certificate), alice.name().to_owned()];
        ours_and_hers.sort();
        let expected = [ours_and_hers.to_vec(), vec![name(&own.certificate)]];
        assert_eq!(recipients(after), expected);
        assert_eq!(after["spec"]["dataKeys"], again["spec"]["dataKeys"]);
        let keys = |sealed: &Value| -> Vec<String> {
            let keys = sealed["spec"]["dataKeys"].as_object().unwrap().keys();
            keys.cloned().collect()
        };
        assert_eq!(keys(before), keys(after), "unused ones, too");
    }
    values_of_the_newest_key_stay_if_asked_for(&controller, &before[0], &after[0]);

    for key in crate::keys::active_keys(&cluster) {
        let key = key.metadata.name.unwrap();
        if key != "own" {
            label(&cluster, &key, "compromised");
        }
    }
    let opens = |sealed: &Value| status(&controller, "/v1/verify", sealed);
    testkit::eventually("the old key to be out of use", suite::PATIENCE, || {
        (opens(&before[0]) == 409).then_some(())
    });
    for before in &before {
        assert_eq!(opens(before), 409);
        assert_eq!(status(&controller, "/v1/rotate", before), 500);
    }
    for after in after.iter().chain(&again) {
        assert_eq!(opens(after), 200);
    }
}

/// One value is for the older key, the others for the newest.
fn values_of_the_newest_key_stay_if_asked_for(controller: &Controller, old: &Value, new: &Value) {
    let mut mixed = new.clone();
    mixed["spec"]["encryptedData"]["other"] = old["spec"]["encryptedData"]["other"].clone();
    for (path, kept) in [
        ("/v1/rotate?only=older-keys", true),
        ("/v1/rotate?only=other", false),
        ("/v1/rotate", false),
    ] {
        let rotated = rotated_at(controller, path, &mixed);
        let is_kept = |item: &str| {
            let value = |sealed: &Value| sealed["spec"]["encryptedData"][item].clone();
            value(&rotated) == value(&mixed)
        };
        assert_eq!(
            (is_kept("legacy"), is_kept("other")),
            (kept, false),
            "{path}"
        );
        assert!(is_kept("first") && is_kept("second"), "{path}");
        assert_eq!(rotated["spec"]["dataKeys"], mixed["spec"]["dataKeys"]);
        assert_eq!(status(controller, "/v1/verify", &rotated), 200);
    }
}

#[test]
fn a_data_key_that_was_tampered_with_is_not_wrapped_anew() {
    let cluster = Cluster::start();
    let controller = Controller::start(&cluster);
    let certificate = controller.certificate();
    let (alice, mallory) = (AgePair::make().recipient, AgePair::make().recipient);
    let sealed = body(
        &Plain::new("prod", "db")
            .item("a", "1")
            .seal_se1(&[&certificate, &alice]),
    );
    // Someone else's wrap in the place of hers.
    let planted = body(
        &Plain::new("prod", "db")
            .item("a", "1")
            .seal_se1(&[&mallory]),
    );
    let wrap = |sealed: &Value| {
        let keys = sealed["spec"]["dataKeys"].as_object().unwrap();
        keys.values().next().unwrap()["wraps"][0].clone()
    };
    let mut bad = sealed.clone();
    let keys = bad["spec"]["dataKeys"].as_object_mut().unwrap();
    keys.values_mut().next().unwrap()["wraps"][0] = wrap(&planted);
    for (sealed, verified, rotated) in [(&sealed, 200, 200), (&bad, 409, 500)] {
        assert_eq!(status(&controller, "/v1/verify", sealed), verified);
        assert_eq!(status(&controller, "/v1/rotate", sealed), rotated);
    }
}
