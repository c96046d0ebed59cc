//! What Secrets Manager refuses, or says otherwise, and the emulators do not.

use std::collections::BTreeSet;

use hyper::body::Bytes;
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

use super::call::{Call, Protocol, Service};

/// Secrets of one batch, at most (Secrets Manager API reference).
const BATCH: usize = 20;

/// Characters of a secret's id, at most (Secrets Manager API reference).
const ID: usize = 2_048;

/// What is said of a name with other characters.
const BAD_NAME: &str = "Invalid name. Must be a valid name containing alphanumeric characters, or any of the \
                        following: -/_+=.@!";

/// What is appended to a secret's name in its ARN: a hyphen and six characters.
const SUFFIX: usize = 7;

/// The answer to a call that Secrets Manager would not even begin.
pub(super) fn refusal(call: &Call) -> Option<Response<Bytes>> {
    let (kind, message) = match call.service {
        Service::SecretsManager => batch_refusal(call)
            .or_else(|| page_refusal(call))
            .or_else(|| id_refusal(call))?,
        _ => return None,
    };
    Some(call.refuse(400, kind, &message))
}

fn batch_refusal(call: &Call) -> Option<(&'static str, String)> {
    if call.operation != "BatchGetSecretValue" {
        return None;
    }
    let count = |field: &str| call.body[field].as_array().map_or(0, Vec::len);
    match (count("SecretIdList"), count("Filters")) {
        (ids, _) if ids > BATCH => Some((
            "ValidationException",
            format!(
                "1 validation error detected: Value at 'secretIdList' failed to satisfy constraint: \
                 Member must have length less than or equal to {BATCH}"
            ),
        )),
        (0, 0) | (1.., 1..) => Some((
            "InvalidParameterException",
            "Either 'SecretIdList' or 'Filters' must be provided, but not both.".to_owned(),
        )),
        _ => None,
    }
}

fn page_refusal(call: &Call) -> Option<(&'static str, String)> {
    let most = match call.operation.as_str() {
        "BatchGetSecretValue" => 20,
        "ListSecrets" | "ListSecretVersionIds" => 100,
        _ => return None,
    };
    let asked = call.body["MaxResults"].as_u64()?;
    (asked == 0 || asked > most).then(|| {
        let message = format!(
            "1 validation error detected: Value '{asked}' at 'maxResults' failed to satisfy \
             constraint: Member must have value between 1 and {most}"
        );
        ("ValidationException", message)
    })
}

/// One id that can be none, alone or among others: the whole call is refused.
fn id_refusal(call: &Call) -> Option<(&'static str, String)> {
    let id = call.body["SecretId"].as_str().map(|id| ("secretId", id));
    let ids = call.body["SecretIdList"].as_array().into_iter().flatten();
    let ids = ids.filter_map(|id| Some(("secretIdList", id.as_str()?)));
    let message = id.into_iter().chain(ids).find_map(|(field, id)| {
        let bound = match id.chars().count() {
            0 => Some("greater than or equal to 1"),
            1..=ID => None,
            _ => Some("less than or equal to 2048"),
        };
        let bound = bound.map(|bound| {
            format!(
                "1 validation error detected: Value at '{field}' failed to satisfy constraint: \
                 Member must have length {bound}"
            )
        });
        let is_name = id.starts_with("arn:") || id.chars().all(is_of_name);
        bound.or_else(|| (!is_name).then(|| BAD_NAME.to_owned()))
    })?;
    Some(("ValidationException", message))
}

fn is_of_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-/_+=.@!".contains(character)
}

/// AWS's JSON services refuse with 400, where moto has statuses of its own for some refusals.
pub(super) fn set_status(call: &Call, answer: &mut Response<Bytes>) {
    let refused = answer.status().is_client_error() && is_exception(answer.body());
    if call.protocol == Protocol::Json && refused {
        *answer.status_mut() = StatusCode::BAD_REQUEST;
        // moto repeats it in a header of that name.
        answer.headers_mut().remove("status");
    }
}

fn is_exception(body: &[u8]) -> bool {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    body["__type"].is_string()
}

/// Secrets that nobody may read, each by name or ARN.
#[derive(Debug, Default)]
pub(super) struct DeniedSecrets(BTreeSet<String>);

