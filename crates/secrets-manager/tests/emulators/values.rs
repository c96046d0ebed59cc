//! Values that are shared.

use std::slice::from_ref;

use aws_edge::CallFault;
use secrets_manager::{Find, Saved, SecretsFault, Version};
use testkit::aws::{Deletion, Fault};
use tokio::time::Instant;

use crate::aws::{Aws, all, call, changed, later, text};

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
    assert_eq!(aws.counts.of(Saved::Memory.name()), 100);
    // Twenty, twenty, and ten; a slow machine may not gather all of them.
    let calls = aws.proxy.all_calls();
    let batches = calls
        .get("BatchGetSecretValue")
        .copied()
        .unwrap_or_default();
    assert!((3..=10).contains(&batches), "{calls:?}");
    aws.proxy.forget_calls();

    let same = vec![keys[0].clone(); 100];
    let answers = all(&shared, &same, later()).await;
    assert!(
        answers
            .iter()
            .all(|answer| text(answer) == "value of prod/0")
    );
    let calls: usize = aws.proxy.all_calls().values().sum();
    assert_eq!(calls, 1, "{:?}", aws.proxy.all_calls());
    assert_eq!(aws.counts.of(Saved::Joined.name()), 99);
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

/// AWS refuses a call for twenty if one of them can be no key.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_none_is_not_asked_for_and_spoils_nothing_else() {
    let aws = Aws::start();
    for (bad, characters) in [(String::new(), 0), ("a".repeat(2_049), 2_049)] {
        let fault = SecretsFault::BadKey { characters };
        let mut keys = aws.secrets(19);
        keys.insert(7, bad.clone());
        // AWS itself would refuse it.
        let raw = aws.manager();
        let batch = raw.values(&keys).await.unwrap();
        assert_eq!((batch.values.len(), batch.errors.len()), (19, 1));
        assert_eq!(batch.errors[0], (bad.clone(), fault.clone()));
        assert!(raw.values(from_ref(&bad)).await.unwrap().values.is_empty());
        assert_eq!(raw.tags(&bad).await.unwrap_err().fault, fault);
        let one = raw.value(&bad, &Version::default()).await.map(drop);
        assert_eq!(one.unwrap_err().fault, fault);
        assert_eq!(aws.calls(), call("BatchGetSecretValue", 1));

        let shared = aws.shared();
        let answers = all(&shared, &keys, Instant::now()).await;
        for (key, answer) in keys.iter().zip(&answers) {
            if *key == bad {
                assert_eq!(answer.as_ref().map(drop).unwrap_err().fault, fault);
            } else {
                assert_eq!(text(answer), format!("value of {key}"));
            }
        }
        assert_eq!(shared.tags(&bad, later()).await.unwrap_err().fault, fault);
        assert_eq!(changed(shared.check(&keys).await), [""; 0]);
        let refused = "AWS refuses it (ValidationException)";
        for operation in ["GetSecretValue", "BatchGetSecretValue", "DescribeSecret"] {
            assert_eq!(aws.counts.of(&format!("{operation}: {refused}")), 0);
        }
        for key in keys.iter().filter(|key| **key != bad) {
            let secrets = aws.emulator.secrets();
            secrets.delete_secret(key, Deletion::Now).unwrap();
        }
        aws.calls();
    }
}

