//! KMS without an SDK: what a test needs to make keys, and to look at ours from outside.

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::json_api::{JsonApi, text};

/// KMS at an emulator or a proxy. Keys are named as AWS takes them: id, ARN or `alias/NAME`.
#[derive(Clone, Debug)]
pub struct Kms(JsonApi);

impl Kms {
    /// At the given address, such as `http://127.0.0.1:12345`, in [`super::REGION`].
    pub fn at(url: &str) -> Self {
        Self(JsonApi::at(url, "kms", "TrentService"))
    }

    /// The same in another region, which has other keys.
    #[must_use]
    pub fn in_region(&self, region: &str) -> Self {
        Self(self.0.in_region(region))
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
    /// An [`super::AwsError`] when KMS refuses; another one when there is no whole answer.
    pub fn call(&self, operation: &str, request: &Value) -> Result<Value> {
        self.0.call(operation, request)
    }

    fn create_key(&self, request: &Value) -> Result<String> {
        let answer = self.call("CreateKey", request)?;
        text(&answer["KeyMetadata"]["Arn"])
    }
}

/// The part of an ARN that names the key: moto takes an ARN not everywhere.
fn key_id(key: &str) -> &str {
    key.rsplit_once(":key/").map_or(key, |(_, id)| id)
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
}
