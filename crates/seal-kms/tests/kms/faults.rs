//! What AWS and the network do on bad days.

use std::time::Duration;

use seal_kms::{CredentialsFault, Kms, KmsFault, KmsOptions, Retries};
use testkit::aws::Fault;

use crate::bed::{Bed, DATA_KEY, MOTO, context, fault};

/// Fault, its class, whether it is worth another try.
const FAULTS: [(Fault, KmsFault, bool); 8] = [
    (Fault::Throttling, KmsFault::Throttled, true),
    (Fault::InternalError, KmsFault::Unavailable, true),
    (Fault::Unavailable, KmsFault::Unavailable, true),
    (Fault::Reset, KmsFault::Unavailable, true),
    (Fault::Truncated, KmsFault::Unavailable, true),
    (Fault::AccessDenied, KmsFault::AccessDenied, false),
    (
        Fault::ExpiredToken,
        KmsFault::Credentials(CredentialsFault::Expired),
        false,
    ),
    (
        Fault::ClockSkew,
        KmsFault::Credentials(CredentialsFault::Refused),
        false,
    ),
];

#[tokio::test]
async fn each_fault_has_its_class_and_costs_one_call_without_retries() {
    let bed = Bed::on(&MOTO);
    let kms = bed.kms();
    let (key, blob) = bed.wrapped(&kms).await;
    for (made, expected, transient) in FAULTS {
        for operation in ["Encrypt", "Decrypt", "GetPublicKey"] {
            bed.proxy.forget_calls();
            bed.proxy.fail(operation, made);
            let name = key.clone().into();
            let error = match operation {
                "Encrypt" => kms.wrap(&name, &context(), DATA_KEY).await.err(),
                "Decrypt" => kms.unwrap(&key, &context(), &blob).await.err(),
                _ => kms.public_key(&name).await.err(),
            };
            bed.proxy.clear();
            let error = error.unwrap();
            assert_eq!(error.fault, expected, "{operation} {made:?}");
            assert_eq!(error.is_transient(), transient, "{operation} {made:?}");
            assert_eq!(bed.proxy.calls(operation), 1, "{operation} {made:?}");
            let text = error.to_string();
            assert!(
                text.contains(&format!("kms:{operation} with {key}: ")),
                "{text}"
            );
        }
    }
    assert!(kms.unwrap(&key, &context(), &blob).await.is_ok());
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let bed = Bed::on(&MOTO);
    let (key, blob) = bed.wrapped(&bed.kms()).await;
    let kms = Kms::new(KmsOptions {
        attempt_timeout: Duration::from_millis(300),
        ..bed.options()
    });
    bed.proxy.fail("Decrypt", Fault::Stall);
    let error = kms.unwrap(&key, &context(), &blob).await.unwrap_err();
    assert_eq!(error.fault, KmsFault::Unavailable);
    assert!(error.is_transient());
    assert_eq!(bed.proxy.calls("Decrypt"), 1);
}

#[tokio::test]
async fn nobody_listens() {
    let bed = Bed::on(&MOTO);
    let (key, blob) = bed.wrapped(&bed.kms()).await;
    let port = testkit::free_port().unwrap();
    let kms = Kms::new(KmsOptions {
        endpoint: Some(format!("http://127.0.0.1:{port}")),
        ..bed.options()
    });
    let opened = kms.unwrap(&key, &context(), &blob).await;
    assert_eq!(fault(opened), KmsFault::Unavailable);
}

#[tokio::test]
async fn an_endpoint_that_is_no_url() {
    let bed = Bed::on(&MOTO);
    let key = bed.symmetric_key();
    let kms = Kms::new(KmsOptions {
        endpoint: Some("not a url".into()),
        ..bed.options()
    });
    let wrapped = kms.wrap(&key.into(), &context(), DATA_KEY).await;
    assert_eq!(fault(wrapped), KmsFault::Misconfigured);
    assert_eq!(bed.proxy.calls("Encrypt"), 0);
}

#[tokio::test]
async fn retries_get_over_what_passes_and_stop() {
    let bed = Bed::on(&MOTO);
    let (key, blob) = bed.wrapped(&bed.kms()).await;
    let kms = Kms::new(KmsOptions {
        retries: Retries::Standard { attempts: 2 },
        ..bed.options()
    });
    let context = context();
    for (made, failures, calls, opens) in [
        (Fault::InternalError, 1, 2, true),
        (Fault::Throttling, 1, 2, true),
        (Fault::Reset, 1, 2, true),
        (Fault::Unavailable, 9, 2, false),
        (Fault::AccessDenied, 9, 1, false),
    ] {
        bed.proxy.forget_calls();
        bed.proxy.fail_next("Decrypt", failures, made);
        assert_eq!(
            kms.unwrap(&key, &context, &blob).await.is_ok(),
            opens,
            "{made:?}"
        );
        assert_eq!(bed.proxy.calls("Decrypt"), calls, "{made:?}");
        bed.proxy.clear();
    }
}

#[tokio::test]
async fn a_key_that_is_denied_does_not_stop_the_others() {
    let bed = Bed::on(&MOTO);
    let kms = bed.kms();
    let ((denied, shut), (key, blob)) = (bed.wrapped(&kms).await, bed.wrapped(&kms).await);
    bed.proxy.deny_key(&denied.to_string());
    let error = kms.unwrap(&denied, &context(), &shut).await.unwrap_err();
    assert_eq!(error.fault, KmsFault::AccessDenied);
    let text = error.to_string();
    assert!(
        text.contains("allow kms:Decrypt") && text.contains(&denied.to_string()),
        "{text}"
    );
    assert!(kms.unwrap(&key, &context(), &blob).await.is_ok());
}
