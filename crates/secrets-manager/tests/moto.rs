//! Calls to moto over HTTP, counted by the proxy: they are what AWS bills.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test of a running service"
)]

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_edge::CallFault;
use secrets_manager::{
    Answered, SecretsFault, SecretsManager, SecretsOptions, SharedLimits, SharedValues, Version,
};
use testkit::aws::{Deletion, Emulator, Fault, FaultProxy, Kind, REGION};
use tokio::time::Instant;

struct Aws {
    emulator: Emulator,
    proxy: FaultProxy,
}

impl Aws {
    fn start() -> Self {
        let emulator = Emulator::start(Kind::Moto).unwrap();
        let proxy = FaultProxy::start(emulator.url()).unwrap();
        Self { emulator, proxy }
    }

    fn manager(&self) -> SecretsManager {
        SecretsManager::new(SecretsOptions {
            endpoint: Some(self.proxy.url().to_owned()),
            credentials: Some(SharedCredentialsProvider::new(Credentials::new(
                "testing", "testing", None, None, "test",
            ))),
            ..SecretsOptions::new(REGION)
        })
    }

    fn shared(&self) -> SharedValues {
        SharedValues::new(self.manager(), SharedLimits::default())
    }

    fn secrets(&self, count: usize) -> Vec<String> {
        let names: Vec<_> = (0..count).map(|number| format!("prod/{number}")).collect();
        for name in &names {
            let value = format!("value of {name}");
            self.emulator
                .secrets()
                .create_secret(name, value.as_str(), &[])
                .unwrap();
        }
        names
    }
}

fn text(answer: &Answered) -> &str {
    answer.as_ref().unwrap().text.as_ref().unwrap()
}

/// Asks for all of them at the same time.
async fn all(shared: &SharedValues, keys: &[String], since: Instant) -> Vec<Answered> {
    let questions = keys.iter().map(|key| {
        let (shared, key) = (shared.clone(), key.clone());
        tokio::spawn(async move { shared.value(&key, &Version::default(), since).await })
    });
    let mut answers = Vec::new();
    for question in questions.collect::<Vec<_>>() {
        answers.push(question.await.unwrap());
    }
    answers
}

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

#[tokio::test(flavor = "multi_thread")]
async fn many_questions_are_few_calls() {
    let aws = Aws::start();
    let keys = aws.secrets(50);
    let shared = aws.shared();
    let start = Instant::now();
    for _ in 0..3 {
        // Later ones find what is there.
        let answers = all(&shared, &keys, start).await;
        for (key, answer) in keys.iter().zip(&answers) {
            assert_eq!(text(answer), format!("value of {key}"));
        }
    }
    // Twenty, twenty, and ten; a slow machine may not gather all of them.
    let calls = aws.proxy.all_calls();
    let batches = calls
        .get("BatchGetSecretValue")
        .copied()
        .unwrap_or_default();
    assert!((3..=10).contains(&batches), "{calls:?}");
    aws.proxy.forget_calls();

    let same = vec![keys[0].clone(); 100];
    let answers = all(&shared, &same, Instant::now()).await;
    assert!(
        answers
            .iter()
            .all(|answer| text(answer) == "value of prod/0")
    );
    let calls: usize = aws.proxy.all_calls().values().sum();
    assert_eq!(calls, 1, "{:?}", aws.proxy.all_calls());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_told_and_spoils_nothing_else() {
    let aws = Aws::start();
    let mut keys = aws.secrets(3);
    keys.push("prod/gone".to_owned());
    let answers = all(&aws.shared(), &keys, Instant::now()).await;
    assert_eq!(text(&answers[2]), "value of prod/2");
    let error = answers[3].as_ref().map(drop).unwrap_err();
    assert!(error.fault.is_missing(), "{error}");
    assert_eq!(error.key.as_deref(), Some("prod/gone"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_right_to_batches_values_come_one_by_one() {
    let aws = Aws::start();
    let keys = aws.secrets(5);
    aws.proxy.fail("BatchGetSecretValue", Fault::AccessDenied);
    let shared = aws.shared();
    for _ in 0..2 {
        let answers = all(&shared, &keys, Instant::now()).await;
        assert!(answers.iter().all(Result::is_ok));
    }
    assert_eq!(
        aws.proxy.calls("BatchGetSecretValue"),
        1,
        "it is not asked for again at once"
    );
    assert_eq!(aws.proxy.calls("GetSecretValue"), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_answer_does_not_do_for_a_younger_question() {
    let aws = Aws::start();
    let keys = aws.secrets(1);
    let shared = aws.shared();
    let version = Version::default();
    let before = Instant::now();
    assert!(shared.value(&keys[0], &version, before).await.is_ok());
    aws.emulator
        .secrets()
        .put_secret_value(&keys[0], "new", &[])
        .unwrap();
    assert_eq!(
        text(&shared.value(&keys[0], &version, before).await),
        "value of prod/0"
    );
    let after = Instant::now() + Duration::from_nanos(1);
    assert_eq!(text(&shared.value(&keys[0], &version, after).await), "new");
    shared.forget(&keys[0]);
    aws.proxy.forget_calls();
    assert_eq!(text(&shared.value(&keys[0], &version, before).await), "new");
    assert_eq!(aws.proxy.calls("GetSecretValue"), 1);
}
