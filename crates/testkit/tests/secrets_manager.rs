//! Secrets Manager at the emulator, and what the proxy adds: AWS's refusals, and troubles of its kind.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use serde_json::{Value, json};
use testkit::aws::{AwsError, Deletion, Emulator, Fault, FaultProxy, Kind, SecretsManager};

const BATCH: &str = "BatchGetSecretValue";

/// An emulator with a proxy before it.
struct Bed {
    direct: SecretsManager,
    proxy: FaultProxy,
    proxied: SecretsManager,
    _emulator: Emulator,
}

impl Bed {
    fn new() -> Self {
        let emulator = Emulator::start(Kind::Moto).unwrap();
        let proxy = FaultProxy::start(emulator.url()).unwrap();
        Self {
            direct: emulator.secrets(),
            proxied: SecretsManager::at(proxy.url()),
            proxy,
            _emulator: emulator,
        }
    }

    /// Through the proxy.
    fn call(&self, operation: &str, request: &Value) -> Result<Value, AwsError> {
        let answer = self.proxied.call(operation, request);
        answer.map_err(|error| error.downcast().unwrap())
    }

    fn value(&self, secret: &str) -> Result<Value, AwsError> {
        let request = json!({"SecretId": secret, "VersionStage": "AWSCURRENT"});
        self.call("GetSecretValue", &request)
    }

    fn text(&self, secret: &str, stage: &str) -> Value {
        let request = json!({"SecretId": secret, "VersionStage": stage});
        self.call("GetSecretValue", &request).unwrap()["SecretString"].clone()
    }

    /// Status and kind of a refusal.
    fn refusal(&self, operation: &str, request: &Value) -> (u16, String) {
        let refused = self.call(operation, request).unwrap_err();
        assert_eq!(refused.service, "secretsmanager");
        (refused.status, refused.kind)
    }
}

#[test]
fn a_secret_s_life() {
    let bed = Bed::new();
    let sm = &bed.proxied;
    let arn = sm.create_secret("db", "one", &[("team", "a")]).unwrap();
    assert_eq!(bed.value(&arn).unwrap()["SecretString"], "one");
    sm.create_secret("bytes", &[0_u8, 255][..], &[]).unwrap();
    assert_eq!(bed.value("bytes").unwrap()["SecretBinary"], "AP8=");

    let two = sm.put_secret_value("db", "two", &[]).unwrap();
    let next = sm.put_secret_value("db", "three", &["NEXT"]).unwrap();
    for (stage, text) in [
        ("AWSCURRENT", "two"),
        ("AWSPREVIOUS", "one"),
        ("NEXT", "three"),
    ] {
        assert_eq!(bed.text("db", stage), text);
    }
    sm.update_version_stage("db", "AWSCURRENT", Some(&two), Some(&next))
        .unwrap();
    assert_eq!(bed.text("db", "AWSCURRENT"), "three");

    sm.tag("db", &[("team", "b"), ("tier", "1")]).unwrap();
    sm.untag("db", &["tier"]).unwrap();
    let described = bed.call("DescribeSecret", &json!({"SecretId": "db"}));
    let tags = json!([{"Key": "team", "Value": "b"}]);
    assert_eq!(described.unwrap()["Tags"], tags);

    sm.delete_secret("db", Deletion::After(7)).unwrap();
    let refused = bed.value("db").unwrap_err();
    assert_eq!(
        (refused.status, &*refused.kind),
        (400, "InvalidRequestException")
    );
    sm.restore_secret("db").unwrap();
    assert_eq!(bed.text("db", "AWSCURRENT"), "three");
    sm.delete_secret("db", Deletion::Now).unwrap();
    let refused = bed.value("db").unwrap_err();
    assert_eq!(
        (refused.status, &*refused.kind),
        (400, "ResourceNotFoundException")
    );
    let stages: Vec<_> = bed.proxy.requests("GetSecretValue");
    assert_eq!(stages.len(), bed.proxy.calls("GetSecretValue"));
}

