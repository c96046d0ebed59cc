//! The calls themselves.

use aws_edge::CallFault;
use secrets_manager::{SecretsFault, Version};
use testkit::aws::{Deletion, Fault};

use crate::aws::Aws;

#[tokio::test(flavor = "multi_thread")]
async fn versions_stages_and_bytes() {
    let aws = Aws::start();
    let secrets = aws.emulator.secrets();
    let arn = secrets
        .create_secret("db", "one", &[("team", "a")])
        .unwrap();
    let first = aws
        .manager()
        .value("db", &Version::default())
        .await
        .unwrap();
    secrets.put_secret_value("db", "two", &[]).unwrap();
    secrets
        .put_secret_value("db", b"\x00\xff".as_slice(), &["BYTES"])
        .unwrap();
    for (key, version, bytes) in [
        ("db", None, &b"two"[..]),
        (arn.as_str(), None, b"two"),
        ("db", Some("AWSPREVIOUS"), b"one"),
        (
            "db",
            Some(format!("uuid/{}", first.version_id).as_str()),
            b"one",
        ),
        ("db", Some("BYTES"), b"\x00\xff"),
    ] {
        let value = aws
            .manager()
            .value(key, &Version::read(version))
            .await
            .unwrap();
        assert_eq!(value.bytes(), Some(bytes), "{key} {version:?}");
        assert_eq!(
            (value.name.as_str(), value.arn.as_str()),
            ("db", arn.as_str())
        );
    }
    assert_eq!(
        aws.manager().tags("db").await.unwrap(),
        [("team".to_owned(), "a".to_owned())]
    );
    let (page, next) = aws.manager().page(None).await.unwrap();
    assert_eq!((page.len(), next), (1, None));
    assert!(
        page[0]
            .stages
            .values()
            .any(|stages| stages.contains(&"AWSCURRENT".to_owned()))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_have_their_class() {
    let aws = Aws::start();
    let secrets = aws.emulator.secrets();
    for name in ["here", "leaving"] {
        secrets.create_secret(name, "x", &[]).unwrap();
    }
    secrets
        .delete_secret("leaving", Deletion::After(7))
        .unwrap();
    let ask = async |key: &str| {
        aws.manager()
            .value(key, &Version::default())
            .await
            .map(drop)
    };
    assert!(ask("gone").await.unwrap_err().fault.is_missing());
    assert_eq!(
        ask("leaving").await.unwrap_err().fault,
        SecretsFault::Deleted
    );
    for (fault, class) in [
        (Fault::Throttling, CallFault::Throttled),
        (Fault::AccessDenied, CallFault::AccessDenied),
        (Fault::InternalError, CallFault::Unavailable),
        (Fault::Reset, CallFault::Unavailable),
    ] {
        aws.proxy.fail_next("GetSecretValue", 1, fault);
        let error = ask("here").await.unwrap_err();
        assert_eq!(error.fault, class.into(), "{error}");
        assert_eq!(ask("here").await, Ok(()), "made once, by itself: {fault:?}");
    }
}
