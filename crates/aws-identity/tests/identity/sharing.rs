//! Calls to moto over HTTP, counted by the proxy.

use std::time::Duration;

use aws_credential_types::provider::ProvideCredentials as _;
use aws_edge::{CallFault, CredentialsFault};
use aws_identity::{
    AssumedRole, Base, Identity, IdentityError, IdentityFault, SESSION_NAME, StaticCredentials,
    TokenFault,
};
use secrets_manager::{SecretsFault, SecretsManager, SecretsOptions, Version};
use testkit::aws::{Fault, REGION};

use crate::bed::{Bed, READER, TOKEN, keys, later, role, web_identity};

const WEB: &str = "AssumeRoleWithWebIdentity";
const ASSUME: &str = "AssumeRole";

#[tokio::test]
async fn a_hundred_askers_are_one_call() {
    let bed = Bed::start();
    let identity = web_identity();
    let askers = (0..100).map(|_| {
        let provider = bed.identities.provider(&identity, REGION);
        tokio::spawn(async move { provider.provide_credentials().await.unwrap() })
    });
    let mut ids = Vec::new();
    for asker in askers.collect::<Vec<_>>() {
        ids.push(asker.await.unwrap().access_key_id().to_owned());
    }
    ids.dedup();
    assert_eq!(ids.len(), 1);
    assert_eq!((bed.proxy.calls(WEB), bed.tokens.asked()), (1, 1));
}

#[tokio::test]
async fn a_service_account_s_token_is_exchanged() {
    let bed = Bed::start();
    bed.key_id(&web_identity()).await.unwrap();
    assert_eq!(
        bed.tokens.last(),
        (
            "team-a/reader".to_owned(),
            vec!["sts.amazonaws.com".to_owned(), "more".to_owned()]
        )
    );
    let request = &bed.proxy.requests(WEB)[0];
    assert_eq!(request["RoleArn"], READER);
    assert_eq!(request["RoleSessionName"], SESSION_NAME);
    assert_eq!(SESSION_NAME, "external-secrets-provider-aws");
    assert_eq!(request["DurationSeconds"], "3600");
    assert_eq!(request["WebIdentityToken"], TOKEN);
    assert!(bed.proxy.access_keys(WEB).is_empty(), "nobody signs it");
}

#[tokio::test]
async fn roles_are_assumed_in_order_and_the_last_has_the_conditions() {
    let bed = Bed::start();
    let identity = Identity {
        additional_roles: vec![role("first"), role("second")],
        role: Some(AssumedRole {
            arn: role("third"),
            external_id: Some("partner".to_owned()),
            session_tags: [("team", "a"), ("esoNamespace", "team-a")]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
            transitive_tag_keys: vec!["team".to_owned()],
        }),
        ..Identity::of(Base::Static(keys()))
    };
    let given = bed.key_id(&identity).await.unwrap();
    let requests = bed.proxy.requests(ASSUME);
    let roles: Vec<_> = requests.iter().map(|it| it["RoleArn"].as_str()).collect();
    assert_eq!(
        roles,
        ["first", "second", "third"]
            .map(role)
            .each_ref()
            .map(|role| Some(role.as_str()))
    );
    for early in &requests[..2] {
        for field in [
            "ExternalId",
            "Tags.member.1.Key",
            "TransitiveTagKeys.member.1",
        ] {
            assert!(early[field].is_null(), "{field}");
        }
    }
    let last = &requests[2];
    for (field, value) in [
        ("ExternalId", "partner"),
        ("Tags.member.1.Key", "esoNamespace"),
        ("Tags.member.1.Value", "team-a"),
        ("Tags.member.2.Key", "team"),
        ("Tags.member.2.Value", "a"),
        ("TransitiveTagKeys.member.1", "team"),
        ("RoleSessionName", SESSION_NAME),
    ] {
        assert_eq!(last[field], value, "{field}");
    }
    // Each is assumed by the one before.
    let signers = bed.proxy.access_keys(ASSUME);
    assert_eq!(signers[0], "AKIATESTING");
    assert_ne!(signers[1], signers[0]);
    assert_ne!(signers[2], signers[1]);
    assert!(!signers.contains(&given));
}

#[tokio::test]
async fn chains_that_begin_alike_share_their_beginning() {
    let bed = Bed::start();
    for end in ["x", "y", "z"] {
        let identity = Identity {
            additional_roles: vec![role("first")],
            role: Some(AssumedRole::of(role(end))),
            ..web_identity()
        };
        bed.key_id(&identity).await.unwrap();
    }
    assert_eq!((bed.proxy.calls(WEB), bed.proxy.calls(ASSUME)), (1, 4));
}