impl DeniedSecrets {
    pub(super) fn deny(&mut self, secret: &str) {
        self.0.insert(secret.to_owned());
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// `named` is a request or an answer with the secret in `SecretId` or `ARN`.
    pub(super) fn refusal(&self, call: &Call, named: &Value) -> Option<Response<Bytes>> {
        let secret = named["SecretId"].as_str().or(named["ARN"].as_str())?;
        let denied = call.service == Service::SecretsManager && self.holds(secret);
        denied.then(|| {
            let message = call.denial(&call.operation, Some(secret));
            call.refuse(400, "AccessDeniedException", &message)
        })
    }

    /// Makes errors of the secrets that a batch holds in spite of it; whether there were any.
    pub(super) fn strike(&self, call: &Call, answer: &mut Value) -> bool {
        if call.operation != "BatchGetSecretValue" || self.0.is_empty() {
            return false;
        }
        let mut struck = Vec::new();
        if let Some(values) = list(answer, "SecretValues") {
            values.retain(|value| {
                let names = [&value["ARN"], &value["Name"]].map(Value::as_str);
                let denied = names.into_iter().flatten().any(|name| self.holds(name));
                if denied {
                    struck.push(asked_as(call, value));
                }
                !denied
            });
        }
        if let Some(errors) = list(answer, "Errors") {
            // Of these AWS would not say whether they are there.
            errors.retain(|error| {
                let secret = error["SecretId"].as_str().unwrap_or_default();
                let denied = self.holds(secret);
                if denied {
                    struck.push(secret.to_owned());
                }
                !denied
            });
            errors.extend(struck.iter().map(|secret| {
                json!({
                    "SecretId": secret,
                    "ErrorCode": "AccessDeniedException",
                    "Message": call.denial("GetSecretValue", Some(secret)),
                })
            }));
        }
        !struck.is_empty()
    }

    fn holds(&self, secret: &str) -> bool {
        self.0.iter().any(|denied| is_same_secret(denied, secret))
    }
}

/// A list of an answer, empty if it lacks it; none if this is no answer.
fn list<'a>(answer: &'a mut Value, field: &str) -> Option<&'a mut Vec<Value>> {
    let list = answer.as_object_mut()?.entry(field);
    list.or_insert_with(|| json!([])).as_array_mut()
}

/// What the caller called a secret of the answer; its ARN, if a filter found it.
fn asked_as(call: &Call, value: &Value) -> String {
    let arn = value["ARN"].as_str().unwrap_or_default();
    let ids = call.body["SecretIdList"].as_array().into_iter().flatten();
    let mut ids = ids.filter_map(Value::as_str);
    ids.find(|id| is_same_secret(id, arn))
        .unwrap_or(arn)
        .to_owned()
}

/// Whether two names mean one secret: name, ARN, or ARN without what AWS appended.
fn is_same_secret(one: &str, other: &str) -> bool {
    match (own_name(one), own_name(other)) {
        (None, None) => one == other,
        (Some(name), None) => name == other || without_suffix(name) == Some(other),
        (None, Some(name)) => name == one || without_suffix(name) == Some(one),
        (Some(name), Some(another)) => {
            name == another
                || without_suffix(name) == Some(another)
                || without_suffix(another) == Some(name)
        }
    }
}

/// The last part of an ARN.
fn own_name(secret: &str) -> Option<&str> {
    let arn = secret.starts_with("arn:").then_some(secret)?;
    Some(arn.split_once(":secret:")?.1)
}

