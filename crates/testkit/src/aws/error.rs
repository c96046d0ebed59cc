//! What AWS says when it refuses.

use std::fmt;

use serde_json::Value;

/// An answer that is a refusal. Found in errors of [`super::Kms`] and [`super::SecretsManager`] by
/// `downcast_ref`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsError {
    /// As IAM names it: `kms`, `secretsmanager`.
    pub service: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// The exception's name, such as `NotFoundException`; empty if the answer names none.
    pub kind: String,
    /// What it says.
    pub message: String,
}

impl AwsError {
    pub(super) fn of(service: &'static str, status: u16, body: &[u8]) -> Self {
        let answer: Value = serde_json::from_slice(body).unwrap_or_default();
        let word = |name: &str| answer[name].as_str().map(ToOwned::to_owned);
        let kind = word("__type").unwrap_or_default();
        let message = word("message").or_else(|| word("Message"));
        Self {
            service,
            status,
            // Some answers put a namespace before it.
            kind: kind.rsplit('#').next().unwrap_or_default().to_owned(),
            message: message.unwrap_or_else(|| String::from_utf8_lossy(body).into_owned()),
        }
    }
}

impl fmt::Display for AwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            service,
            status,
            kind,
            message,
        } = self;
        write!(f, "{service} answered {status} {kind}: {message}")
    }
}

impl std::error::Error for AwsError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_in_every_dress() {
        for (body, kind, message) in [
            (r#"{"__type":"A","message":"b"}"#, "A", "b"),
            (r#"{"__type":"com.amazon#A","Message":"b"}"#, "A", "b"),
            ("<html>", "", "<html>"),
        ] {
            let error = AwsError::of("kms", 400, body.as_bytes());
            assert_eq!(
                (error.kind.as_str(), error.message.as_str()),
                (kind, message)
            );
        }
    }
}
