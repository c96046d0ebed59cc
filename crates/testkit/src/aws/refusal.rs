//! What KMS refuses and the emulators accept: a test that passes on an emulator alone would break
//! in the cloud.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::Response;
use hyper::body::Bytes;
use serde_json::Value;

use super::call::{Call, Protocol};

/// Longest `Plaintext` of Encrypt and `CiphertextBlob` of Decrypt, in bytes (KMS API reference).
const LONGEST: [(&str, &str, usize); 2] = [
    ("Encrypt", "Plaintext", 4096),
    ("Decrypt", "CiphertextBlob", 6144),
];

/// Which symmetric key made which ciphertext.
#[derive(Debug, Default)]
pub(super) struct Made(BTreeMap<String, String>);

impl Made {
    /// Learns from an answer.
    pub(super) fn learn(&mut self, call: &Call, answer: &Value) {
        let (blob, key) = (&answer["CiphertextBlob"], &answer["KeyId"]);
        if let (false, Some(blob), Some(key)) = (is_rsa(call), blob.as_str(), key.as_str()) {
            self.0.insert(blob.to_owned(), key.to_owned());
        }
    }

    /// The answer to a call that KMS would not even begin.
    pub(super) fn refusal(&self, call: &Call) -> Option<Response<Bytes>> {
        if call.protocol == Protocol::Query {
            return None;
        }
        let key = call.text("KeyId").unwrap_or_default();
        let (kind, message) = if call.region.is_none() {
            ("MissingAuthenticationTokenException", String::new())
        } else if let Some(region) = foreign_region(call, key) {
            ("NotFoundException", format!("Invalid arn {region}"))
        } else if let Some((field, longest)) = too_long(call) {
            (
                "ValidationException",
                format!(
                    "1 validation error detected: Value at '{field}' failed to satisfy constraint: \
                     Member must have length less than or equal to {longest}"
                ),
            )
        } else if is_rsa(call) && has_context(call) {
            (
                "ValidationException",
                "An encryption context is for symmetric keys only".to_owned(),
            )
        } else if self.is_of_another_key(call, key) {
            (
                "IncorrectKeyException",
                "The key ID in the request does not identify a CMK that can perform this operation."
                    .to_owned(),
            )
        } else {
            return None;
        };
        Some(call.refuse(400, kind, &message))
    }

    fn is_of_another_key(&self, call: &Call, key: &str) -> bool {
        let made = call
            .text("CiphertextBlob")
            .and_then(|blob| self.0.get(blob));
        let by_alias = key.contains("alias/");
        call.operation == "Decrypt"
            && !key.is_empty()
            && !by_alias
            && made.is_some_and(|made| !is_same_key(made, key))
    }
}

/// Whether two names mean one key; one of them may be its id alone.
pub(super) fn is_same_key(one: &str, other: &str) -> bool {
    let names = |arn: &str, id: &str| arn.rsplit_once(":key/").is_some_and(|(_, of)| of == id);
    one == other || names(one, other) || names(other, one)
}

fn foreign_region(call: &Call, key: &str) -> Option<String> {
    let region = key.strip_prefix("arn:")?.split(':').nth(2)?;
    (call.region.as_deref() != Some(region)).then(|| region.to_owned())
}

fn too_long(call: &Call) -> Option<(&'static str, usize)> {
    LONGEST.iter().find_map(|&(operation, field, longest)| {
        let text = call.text(field).filter(|_| call.operation == operation)?;
        let bytes = STANDARD.decode(text).ok()?;
        (bytes.len() > longest).then_some((field, longest))
    })
}

fn is_rsa(call: &Call) -> bool {
    let algorithm = call.text("EncryptionAlgorithm");
    algorithm.is_some_and(|algorithm| algorithm.starts_with("RSAES_"))
}

fn has_context(call: &Call) -> bool {
    let context = call.body["EncryptionContext"].as_object();
    context.is_some_and(|context| !context.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::call::Service;
    use serde_json::json;

    const KEY: &str = "arn:aws:kms:us-east-1:1:key/a";

    fn call(operation: &str, body: Value) -> Call {
        Call {
            operation: operation.to_owned(),
            service: Service::Kms,
            protocol: Protocol::Json,
            body,
            region: Some("us-east-1".to_owned()),
            access_key: None,
            session_token: None,
        }
    }

    #[test]
    fn what_is_refused() {
        let mut made = Made::default();
        let answer = json!({"KeyId": KEY, "CiphertextBlob": "AAAA"});
        made.learn(&call("Encrypt", json!({"KeyId": "alias/x"})), &answer);
        let long = |field: &str, bytes: usize| json!({field: STANDARD.encode(vec![0; bytes])});
        let blob = |key: &str| json!({"KeyId": key, "CiphertextBlob": "AAAA"});
        let rsa = json!({"EncryptionAlgorithm": "RSAES_OAEP_SHA_256"});
        let mut rsa_with_context = rsa.clone();
        rsa_with_context["EncryptionContext"] = json!({"a": "b"});
        let abroad = json!({"KeyId": KEY.replace("us-east", "us-west")});
        let invalid = Some("ValidationException");
        for (operation, body, refused) in [
            ("Encrypt", long("Plaintext", 4096), None),
            ("Encrypt", long("Plaintext", 4097), invalid),
            ("Decrypt", long("CiphertextBlob", 6144), None),
            ("Decrypt", long("CiphertextBlob", 6145), invalid),
            ("Decrypt", blob(KEY), None),
            ("Decrypt", blob("a"), None),
            ("Decrypt", json!({"CiphertextBlob": "AAAA"}), None),
            ("Decrypt", blob("b"), Some("IncorrectKeyException")),
            ("Encrypt", abroad, Some("NotFoundException")),
            ("Decrypt", rsa, None),
            ("Decrypt", rsa_with_context, invalid),
        ] {
            let found = made.refusal(&call(operation, body.clone()));
            let found = found.map(|answer| {
                let body: Value = serde_json::from_slice(answer.body()).unwrap();
                body["__type"].as_str().unwrap().to_owned()
            });
            assert_eq!(found.as_deref(), refused, "{operation} {}", body["KeyId"]);
        }
        let mut unsigned = call("Encrypt", json!({}));
        unsigned.region = None;
        assert!(made.refusal(&unsigned).is_some());
        unsigned.protocol = Protocol::Query;
        assert!(made.refusal(&unsigned).is_none());
    }

    #[test]
    fn one_key_by_two_names() {
        for (other, same) in [(KEY, true), ("a", true), ("b", false), ("", false)] {
            assert_eq!(is_same_key(KEY, other), same, "{other}");
            assert_eq!(is_same_key(other, KEY), same, "{other}");
        }
    }
}