fn without_suffix(name: &str) -> Option<&str> {
    let (stem, suffix) = name.split_at_checked(name.len().checked_sub(SUFFIX)?)?;
    suffix.starts_with('-').then_some(stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:secretsmanager:us-east-1:1:secret:prod/db-AbCdEf";

    fn call(operation: &str, body: Value) -> Call {
        Call {
            operation: operation.to_owned(),
            service: Service::SecretsManager,
            protocol: Protocol::Json,
            body,
            region: Some("us-east-1".to_owned()),
            access_key: None,
            session_token: None,
        }
    }

    fn said(answer: &Response<Bytes>) -> Value {
        serde_json::from_slice(answer.body()).unwrap()
    }

    #[test]
    fn what_is_refused() {
        let ids = |count: usize| json!({"SecretIdList": vec!["a"; count]});
        let filters = json!([{"Key": "name", "Values": ["a"]}]);
        let both = json!({"SecretIdList": ["a"], "Filters": filters});
        let page = |size: u64| json!({"MaxResults": size, "Filters": filters});
        let (invalid, validation) = ("InvalidParameterException", "ValidationException");
        let (batch, get) = ("BatchGetSecretValue", "GetSecretValue");
        for (operation, body, refused) in [
            (batch, ids(20), None),
            (batch, ids(21), Some(validation)),
            (batch, ids(0), Some(invalid)),
            (batch, json!({}), Some(invalid)),
            (batch, both, Some(invalid)),
            (batch, page(20), None),
            (batch, page(21), Some(validation)),
            ("ListSecrets", page(100), None),
            ("ListSecrets", page(101), Some(validation)),
            ("ListSecrets", page(0), Some(validation)),
            (get, json!({"SecretId": "a"}), None),
            (get, json!({"SecretId": ""}), Some(validation)),
            (get, json!({"SecretId": "a b"}), Some(validation)),
            (get, json!({"SecretId": "a".repeat(2_048)}), None),
            (
                get,
                json!({"SecretId": "a".repeat(2_049)}),
                Some(validation),
            ),
            ("DescribeSecret", json!({"SecretId": ""}), Some(validation)),
            (batch, json!({"SecretIdList": ["a", ARN]}), None),
            (batch, json!({"SecretIdList": ["a", ""]}), Some(validation)),
            (
                batch,
                json!({"SecretIdList": ["a b", "a"]}),
                Some(validation),
            ),
        ] {
            let answer = refusal(&call(operation, body.clone()));
            let kind = answer.map(|answer| said(&answer)["__type"].clone());
            assert_eq!(kind, refused.map(Value::from), "{operation} {body}");
        }
    }

    #[test]
    fn one_secret_by_three_names() {
        let partial = ARN.strip_suffix("-AbCdEf").unwrap();
        let other = ARN.replace("db", "dc");
        for (name, same) in [
            (ARN, true),
            (partial, true),
            ("prod/db", true),
            ("prod/db-AbCdEf", true),
            ("db", false),
            ("prod", false),
            (&other, false),
            ("", false),
        ] {
            assert_eq!(is_same_secret(ARN, name), same, "{name}");
            assert_eq!(is_same_secret(name, ARN), same, "{name}");
        }
        assert!(!is_same_secret("prod/db", "prod/db-AbCdEf"));
    }

    #[test]
    fn denied_secrets_of_a_batch_are_errors() {
        let mut denied = DeniedSecrets::default();
        let batch = call(
            "BatchGetSecretValue",
            json!({"SecretIdList": ["a", "prod/db", "gone"]}),
        );
        let answer = || {
            json!({
                "SecretValues": [
                    {"ARN": ARN.replace("prod/db", "a"), "Name": "a", "SecretString": "1"},
                    {"ARN": ARN, "Name": "prod/db", "SecretString": "2"},
                ],
                "Errors": [{"SecretId": "gone", "ErrorCode": "ResourceNotFoundException"}],
            })
        };
        let mut untouched = answer();
        assert!(!denied.strike(&batch, &mut untouched));
        assert_eq!(untouched, answer());

        denied.deny(ARN);
        denied.deny("gone");
        let mut struck = answer();
        assert!(denied.strike(&batch, &mut struck));
        assert_eq!(struck["SecretValues"].as_array().unwrap().len(), 1);
        let errors = struck["Errors"].as_array().unwrap();
        let errors: Vec<_> = errors
            .iter()
            .map(|error| (&error["SecretId"], &error["ErrorCode"]))
            .collect();
        let refused = &json!("AccessDeniedException");
        assert_eq!(
            errors,
            [(&json!("prod/db"), refused), (&json!("gone"), refused)]
        );
        let message = struck["Errors"][0]["Message"].as_str().unwrap();
        assert!(
            message.contains("secretsmanager:GetSecretValue"),
            "{message}"
        );
    }
}