#[tokio::test]
async fn static_keys_are_used_as_they_are() {
    let bed = Bed::start();
    let identity = Identity::of(Base::Static(StaticCredentials {
        session_token: Some("canary-token".to_owned().into()),
        ..keys()
    }));
    let provider = bed.identities.provider(&identity, REGION);
    let credentials = provider.provide_credentials().await.unwrap();
    assert_eq!(credentials.access_key_id(), "AKIATESTING");
    assert_eq!(credentials.secret_access_key(), "canary-key");
    assert_eq!(credentials.session_token(), Some("canary-token"));
    assert!(bed.proxy.all_calls().is_empty());
    let shown = format!("{provider:?} {identity:?} {:?}", bed.identities);
    assert!(!shown.contains("canary"), "{shown}");
}

#[tokio::test]
async fn credentials_are_renewed_before_they_expire() {
    let bed = Bed::start();
    let identity = web_identity();
    let first = bed.key_id(&identity).await.unwrap();
    later(Duration::from_mins(47)).await;
    assert_eq!(bed.key_id(&identity).await.unwrap(), first);
    assert_eq!(bed.proxy.calls(WEB), 1);

    // They still do for nearly an hour: nobody waits for the new ones.
    later(Duration::from_mins(8)).await;
    bed.proxy.fail("AssumeRoleWithWebIdentity", Fault::Stall);
    assert_eq!(bed.key_id(&identity).await.unwrap(), first);
    bed.calls(WEB, 2).await;
    assert_eq!(bed.key_id(&identity).await.unwrap(), first);
    bed.proxy.clear();
    let second = bed.until_other_than(&first, &identity).await;
    assert_eq!(bed.proxy.calls(WEB), 2, "one question for all");

    // Those that have expired are of no use.
    later(Duration::from_mins(61)).await;
    assert_ne!(bed.key_id(&identity).await.unwrap(), second);
    assert_eq!(bed.proxy.calls(WEB), 3);
}

#[tokio::test]
async fn a_failed_renewal_leaves_what_there_is() {
    let bed = Bed::start();
    let identity = web_identity();
    let first = bed.key_id(&identity).await.unwrap();
    bed.proxy.fail(WEB, Fault::AccessDenied);
    later(Duration::from_mins(55)).await;
    for _ in 0..5 {
        assert_eq!(bed.key_id(&identity).await.unwrap(), first);
    }
    bed.calls(WEB, 2).await;
    later(Duration::from_mins(4) + Duration::from_secs(30)).await;
    let error = bed.key_id(&identity).await.unwrap_err();
    assert_eq!(error.fault, IdentityFault::Call(CallFault::AccessDenied));
}

#[tokio::test]
async fn failures_are_not_repeated_at_once() {
    let bed = Bed::start();
    let identity = web_identity();
    bed.proxy.fail(WEB, Fault::AccessDenied);
    for _ in 0..10 {
        let error = bed.key_id(&identity).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "sts:AssumeRoleWithWebIdentity of {READER}: access denied; let the role's trust \
                 policy allow sts:AssumeRoleWithWebIdentity to the cluster's OIDC provider with sub \
                 system:serviceaccount:team-a:reader"
            )
        );
    }
    assert_eq!(bed.proxy.calls(WEB), 1);
    // An hour with a question each second: the pauses grow to a minute or two.
    for _ in 0..3600 {
        later(Duration::from_secs(1)).await;
        bed.key_id(&identity).await.unwrap_err();
    }
    let calls = bed.proxy.calls(WEB);
    assert!((30..=70).contains(&calls), "{calls}");
    bed.proxy.clear();
    later(Duration::from_mins(2)).await;
    bed.key_id(&identity).await.unwrap();
}

