//! KMS without an SDK: what a test needs to make keys, and to look at ours from outside.

use std::fmt;

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::Request;
use hyper::body::Bytes;
use serde_json::{Value, json};

use super::REGION;
use crate::http;

/// KMS at an emulator or a proxy. Keys are named as AWS takes them: id, ARN or `alias/NAME`.
#[derive(Clone, Debug)]
pub struct Kms {
    url: String,
    region: String,
}

/// An answer of KMS that is a refusal. Found in errors of [`Kms`] by `downcast_ref`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KmsError {
    /// The HTTP status.
    pub status: u16,
    /// The exception's name, such as `NotFoundException`; empty if the answer names none.
    pub kind: String,
    /// What it says.
    pub message: String,
}

impl Kms {
    /// At the given address, such as `http://127.0.0.1:12345`, in [`REGION`].
    pub fn at(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            region: REGION.to_owned(),
        }
    }

    /// The same in another region, which has other keys.
    #[must_use]
    pub fn in_region(&self, region: &str) -> Self {
        Self {
            url: self.url.clone(),
            region: region.to_owned(),
        }
    }

    /// A new symmetric key; returns its ARN.
    ///
    /// # Errors
    /// When KMS refuses or does not answer.
    pub fn create_symmetric_key(&self) -> Result<String> {
        self.create_key(&json!({}))
    }

    /// A new RSA key for encryption, of 2048, 3072 or 4096 bits; returns its ARN.
    ///
    /// # Errors
    /// When KMS refuses or does not answer.
    pub fn create_rsa_key(&self, bits: u32) -> Result<String> {
        let spec = format!("RSA_{bits}");
        self.create_key(&json!({"KeySpec": spec, "KeyUsage": "ENCRYPT_DECRYPT"}))
    }

    /// Gives a key the alias `alias/NAME`; returns the alias's ARN.
    ///
    /// # Errors
    /// When there is no such key, or the alias is taken.
    pub fn create_alias(&self, name: &str, key: &str) -> Result<String> {
        let alias = format!("alias/{name}");
        let id = key_id(key);
        self.call(
            "CreateAlias",
            &json!({"AliasName": alias, "TargetKeyId": id}),
        )?;
        let owner = self.describe(key)?;
        let account = owner.rsplit_once(":key/").context("no key ARN")?.0;
        Ok(format!("{account}:{alias}"))
    }

    /// The ARN of a key.
    ///
    /// # Errors
    /// When there is no such key.
    pub fn describe(&self, key: &str) -> Result<String> {
        let answer = self.call("DescribeKey", &json!({"KeyId": key_id(key)}))?;
        text(&answer["KeyMetadata"]["Arn"])
    }

    /// No operation with it succeeds any more (on ministack).
    ///
    /// # Errors
    /// When there is no such key.
    pub fn disable_key(&self, key: &str) -> Result<()> {
        self.call("DisableKey", &json!({"KeyId": key_id(key)}))?;
        Ok(())
    }

    /// Undoes [`Self::disable_key`].
    ///
    /// # Errors
    /// When there is no such key.
    pub fn enable_key(&self, key: &str) -> Result<()> {
        self.call("EnableKey", &json!({"KeyId": key_id(key)}))?;
        Ok(())
    }

    /// Marks it for deletion in seven days; until then nothing can be done with it.
    ///
    /// # Errors
    /// When there is no such key.
    pub fn schedule_deletion(&self, key: &str) -> Result<()> {
        let request = json!({"KeyId": key_id(key), "PendingWindowInDays": 7});
        self.call("ScheduleKeyDeletion", &request)?;
        Ok(())
    }

    /// The public half of an RSA key: DER of its SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// When there is no such key, or it has no public half.
    pub fn public_key(&self, key: &str) -> Result<Vec<u8>> {
        let answer = self.call("GetPublicKey", &json!({"KeyId": key_id(key)}))?;
        Ok(STANDARD.decode(text(&answer["PublicKey"])?)?)
    }

    /// Any operation, in AWS's JSON: `call("Decrypt", &json!({"CiphertextBlob": …}))`. Bytes are
    /// base64 texts in it.
    ///
    /// # Errors
    /// A [`KmsError`] when KMS refuses; another one when there is no whole answer.
    pub fn call(&self, operation: &str, request: &Value) -> Result<Value> {
        // Nobody checks the signature, but moto finds the service in what it covers.
        let scope = format!(
            "AWS4-HMAC-SHA256 Credential=testing/20260101/{}/kms/aws4_request, \
             SignedHeaders=host, Signature=0",
            self.region
        );
        let request = Request::post(&self.url)
            .header("Content-Type", "application/x-amz-json-1.1")
            .header("X-Amz-Target", format!("TrentService.{operation}"))
            .header("Authorization", scope)
            .body(Bytes::from(request.to_string()))?;
        let answer = http::send(request)?;
        if answer.status().is_success() {
            return serde_json::from_slice(answer.body())
                .with_context(|| format!("KMS answered {operation} with something else"));
        }
        bail!(KmsError::of(answer.status().as_u16(), answer.body()))
    }

    fn create_key(&self, request: &Value) -> Result<String> {
        let answer = self.call("CreateKey", request)?;
        text(&answer["KeyMetadata"]["Arn"])
    }
}

impl KmsError {
    fn of(status: u16, body: &[u8]) -> Self {
        let answer: Value = serde_json::from_slice(body).unwrap_or_default();
        let word = |name: &str| answer[name].as_str().map(ToOwned::to_owned);
        let kind = word("__type").unwrap_or_default();
        let message = word("message").or_else(|| word("Message"));
        Self {
            status,
            // Some answers put a namespace before it.
            kind: kind.rsplit('#').next().unwrap_or_default().to_owned(),
            message: message.unwrap_or_else(|| String::from_utf8_lossy(body).into_owned()),
        }
    }
}

impl fmt::Display for KmsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            status,
            kind,
            message,
        } = self;
        write!(f, "KMS answered {status} {kind}: {message}")
    }
}

impl std::error::Error for KmsError {}

/// The part of an ARN that names the key: moto takes an ARN not everywhere.
fn key_id(key: &str) -> &str {
    key.rsplit_once(":key/").map_or(key, |(_, id)| id)
}

fn text(value: &Value) -> Result<String> {
    let text = value.as_str().context("the answer of KMS lacks a field")?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_by_any_name() {
        let arn = "arn:aws:kms:us-east-1:123456789012:key/0a-1b";
        for (key, id) in [(arn, "0a-1b"), ("0a-1b", "0a-1b"), ("alias/x", "alias/x")] {
            assert_eq!(key_id(key), id);
        }
    }

    #[test]
    fn refusals_in_every_dress() {
        for (body, kind, message) in [
            (r#"{"__type":"A","message":"b"}"#, "A", "b"),
            (r#"{"__type":"com.amazon#A","Message":"b"}"#, "A", "b"),
            ("<html>", "", "<html>"),
        ] {
            let error = KmsError::of(400, body.as_bytes());
            assert_eq!(
                (error.kind.as_str(), error.message.as_str()),
                (kind, message)
            );
        }
    }
}