/// What AWS refuses for other reasons than ours goes alone from then on.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_batch_is_asked_for_one_by_one_and_once() {
    let aws = Aws::start();
    let mut keys = aws.secrets(19);
    keys.insert(7, "no name".to_owned());
    let shared = aws.shared();
    for _ in 0..2 {
        let answers = all(&shared, &keys, later()).await;
        for (key, answer) in keys.iter().zip(&answers) {
            if key == "no name" {
                let fault = &answer.as_ref().map(drop).unwrap_err().fault;
                let code = "ValidationException".to_owned();
                assert_eq!(*fault, CallFault::Refused { code }.into());
            } else {
                assert_eq!(text(answer), format!("value of {key}"));
            }
        }
    }
    let refused = "BatchGetSecretValue: AWS refuses it (ValidationException)";
    assert_eq!(aws.counts.of(refused), 1);
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
    let denied = "BatchGetSecretValue: access denied";
    assert_eq!(
        (aws.counts.of(denied), aws.counts.of("GetSecretValue")),
        (1, 10)
    );
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
    let after = later();
    assert_eq!(text(&shared.value(&keys[0], &version, after).await), "new");
    shared.forget(&keys[0]);
    aws.proxy.forget_calls();
    assert_eq!(text(&shared.value(&keys[0], &version, before).await), "new");
    assert_eq!(aws.proxy.calls("GetSecretValue"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_answers_until_somebody_knows_better() {
    let aws = Aws::start();
    let shared = aws.shared();
    let version = Version::default();
    let start = Instant::now();
    let missing = shared.value("prod/0", &version, start).await.map(drop);
    assert!(missing.as_ref().unwrap_err().fault.is_missing());
    aws.secrets(1);
    for _ in 0..3 {
        let again = shared.value("prod/0", &version, start).await.map(drop);
        assert_eq!(again, missing);
    }
    assert_eq!(aws.calls(), [("GetSecretValue".to_owned(), 1)]);
    let answer = shared.value("prod/0", &version, later()).await;
    assert_eq!(text(&answer), "value of prod/0");
    // An error that passes does not take away what there is; one of the secret does.
    for (fault, stays) in [(Fault::InternalError, true), (Fault::AccessDenied, false)] {
        aws.proxy.fail_next("GetSecretValue", 1, fault);
        assert!(shared.value("prod/0", &version, later()).await.is_err());
        assert_eq!(shared.value("prod/0", &version, start).await.is_ok(), stays);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stall_keeps_nobody_else_waiting() {
    let aws = Aws::start();
    let keys = aws.secrets(2);
    let shared = aws.shared();
    let version = Version::default();
    aws.proxy.fail_next("GetSecretValue", 1, Fault::Stall);
    let stalled = tokio::spawn({
        let (shared, key) = (shared.clone(), keys[0].clone());
        async move {
            shared
                .value(&key, &Version::default(), Instant::now())
                .await
        }
    });
    while aws.proxy.calls("GetSecretValue") == 0 {
        tokio::task::yield_now().await;
    }
    let other = shared.value(&keys[1], &version, Instant::now()).await;
    assert_eq!(text(&other), "value of prod/1");
    assert!(!stalled.is_finished());
    aws.proxy.clear();
    assert_eq!(text(&stalled.await.unwrap()), "value of prod/0");
}

#[tokio::test(flavor = "multi_thread")]
async fn throttling_is_over_and_nobody_else_hears_of_it() {
    let aws = Aws::start();
    let keys = aws.secrets(40);
    let shared = aws.shared();
    aws.proxy
        .fail_next("BatchGetSecretValue", 2, Fault::Throttling);
    let answers = all(&shared, &keys, Instant::now()).await;
    assert!(answers.iter().any(Result::is_err));
    // Its next calls come after a pause (`pace.rs` has the arithmetic), and succeed.
    let answers = all(&shared, &keys, later()).await;
    assert!(answers.iter().all(Result::is_ok));
    // Another identity has never heard of it.
    let other = aws.shared();
    let answers = all(&other, &keys, Instant::now()).await;
    assert!(answers.iter().all(Result::is_ok));
}

/// Whatever goes wrong, with values, names of versions and texts of AWS at hand.
#[tokio::test(flavor = "multi_thread")]
async fn no_error_tells_a_value() {
    const CANARY: &str = "c4n4ry";
    let aws = Aws::start();
    let secrets = aws.emulator.secrets();
    for number in 0..3 {
        let (name, tags) = (format!("prod/{number}"), [("team", "a")]);
        secrets.create_secret(&name, CANARY, &tags).unwrap();
    }
    let keys: Vec<_> = (0..3).map(|number| format!("prod/{number}")).collect();
    let find = Find {
        tags: [("team".to_owned(), "a".to_owned())].into(),
        ..Find::default()
    };
    for fault in [
        Fault::Throttling,
        Fault::InternalError,
        Fault::Unavailable,
        Fault::AccessDenied,
        Fault::ExpiredToken,
        Fault::ClockSkew,
        Fault::Reset,
        Fault::Truncated,
    ] {
        for operation in ["GetSecretValue", "BatchGetSecretValue", "ListSecrets"] {
            aws.proxy.fail(operation, fault);
        }
        let shared = aws.shared();
        let one = shared
            .value(&keys[0], &Version::default(), Instant::now())
            .await;
        let mut errors = vec![one.map(drop).unwrap_err()];
        for answer in all(&shared, &keys, later()).await {
            errors.push(answer.map(drop).unwrap_err());
        }
        errors.push(shared.find(&find, later()).await.map(drop).unwrap_err());
        let checked = shared.check(&keys).await;
        for error in &errors {
            let text = format!("{error} {error:?} {checked:?}");
            assert!(!text.contains(CANARY), "{text}");
        }
        aws.proxy.clear();
    }
}