#[tokio::test]
async fn the_failing_step_is_named() {
    let denied = |error: &IdentityError| {
        assert_eq!(
            error.fault,
            IdentityFault::Call(CallFault::AccessDenied),
            "{error}"
        );
    };
    let bed = Bed::start();
    let identity = Identity {
        additional_roles: vec![role("first")],
        role: Some(AssumedRole::of(role("second"))),
        ..Identity::of(Base::Static(keys()))
    };
    bed.proxy.fail_next(ASSUME, 1, Fault::AccessDenied);
    let error = bed.key_id(&identity).await.unwrap_err();
    denied(&error);
    assert_eq!(
        error.step.to_string(),
        format!("sts:AssumeRole of {}", role("first"))
    );
    later(Duration::from_secs(5)).await;
    bed.proxy.pass_next(ASSUME, 1);
    bed.proxy.fail_next(ASSUME, 1, Fault::AccessDenied);
    let error = bed.key_id(&identity).await.unwrap_err();
    denied(&error);
    assert_eq!(
        error.step.to_string(),
        format!("sts:AssumeRole of {}", role("second"))
    );
}

#[tokio::test]
async fn secrets_manager_says_which_step_failed() {
    let bed = Bed::start();
    let identity = Identity {
        role: Some(AssumedRole::of(role("reader"))),
        ..Identity::of(Base::Static(keys()))
    };
    bed.emulator
        .secrets()
        .create_secret("db", "x", &[])
        .unwrap();
    let manager = SecretsManager::new(SecretsOptions {
        endpoint: Some(bed.proxy.url().to_owned()),
        credentials: Some(bed.identities.provider(&identity, REGION)),
        ..SecretsOptions::new(REGION)
    });
    let read = async || manager.value("db", &Version::default()).await.map(drop);
    bed.proxy.fail_next(ASSUME, 1, Fault::AccessDenied);
    let error = read().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "secretsmanager:GetSecretValue of db: sts:AssumeRole of {}: access denied; allow \
             sts:AssumeRole in the IAM policy of who assumes it and in the role's trust policy",
            role("reader")
        )
    );
    assert!(!error.fault.is_transient());

    later(Duration::from_secs(5)).await;
    read().await.unwrap();
    let signer = bed.proxy.access_keys("GetSecretValue");
    assert_eq!(signer, [bed.key_id(&identity).await.unwrap()]);

    // Expired at AWS: new ones, but not for each call that fails.
    later(Duration::from_mins(1)).await;
    for _ in 0..3 {
        bed.proxy
            .fail_next("GetSecretValue", 1, Fault::ExpiredToken);
        let error = read().await.unwrap_err();
        assert_eq!(
            error.fault,
            SecretsFault::Call(CallFault::Credentials(CredentialsFault::Expired))
        );
        bed.identities.forget(&identity);
        read().await.unwrap();
    }
    assert_eq!(bed.proxy.calls(ASSUME), 3);
    let signers = bed.proxy.access_keys("GetSecretValue");
    assert_ne!(signers.first(), signers.last());
}

#[tokio::test]
async fn aws_sts_that_does_not_answer_is_given_up() {
    let bed = Bed::start();
    for fault in [
        Fault::Stall,
        Fault::Reset,
        Fault::InternalError,
        Fault::Throttling,
    ] {
        bed.proxy.fail(ASSUME, fault);
        let identity = Identity {
            role: Some(AssumedRole::of(role(&format!("{fault:?}")))),
            ..Identity::of(Base::Static(keys()))
        };
        let error = bed.key_id(&identity).await.unwrap_err();
        assert!(error.is_transient(), "{fault:?}: {error}");
        bed.proxy.clear();
    }
}

#[tokio::test]
async fn a_cluster_that_gives_no_token_is_told() {
    let bed = Bed::start();
    bed.tokens.refuse(TokenFault {
        reason: "there is no such service account".to_owned(),
        next_step: "create it".to_owned(),
        is_transient: false,
    });
    let error = bed.key_id(&web_identity()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "token of service account team-a/reader: there is no such service account; create it"
    );
    assert!(bed.proxy.all_calls().is_empty());
}

#[tokio::test]
async fn what_nobody_uses_is_let_go() {
    let bed = Bed::start();
    let identity = web_identity();
    let first = bed.key_id(&identity).await.unwrap();
    later(Duration::from_mins(10)).await;
    // Another one is looked for; the first is old enough, but young enough to be used.
    bed.key_id(&Identity {
        role: Some(AssumedRole::of(role("other"))),
        ..Identity::of(Base::Static(keys()))
    })
    .await
    .unwrap();
    assert_eq!(bed.identities.held(), 2);
    assert_eq!(bed.key_id(&identity).await.unwrap(), first);
    later(Duration::from_mins(121)).await;
    bed.key_id(&web_identity()).await.unwrap();
    assert_eq!(bed.identities.held(), 1);
}
