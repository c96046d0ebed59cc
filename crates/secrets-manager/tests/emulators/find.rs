//! Secrets that nobody names.

use std::collections::BTreeMap;

use secrets_manager::{Find, SecretsFault, SharedValues};
use testkit::aws::{Deletion, Fault, Kind};
use tokio::time::Instant;

use crate::aws::{Aws, call, changed, later};

fn tags(tags: &[(&str, &str)]) -> BTreeMap<String, String> {
    let tags = tags.iter();
    tags.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

fn find(name: Option<&str>, path: Option<&str>, wanted: &[(&str, &str)]) -> Find {
    Find {
        name: name.map(str::to_owned),
        path: path.map(str::to_owned),
        tags: tags(wanted),
    }
}

/// Names of what was found, each with the value that it should have.
async fn names(shared: &SharedValues, find: &Find, since: Instant) -> Vec<String> {
    let found = shared.find(find, since).await.unwrap();
    let names = found.iter().map(|value| {
        let text = value.text.as_ref().unwrap();
        assert_eq!(**text, format!("value of {}", value.name));
        value.name.clone()
    });
    names.collect()
}

/// Secrets whose names and tags AWS's own filters do not tell apart.
fn secrets(aws: &Aws) {
    for (name, tags) in [
        ("prod/db", &[("env", "prod"), ("team", "a")][..]),
        ("prod/web", &[("env", "production"), ("team", "a")]),
        ("prod/odd", &[("env", "a"), ("team", "prod")]),
        ("dev/prod/db", &[("env", "dev")]),
        ("plain", &[]),
    ] {
        let value = format!("value of {name}");
        let secrets = aws.emulator.secrets();
        secrets.create_secret(name, value.as_str(), tags).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn by_name_path_and_tags() {
    for (kind, lists) in [
        (Kind::Moto, true),
        (Kind::Ministack, true),
        (Kind::Moto, false),
        (Kind::Ministack, false),
    ] {
        let aws = Aws::of(kind);
        secrets(&aws);
        if !lists {
            aws.proxy.fail("ListSecrets", Fault::AccessDenied);
        }
        let shared = aws.shared();
        for (query, expected) in [
            (find(Some("db$"), Some("prod/"), &[]), &["prod/db"][..]),
            (
                find(Some("."), Some("prod/"), &[]),
                &["prod/db", "prod/odd", "prod/web"],
            ),
            (find(None, None, &[("env", "prod")]), &["prod/db"]),
            (find(None, None, &[("team", "a")]), &["prod/db", "prod/web"]),
            (
                find(None, None, &[("team", "a"), ("env", "prod")]),
                &["prod/db"],
            ),
            (
                find(None, Some("dev/"), &[("env", "dev")]),
                &["dev/prod/db"],
            ),
            (
                find(Some("web"), Some("prod"), &[("team", "a")]),
                &["prod/web"],
            ),
            (find(None, None, &[("env", "nothing")]), &[]),
        ] {
            let found = names(&shared, &query, Instant::now()).await;
            assert_eq!(found, expected, "{query:?} {kind:?} {lists}");
        }
        let by_name = find(Some("^p.*(db|n)$"), None, &[]);
        let found = shared.find(&by_name, Instant::now()).await;
        if lists {
            let found: Vec<_> = found.unwrap().iter().map(|it| it.name.clone()).collect();
            assert_eq!(found, ["plain", "prod/db"]);
        } else {
            let error = found.map(drop).unwrap_err().to_string();
            assert!(
                error.contains("allow secretsmanager:ListSecrets"),
                "{error}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn searches_share_one_listing_and_its_values() {
    let aws = Aws::start();
    let keys = aws.secrets(150);
    let shared = aws.shared();
    let everything = find(Some("^prod/"), None, &[]);
    let start = Instant::now();
    assert_eq!(names(&shared, &everything, start).await.len(), 150);
    assert_eq!(
        aws.calls(),
        [
            ("BatchGetSecretValue".to_owned(), 8),
            ("ListSecrets".to_owned(), 2)
        ]
    );
    // The same, and another one, need nothing more.
    assert_eq!(names(&shared, &everything, start).await.len(), 150);
    let some = find(Some("9$"), None, &[]);
    assert_eq!(names(&shared, &some, start).await.len(), 15);
    assert!(aws.calls().is_empty());
    // A younger listing tells that the values are the current ones.
    assert_eq!(names(&shared, &everything, later()).await.len(), 150);
    assert_eq!(aws.calls(), call("ListSecrets", 2));
    assert_eq!(changed(shared.check(&keys).await), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_is_left_out_and_what_is_denied_is_told() {
    for lists in [true, false] {
        let aws = Aws::start();
        secrets(&aws);
        if !lists {
            aws.proxy.fail("ListSecrets", Fault::AccessDenied);
        }
        let shared = aws.shared();
        let query = find(Some("."), Some("prod/"), &[]);
        let listed = Instant::now();
        assert_eq!(names(&shared, &query, listed).await.len(), 3);
        // Deleted after it was listed.
        let gone = Deletion::Now;
        aws.emulator
            .secrets()
            .delete_secret("prod/odd", gone)
            .unwrap();
        shared.forget("prod/odd");
        let found = names(&shared, &query, listed).await;
        assert_eq!(found, ["prod/db", "prod/web"]);

        aws.proxy.deny_secret("prod/web");
        shared.forget("prod/web");
        let error = shared.find(&query, later()).await.map(drop).unwrap_err();
        let text = error.to_string();
        assert!(
            error.is_access_denied() && text.contains("prod/web"),
            "{text}"
        );
        // Only those who look for it.
        let other = find(Some("db"), Some("prod/"), &[]);
        assert_eq!(names(&shared, &other, later()).await, ["prod/db"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_cannot_be_made_says_why() {
    let aws = Aws::start();
    secrets(&aws);
    let shared = aws.shared();
    let nothing = shared.find(&Find::default(), Instant::now()).await;
    assert_eq!(
        nothing.map(drop).unwrap_err().fault,
        SecretsFault::NothingToFind
    );
    assert!(aws.calls().is_empty());
    // Half of what there is would be less than what there was.
    aws.secrets(150);
    aws.proxy.pass_next("ListSecrets", 1);
    aws.proxy.fail_next("ListSecrets", 1, Fault::Reset);
    let query = find(Some("."), None, &[]);
    let half = shared.find(&query, Instant::now()).await;
    assert!(half.map(drop).unwrap_err().fault.is_transient());
    // Tags that cannot be verified.
    aws.proxy.fail("ListSecrets", Fault::AccessDenied);
    aws.proxy.fail("DescribeSecret", Fault::AccessDenied);
    let query = find(None, None, &[("team", "a")]);
    let error = shared
        .find(&query, Instant::now())
        .await
        .map(drop)
        .unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("allow secretsmanager:DescribeSecret"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_are_shared() {
    let aws = Aws::start();
    secrets(&aws);
    let shared = aws.shared();
    let start = Instant::now();
    let ask = async |since| shared.tags("prod/db", since).await.unwrap();
    let asked = futures::future::join_all([start; 10].map(ask)).await;
    assert!(
        asked
            .iter()
            .all(|tags| tags[0] == ("env".to_owned(), "prod".to_owned()))
    );
    ask(start).await;
    assert_eq!(aws.calls(), call("DescribeSecret", 1));
    aws.emulator
        .secrets()
        .tag("prod/db", &[("env", "new")])
        .unwrap();
    assert_eq!(ask(start).await[0].1, "prod");
    assert_eq!(ask(later()).await[0].1, "new");
    let gone = shared.tags("gone", start).await.unwrap_err();
    assert!(gone.fault.is_missing());
    aws.calls();
    assert_eq!(shared.tags("gone", start).await.unwrap_err(), gone);
    assert!(aws.calls().is_empty());
}

/// A store's author decides how much there is in AWS; the process is everybody's.
#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_finds_too_much_is_given_up() {
    let large = "x".repeat(1 << 16);
    for lists in [true, false] {
        let aws = Aws::of(Kind::Moto);
        let secrets = aws.emulator.secrets();
        for number in 0..140 {
            let name = format!("large/{number}");
            secrets.create_secret(&name, large.as_str(), &[]).unwrap();
        }
        if !lists {
            aws.proxy.fail("ListSecrets", Fault::AccessDenied);
        }
        let shared = aws.shared();
        let all = find(Some("."), Some("large/"), &[]);
        let error = shared.find(&all, later()).await.err().unwrap();
        assert_eq!(error.fault, SecretsFault::TooMuch, "{error}");
        let few = find(Some("/1."), Some("large/"), &[]);
        let found = shared.find(&few, later()).await.unwrap();
        assert_eq!(found.len(), 50);
    }
}
