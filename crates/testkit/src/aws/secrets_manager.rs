//! Secrets Manager without an SDK: what a test needs to make secrets and to change them, and to look at
//! ours from outside.

use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::json_api::{JsonApi, text};
use crate::canary::random_hex;

/// Secrets Manager at an emulator or a proxy. Secrets are named as AWS takes them: name or ARN.
#[derive(Clone, Debug)]
pub struct SecretsManager(JsonApi);

/// What a version of a secret holds.
#[derive(Clone, Copy, Debug)]
pub enum SecretPayload<'a> {
    /// `SecretString`.
    Text(&'a str),
    /// `SecretBinary`.
    Binary(&'a [u8]),
}

/// How a secret goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// It can be restored for so many days, 7 to 30, and not be read.
    After(u8),
    /// At once, for good.
    Now,
}

impl SecretsManager {
    /// At the given address, such as `http://127.0.0.1:12345`, in [`super::REGION`].
    pub fn at(url: &str) -> Self {
        Self(JsonApi::at(url, "secretsmanager", "secretsmanager"))
    }

    /// The same in another region, which has other secrets.
    #[must_use]
    pub fn in_region(&self, region: &str) -> Self {
        Self(self.0.in_region(region))
    }

    /// A new secret with its first version; returns its ARN.
    ///
    /// # Errors
    /// When there is one of that name, or Secrets Manager does not answer.
    pub fn create_secret<'a>(
        &self,
        name: &str,
        value: impl Into<SecretPayload<'a>>,
        tags: &[(&str, &str)],
    ) -> Result<String> {
        let mut request = json!({"Name": name, "ClientRequestToken": random_hex(16)?});
        value.into().put_into(&mut request);
        if !tags.is_empty() {
            request["Tags"] = tag_list(tags);
        }
        text(&self.call("CreateSecret", &request)?["ARN"])
    }

    /// A new version with these stages, which other versions lose; `AWSCURRENT` if none are named.
    /// Returns its id.
    ///
    /// # Errors
    /// When there is no such secret, or it is to be deleted.
    pub fn put_secret_value<'a>(
        &self,
        secret: &str,
        value: impl Into<SecretPayload<'a>>,
        stages: &[&str],
    ) -> Result<String> {
        let mut request = json!({"SecretId": secret, "ClientRequestToken": random_hex(16)?});
        value.into().put_into(&mut request);
        if !stages.is_empty() {
            request["VersionStages"] = json!(stages);
        }
        text(&self.call("PutSecretValue", &request)?["VersionId"])
    }

    /// Takes a stage from one version, gives it to another one, or both.
    ///
    /// # Errors
    /// When there is no such secret or version, or the stage is not where it is to be taken from.
    pub fn update_version_stage(
        &self,
        secret: &str,
        stage: &str,
        from: Option<&str>,
        to: Option<&str>,
    ) -> Result<()> {
        let mut request = json!({"SecretId": secret, "VersionStage": stage});
        for (field, version) in [("RemoveFromVersionId", from), ("MoveToVersionId", to)] {
            if let Some(version) = version {
                request[field] = json!(version);
            }
        }
        self.call("UpdateSecretVersionStage", &request).map(drop)
    }

    /// Deletes a secret.
    ///
    /// # Errors
    /// When there is no such secret, or it is to be deleted already.
    pub fn delete_secret(&self, secret: &str, deletion: Deletion) -> Result<()> {
        let request = match deletion {
            Deletion::After(days) => json!({"SecretId": secret, "RecoveryWindowInDays": days}),
            Deletion::Now => json!({"SecretId": secret, "ForceDeleteWithoutRecovery": true}),
        };
        self.call("DeleteSecret", &request).map(drop)
    }

    /// Undoes [`Deletion::After`].
    ///
    /// # Errors
    /// When there is no such secret.
    pub fn restore_secret(&self, secret: &str) -> Result<()> {
        let request = json!({"SecretId": secret});
        self.call("RestoreSecret", &request).map(drop)
    }

    /// Adds tags, or changes them.
    ///
    /// # Errors
    /// When there is no such secret.
    pub fn tag(&self, secret: &str, tags: &[(&str, &str)]) -> Result<()> {
        let request = json!({"SecretId": secret, "Tags": tag_list(tags)});
        self.call("TagResource", &request).map(drop)
    }

    /// Removes tags.
    ///
    /// # Errors
    /// When there is no such secret.
    pub fn untag(&self, secret: &str, keys: &[&str]) -> Result<()> {
        let request = json!({"SecretId": secret, "TagKeys": keys});
        self.call("UntagResource", &request).map(drop)
    }

    /// Any operation, in AWS's JSON: `call("GetSecretValue", &json!({"SecretId": …}))`. Bytes are base64
    /// texts in it.
    ///
    /// # Errors
    /// An [`super::AwsError`] when Secrets Manager refuses; another one when there is no whole answer.
    pub fn call(&self, operation: &str, request: &Value) -> Result<Value> {
        self.0.call(operation, request)
    }
}

impl SecretPayload<'_> {
    fn put_into(self, request: &mut Value) {
        match self {
            Self::Text(text) => request["SecretString"] = json!(text),
            Self::Binary(bytes) => request["SecretBinary"] = json!(STANDARD.encode(bytes)),
        }
    }
}

impl<'a> From<&'a str> for SecretPayload<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for SecretPayload<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a [u8]> for SecretPayload<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Binary(bytes)
    }
}

fn tag_list(tags: &[(&str, &str)]) -> Value {
    tags.iter()
        .map(|(key, value)| json!({"Key": key, "Value": value}))
        .collect()
}
