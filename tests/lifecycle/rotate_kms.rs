//! `/v1/verify` and `/v1/rotate` where the sealing key is in AWS KMS (ministack, behind a proxy).

use seal_format::Scope;
use serde_json::Value;
use suite::{AgePair, Cluster, Controller, PATIENCE, Plain};
use testkit::aws::Fault;
use testkit::eventually;

use crate::keys::{active_keys, label};
use crate::rotate::{body, name, rotated, status};
use crate::sealing_key::Aws;

const VERIFY: &str = "/v1/verify";
const ROTATE: &str = "/v1/rotate";

fn plain(scope: Scope) -> Plain {
    Plain::new("prod", "db").scope(scope).item("a", "1")
}

#[test]
fn values_move_to_a_key_in_kms_as_far_as_it_takes_them() {
    let aws = Aws::start();
    let cluster = Cluster::start();
    let local = {
        let controller = Controller::start(&cluster);
        controller.certificate()
    };
    let alice = AgePair::make().recipient;
    let strict = body(&plain(Scope::Strict).seal(&local));
    let wide = body(&plain(Scope::ClusterWide).seal(&local));
    let se1 = body(&plain(Scope::Strict).seal_se1(&[&local, &alice]));

    let controller = aws.start_controller(&cluster);
    let served = controller.certificate();
    assert_ne!(served.fingerprint(), local.fingerprint());
    for sealed in [&strict, &wide, &se1] {
        assert_eq!(status(&controller, VERIFY, sealed), 200);
    }
    let refused = controller.post(ROTATE, strict.to_string());
    assert_eq!(refused.status, 500);
    assert!(refused.body.contains("only cluster-wide"), "{refused:?}");
    let [wide_now, se1_now] = [&wide, &se1].map(|sealed| rotated(&controller, sealed));
    assert_eq!(
        se1_now["spec"]["encryptedData"],
        se1["spec"]["encryptedData"]
    );
    let block = se1_now["spec"]["dataKeys"]
        .as_object()
        .unwrap()
        .values()
        .next();
    let wraps = block.unwrap()["wraps"].as_array().unwrap();
    let to: Vec<_> = wraps
        .iter()
        .map(|wrap| wrap["to"].as_str().unwrap())
        .collect();
    assert_eq!(to, [alice.name(), &name(&served)]);
    assert_eq!(aws.proxy.calls("Decrypt"), 0, "all was at hand");

    for key in active_keys(&cluster) {
        label(&cluster, &key.metadata.name.unwrap(), "compromised");
    }
    eventually("the local key to be out of use", PATIENCE, || {
        (status(&controller, VERIFY, &strict) == 409).then_some(())
    });
    for (sealed, expected) in [(&wide, 409), (&se1, 409), (&wide_now, 200), (&se1_now, 200)] {
        assert_eq!(status(&controller, VERIFY, sealed), expected);
    }
    // What was unwrapped is remembered.
    let calls = aws.proxy.calls("Decrypt");
    for sealed in [&wide_now, &se1_now] {
        assert_eq!(status(&controller, VERIFY, sealed), 200);
    }
    assert_eq!(aws.proxy.calls("Decrypt"), calls);
}

#[test]
fn an_outage_is_told_from_what_does_not_open_and_calls_are_few() {
    let aws = Aws::start();
    let cluster = Cluster::start();
    let controller = aws.start_controller(&cluster);
    let served = controller.certificate();
    let sealed = |se1: bool| -> Value {
        if se1 {
            body(&plain(Scope::Strict).seal_se1(&[&served]))
        } else {
            body(&plain(Scope::ClusterWide).seal(&served))
        }
    };
    aws.proxy.fail("Decrypt", Fault::Unavailable);
    for se1 in [false, true] {
        for path in [VERIFY, ROTATE] {
            let answer = controller.post(path, sealed(se1).to_string());
            assert_eq!(answer.status, 503, "{answer:?}");
            assert_eq!(answer.headers["retry-after"], "1");
            assert!(!answer.body.contains("arn:"), "{answer:?}");
        }
    }
    aws.proxy.clear();
    for se1 in [false, true] {
        let sealed = sealed(se1);
        eventually("KMS to be asked again", PATIENCE, || {
            (status(&controller, VERIFY, &sealed) == 200).then_some(())
        });
    }
    denied_until_somebody_grants_it(&aws, &controller, &[sealed(false), sealed(true)]);
    let before = aws.proxy.calls("Decrypt");
    let many = (0..129).fold(plain(Scope::ClusterWide), |plain, number| {
        plain.item(&format!("item-{number}"), "value")
    });
    let answer = controller.post(VERIFY, body(&many.seal(&served)).to_string());
    assert_eq!(answer.status, 413, "{answer:?}");
    assert_eq!(aws.proxy.calls("Decrypt"), before);
}

/// A right that is missing does not come by itself: nobody is told to try again.
fn denied_until_somebody_grants_it(aws: &Aws, controller: &Controller, sealed: &[Value]) {
    aws.proxy.fail("Decrypt", Fault::AccessDenied);
    for sealed in sealed {
        for path in [VERIFY, ROTATE] {
            let answer = controller.post(path, sealed.to_string());
            assert_eq!(answer.status, 503, "{answer:?}");
            assert!(!answer.headers.contains_key("retry-after"), "{answer:?}");
            assert!(answer.body.starts_with("a key service does not let"));
            assert!(!answer.body.contains("arn:"), "{answer:?}");
        }
    }
    let log = controller.log();
    let mut lines = log
        .lines()
        .filter(|line| line.contains("a posted SealedSecret: "));
    assert!(lines.any(|line| line.contains("arn:aws:kms:")), "{log}");
    aws.proxy.clear();
    for sealed in sealed {
        assert_eq!(status(controller, VERIFY, sealed), 200);
    }
}