#[test]
fn refusals_are_secrets_manager_s() {
    let bed = Bed::new();
    bed.direct.create_secret("db", "one", &[]).unwrap();
    for (fault, status, kind) in [
        (Fault::Throttling, 400, "ThrottlingException"),
        (Fault::InternalError, 500, "InternalServiceError"),
        (Fault::Unavailable, 503, "ServiceUnavailableException"),
        (Fault::ExpiredToken, 400, "ExpiredTokenException"),
    ] {
        bed.proxy.fail_next("GetSecretValue", 1, fault);
        let refused = bed.value("db").unwrap_err();
        assert_eq!((refused.status, &*refused.kind), (status, kind));
    }
    bed.proxy.fail_next(BATCH, 1, Fault::AccessDenied);
    let request = json!({"SecretIdList": ["db"]});
    let refused = bed.call(BATCH, &request).unwrap_err();
    assert!(
        refused
            .message
            .contains("secretsmanager:BatchGetSecretValue"),
        "{refused}"
    );
    assert_eq!(bed.call(BATCH, &request).unwrap()["Errors"], json!([]));
}

#[test]
fn what_only_aws_refuses() {
    let bed = Bed::new();
    let names: Vec<_> = (0..21).map(|index| format!("s{index}")).collect();
    for name in &names {
        bed.direct.create_secret(name, "value", &[]).unwrap();
    }
    let all = json!({"SecretIdList": names});
    // If this ever fails, the emulator has learned it, and the proxy need not know.
    bed.direct.call(BATCH, &all).unwrap();
    let refused = (400, "ValidationException".to_owned());
    assert_eq!(bed.refusal(BATCH, &all), refused);
    let most = json!({"SecretIdList": names[1..]});
    let answer = bed.call(BATCH, &most).unwrap();
    assert_eq!(answer["SecretValues"].as_array().unwrap().len(), 20);

    let refused = (400, "InvalidParameterException".to_owned());
    let filters = json!([{"Key": "name", "Values": ["s1"]}]);
    let both = json!({"SecretIdList": ["s1"], "Filters": filters});
    assert_eq!(bed.refusal(BATCH, &both), refused);
    assert_eq!(bed.refusal(BATCH, &json!({})), refused);
}

#[test]
fn a_forbidden_secret_is_one_error_of_a_batch() {
    let bed = Bed::new();
    let arns = ["one", "two"].map(|name| bed.direct.create_secret(name, "value", &[]).unwrap());
    for denied in ["two", &arns[1]] {
        bed.proxy.deny_secret(denied);
        for name in ["two", &arns[1]] {
            let refused = bed.value(name).unwrap_err();
            assert_eq!(refused.kind, "AccessDeniedException", "{denied} {name}");
            let action = "secretsmanager:GetSecretValue";
            assert!(refused.message.contains(action), "{refused}");
        }
        bed.value("one").unwrap();
        let request = json!({"SecretIdList": ["one", "two", "gone"]});
        let answer = bed.call(BATCH, &request).unwrap();
        assert_eq!(answer["SecretValues"].as_array().unwrap().len(), 1);
        assert_eq!(answer["SecretValues"][0]["Name"], "one");
        let errors = answer["Errors"].as_array().unwrap().iter();
        let errors: Vec<_> = errors
            .map(|error| [&error["SecretId"], &error["ErrorCode"]].map(|it| it.as_str().unwrap()))
            .collect();
        assert_eq!(
            errors,
            [
                ["gone", "ResourceNotFoundException"],
                ["two", "AccessDeniedException"],
            ]
        );
        let listed = bed.call("ListSecrets", &json!({})).unwrap();
        assert_eq!(listed["SecretList"].as_array().unwrap().len(), 2);
        bed.proxy.clear();
        bed.value("two").unwrap();
    }
}

#[test]
fn the_second_page_breaks_off() {
    let bed = Bed::new();
    for name in ["one", "two", "three"] {
        bed.direct.create_secret(name, "value", &[]).unwrap();
    }
    bed.proxy.pass_next("ListSecrets", 1);
    bed.proxy.fail_next("ListSecrets", 1, Fault::Truncated);
    let first = bed.call("ListSecrets", &json!({"MaxResults": 2})).unwrap();
    assert_eq!(first["SecretList"].as_array().unwrap().len(), 2);
    let second = json!({"MaxResults": 2, "NextToken": first["NextToken"]});
    let broken = bed.proxied.call("ListSecrets", &second).unwrap_err();
    assert!(!broken.is::<AwsError>(), "{broken:#}");
    let rest = bed.call("ListSecrets", &second).unwrap();
    assert_eq!(rest["SecretList"].as_array().unwrap().len(), 1);
    assert_eq!(bed.proxy.calls("ListSecrets"), 3);
}
