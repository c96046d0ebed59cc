//! Which values changed, and what it costs to know.

use secrets_manager::{Find, Version};
use testkit::aws::{Deletion, Fault, Kind};
use tokio::time::Instant;

use crate::aws::{Aws, all, call, changed, later, text};

const NOTHING: [String; 0] = [];

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_of_many_and_one_more_call_for_what_changed() {
    for kind in [Kind::Moto, Kind::Ministack] {
        let aws = Aws::of(kind);
        let keys = aws.secrets(2_000);
        let shared = aws.shared();
        let start = Instant::now();
        assert_eq!(changed(shared.check(&keys).await), NOTHING, "the beginning");
        assert_eq!(aws.calls(), call("ListSecrets", 20), "{kind:?}");
        let answers = all(&shared, &keys, start).await;
        assert!(answers.iter().all(Result::is_ok));
        aws.calls();

        let since = later();
        let checked = shared.check(&keys).await;
        assert!(checked.began >= since);
        assert_eq!(changed(checked), NOTHING);
        // What the sweep has seen needs no value, and makes old values do.
        let id = &answers[7].as_ref().unwrap().version_id;
        assert!(shared.verified(&keys[7], id, since));
        assert!(!shared.verified(&keys[7], id, later()) && !shared.verified(&keys[7], "x", since));
        assert!(all(&shared, &keys, since).await.iter().all(Result::is_ok));
        assert_eq!(aws.calls(), call("ListSecrets", 20), "{kind:?}");

        let secrets = aws.emulator.secrets();
        secrets.put_secret_value(&keys[7], "new", &[]).unwrap();
        for _ in 0..2 {
            let checked = shared.check(&keys).await;
            assert_eq!(changed(checked), [keys[7].clone()], "until somebody asks");
        }
        assert_eq!(aws.calls(), call("ListSecrets", 40), "{kind:?}");
        assert!(!shared.verified(&keys[7], id, since));
        let answers = all(&shared, &keys, since).await;
        assert_eq!(text(&answers[7]), "new");
        assert_eq!(aws.calls(), call("GetSecretValue", 1), "{kind:?}");
        assert_eq!(changed(shared.check(&keys).await), NOTHING);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_where_nothing_may_be_listed() {
    let aws = Aws::start();
    let keys = aws.secrets(2_000);
    let shared = aws.shared();
    aws.proxy.fail("ListSecrets", Fault::AccessDenied);
    assert_eq!(changed(shared.check(&keys).await), NOTHING);
    let calls = aws.calls();
    assert_eq!(
        calls,
        [
            ("BatchGetSecretValue".to_owned(), 100),
            ("ListSecrets".to_owned(), 1)
        ]
    );
    let secrets = aws.emulator.secrets();
    secrets.put_secret_value(&keys[7], "new", &[]).unwrap();
    let since = later();
    assert_eq!(changed(shared.check(&keys).await), [keys[7].clone()]);
    assert_eq!(aws.calls(), call("BatchGetSecretValue", 100));
    let answers = all(&shared, &keys, since).await;
    assert_eq!(text(&answers[7]), "new");
    assert!(aws.calls().is_empty());
    assert_eq!(changed(shared.check(&keys).await), NOTHING);
}

#[tokio::test(flavor = "multi_thread")]
async fn few_keys_are_one_batch_by_any_name() {
    for kind in [Kind::Moto, Kind::Ministack] {
        let aws = Aws::of(kind);
        let mut keys = aws.secrets(19);
        let arn = aws
            .emulator
            .secrets()
            .create_secret("by-arn", "x", &[])
            .unwrap();
        keys.push(arn.clone());
        let shared = aws.shared();
        for _ in 0..2 {
            assert_eq!(changed(shared.check(&keys).await), NOTHING);
            assert_eq!(aws.calls(), call("BatchGetSecretValue", 1), "{kind:?}");
        }
        aws.emulator
            .secrets()
            .put_secret_value("by-arn", "y", &[])
            .unwrap();
        assert_eq!(changed(shared.check(&keys).await), [arn]);
    }
}

/// What happens to one of many secrets is told once, by a sweep and by batches.
#[tokio::test(flavor = "multi_thread")]
async fn deleted_restored_denied_and_back() {
    for lists in [true, false] {
        let aws = Aws::start();
        let keys = aws.secrets(41);
        let secrets = aws.emulator.secrets();
        let shared = aws.shared_impatient();
        if !lists {
            aws.proxy.fail("ListSecrets", Fault::AccessDenied);
        }
        let start = Instant::now();
        assert!(all(&shared, &keys, start).await.iter().all(Result::is_ok));
        assert_eq!(changed(shared.check(&keys).await), NOTHING);
        let one = [keys[7].clone()];
        let told = async |expected: &[String], why: &str| {
            assert_eq!(
                changed(shared.check(&keys).await),
                expected,
                "{why} {lists}"
            );
            assert_eq!(changed(shared.check(&keys).await), NOTHING, "{why} {lists}");
        };
        secrets.delete_secret(&keys[7], Deletion::After(7)).unwrap();
        told(&one, "deleted").await;
        let gone = shared.value(&keys[7], &Version::default(), start).await;
        assert!(gone.map(drop).unwrap_err().fault.is_missing());
        secrets.restore_secret(&keys[7]).unwrap();
        told(&one, "restored").await;
        secrets.delete_secret(&keys[7], Deletion::Now).unwrap();
        told(&one, "deleted for good").await;
        secrets.create_secret(&keys[7], "again", &[]).unwrap();
        told(&one, "made again").await;
        let again = shared.value(&keys[7], &Version::default(), start).await;
        assert_eq!(text(&again), "again");
    }
}

/// Denied secrets are still listed: only a question tells.
#[tokio::test(flavor = "multi_thread")]
async fn one_of_twenty_is_denied() {
    let aws = Aws::start();
    let keys = aws.secrets(20);
    let shared = aws.shared_impatient();
    assert_eq!(changed(shared.check(&keys).await), NOTHING);
    aws.proxy.deny_secret(&keys[7]);
    assert_eq!(changed(shared.check(&keys).await), [keys[7].clone()]);
    let answer = shared
        .value(&keys[7], &Version::default(), Instant::now())
        .await;
    let error = answer.map(drop).unwrap_err();
    assert!(
        error.is_access_denied() && error.key.as_ref() == Some(&keys[7]),
        "{error}"
    );
    let text = error.to_string();
    assert!(
        text.contains("allow secretsmanager:GetSecretValue"),
        "{text}"
    );
    aws.calls();
    aws.proxy.clear();
    assert_eq!(changed(shared.check(&keys).await), [keys[7].clone()]);
    assert_eq!(aws.calls(), call("BatchGetSecretValue", 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_follows_from_half_a_listing() {
    let aws = Aws::start();
    let keys = aws.secrets(250);
    let shared = aws.shared();
    let start = Instant::now();
    let answers = all(&shared, &keys, start).await;
    assert_eq!(changed(shared.check(&keys).await), NOTHING);
    let secrets = aws.emulator.secrets();
    secrets.put_secret_value(&keys[0], "new", &[]).unwrap();
    for fault in [Fault::Reset, Fault::Truncated, Fault::InternalError] {
        let since = later();
        aws.proxy.pass_next("ListSecrets", 2);
        aws.proxy.fail_next("ListSecrets", 1, fault);
        let checked = shared.check(&keys).await;
        assert_eq!((checked.changed.len(), checked.unsure.len()), (0, 250));
        for (key, answer) in keys.iter().zip(&answers) {
            let id = &answer.as_ref().unwrap().version_id;
            assert!(!shared.verified(key, id, since), "{fault:?} {key}");
        }
    }
    assert_eq!(changed(shared.check(&keys).await), [keys[0].clone()]);
}

/// Few keys among many secrets: a sweep is given up, and not tried again.
#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_that_costs_too_much_is_given_up() {
    let aws = Aws::of(Kind::Ministack);
    let keys = aws.secrets(350);
    let (keys, shared) = (&keys[..60], aws.shared());
    assert_eq!(changed(shared.check(keys).await), NOTHING);
    assert_eq!(
        aws.calls(),
        [
            ("BatchGetSecretValue".to_owned(), 3),
            ("ListSecrets".to_owned(), 3)
        ]
    );
    assert_eq!(changed(shared.check(keys).await), NOTHING);
    assert_eq!(aws.calls(), call("BatchGetSecretValue", 3));
}

/// An hour without AWS costs no more than the questions, and everything is as it was.
#[tokio::test(flavor = "multi_thread")]
async fn what_passes_is_unsure_and_then_over() {
    let aws = Aws::start();
    let keys = aws.secrets(41);
    let shared = aws.shared_impatient();
    let answers = all(&shared, &keys, Instant::now()).await;
    assert!(answers.iter().all(Result::is_ok));
    for fault in [Fault::Throttling, Fault::Unavailable, Fault::ExpiredToken] {
        aws.proxy.fail("ListSecrets", fault);
        aws.proxy.fail("GetSecretValue", fault);
        let checked = shared.check(&keys).await;
        assert_eq!((checked.changed.len(), checked.unsure.len()), (0, 41));
        let since = later();
        let version = Version::default();
        assert!(shared.value(&keys[7], &version, since).await.is_err());
        aws.proxy.clear();
        // There again: whoever was given the error asks again, and no call is needed.
        assert_eq!(changed(shared.check(&keys).await), [keys[7].clone()]);
        aws.calls();
        assert!(shared.value(&keys[7], &version, since).await.is_ok());
        assert!(aws.calls().is_empty());
        assert_eq!(changed(shared.check(&keys).await), NOTHING);
    }
}

/// An event said what changed, before any listing.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_forgotten_is_asked_for() {
    let aws = Aws::start();
    let keys = aws.secrets(41);
    let shared = aws.shared();
    let start = Instant::now();
    let answers = all(&shared, &keys, start).await;
    let id = &answers[7].as_ref().unwrap().version_id;
    assert!(shared.verified(&keys[7], id, start));
    let secrets = aws.emulator.secrets();
    secrets.put_secret_value(&keys[7], "new", &[]).unwrap();
    shared.forget(&keys[7]);
    assert!(!shared.verified(&keys[7], id, start));
    let answers = all(&shared, &keys, start).await;
    assert_eq!(text(&answers[7]), "new");
    // Whoever has the old one, and did not hear of the event, is told.
    assert_eq!(changed(shared.check(&keys).await), [keys[7].clone()]);
    assert_eq!(changed(shared.check(&keys).await), NOTHING);
}

/// What a controller spawns.
#[tokio::test(flavor = "multi_thread")]
async fn questions_go_to_other_threads() {
    let aws = Aws::of(Kind::Ministack);
    let keys = aws.secrets(41);
    let shared = aws.shared();
    let task = tokio::spawn(async move {
        let everything = Find {
            name: Some(String::new()),
            ..Find::default()
        };
        let found = shared.find(&everything, later()).await;
        let tags = shared.tags(&keys[0], later()).await;
        (
            found.unwrap().len(),
            tags.unwrap().len(),
            changed(shared.check(&keys).await),
        )
    });
    assert_eq!(task.await.unwrap(), (41, 0, Vec::new()));
}
