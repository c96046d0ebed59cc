//! What went wrong with a call, in our words: the SDK's say only "service error", AWS's hold request ids,
//! which would make every attempt a new event.

use std::fmt;

use aws_edge::CallFault;

/// A call, as IAM names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    /// One value.
    GetSecretValue,
    /// Up to twenty values.
    BatchGetSecretValue,
    /// What there is.
    ListSecrets,
    /// Tags of one secret.
    DescribeSecret,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::GetSecretValue,
        Self::BatchGetSecretValue,
        Self::ListSecrets,
        Self::DescribeSecret,
    ];

    /// Its name without the service.
    pub fn name(self) -> &'static str {
        match self {
            Self::GetSecretValue => "GetSecretValue",
            Self::BatchGetSecretValue => "BatchGetSecretValue",
            Self::ListSecrets => "ListSecrets",
            Self::DescribeSecret => "DescribeSecret",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "secretsmanager:{}", self.name())
    }
}

/// A failed call. Holds no text of AWS or the SDK.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{operation}{}: {fault}; {}", .key.as_ref().map(|key| format!(" of {key}")).unwrap_or_default(), .fault.next_step(*.operation))]
pub struct SecretsError {
    /// What was tried.
    pub operation: Operation,
    /// The secret, as it was named, if it was one.
    pub key: Option<String>,
    /// What went wrong.
    pub fault: SecretsFault,
}

impl SecretsError {
    /// Whether a policy says no.
    pub fn is_access_denied(&self) -> bool {
        self.fault == CallFault::AccessDenied.into()
    }
}

/// What went wrong, by class.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretsFault {
    /// There is no such secret, or no such version of it.
    #[error("there is no such secret or version")]
    Missing,
    /// It is scheduled for deletion: as good as missing (contract §13.1).
    #[error("the secret is scheduled for deletion")]
    Deleted,
    /// KMS does not decrypt it.
    #[error("its KMS key does not decrypt it")]
    Undecryptable,
    /// It has no value at all.
    #[error("the secret has neither text nor bytes")]
    Empty,
    /// A key that can be no secret's: it is never sent.
    #[error("the key of a secret has 1 to 2,048 characters, this one {characters}")]
    BadKey {
        /// How many it has.
        characters: usize,
    },
    /// A search for nothing.
    #[error("neither a name nor tags say what to find")]
    NothingToFind,
    /// A search that finds more than any Secret holds.
    #[error("all that is found is far larger than a Secret can be")]
    TooMuch,
    /// A search by a pattern that is none.
    #[error("the pattern of the name is no regular expression in Go's syntax, or too large a one")]
    BadPattern,
    /// Nothing that is Secrets Manager's own.
    #[error("{0}")]
    Call(#[from] CallFault),
}

impl SecretsFault {
    /// Whether the secret is not there, so that `deletionPolicy` decides.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Missing | Self::Deleted)
    }

    /// Whether the same call may succeed later though nobody changes anything.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Call(fault) if fault.is_transient())
    }

    /// Whether it says something of the secret or of the right to it, so that an older value counts no more.
    /// Anything else says something of the way to it.
    pub fn is_of_secret(&self) -> bool {
        match self {
            Self::Missing
            | Self::Deleted
            | Self::Undecryptable
            | Self::Empty
            | Self::BadKey { .. } => true,
            Self::NothingToFind | Self::BadPattern | Self::TooMuch => false,
            Self::Call(fault) => *fault == CallFault::AccessDenied,
        }
    }

    /// The class of a code that AWS gave, on its own or within a batch. Of AWS's text two phrases are
    /// looked for (contract §0.1.15).
    pub(crate) fn of_code(code: &str, message: Option<&str>) -> Option<Self> {
        let says = |phrase| message.is_some_and(|text| text.contains(phrase));
        Some(match code {
            "ResourceNotFoundException" => Self::Missing,
            "InvalidRequestException" | "InvalidParameterException"
                if says("marked for deletion") || says("marked deleted") =>
            {
                Self::Deleted
            }
            "DecryptionFailure" => Self::Undecryptable,
            _ => return None,
        })
    }

    fn next_step(&self, operation: Operation) -> String {
        let fixed = match self {
            Self::Missing => "check its name, region and account, and the version",
            Self::Deleted => {
                "restore it (aws secretsmanager restore-secret), or remove the reference"
            }
            Self::Undecryptable => {
                "allow kms:Decrypt with its key, and see that the key is enabled"
            }
            Self::Empty => "give it a value (aws secretsmanager put-secret-value)",
            Self::BadKey { .. } => "correct remoteRef.key",
            Self::NothingToFind => "give find a name or tags",
            Self::TooMuch => "narrow find by name, path or tags",
            Self::BadPattern => "correct find.name.regexp",
            Self::Call(CallFault::AccessDenied) => {
                return format!("allow {operation} in the IAM policy of the store's identity");
            }
            Self::Call(CallFault::Credentials(fault)) => fault.next_step(),
            Self::Call(CallFault::Throttled) => "it is tried again, more slowly",
            Self::Call(CallFault::Unavailable) => {
                "it is tried again; check the store's region, endpoint, proxy and network, if it stays so"
            }
            Self::Call(CallFault::Misconfigured | CallFault::UnknownPort { .. }) => {
                "check region, endpoint URL and proxy settings"
            }
            Self::Call(CallFault::BadAnswer) => {
                "check the endpoint URL: does AWS Secrets Manager answer there?"
            }
            Self::Call(CallFault::Refused { code })
                if ["ValidationException", "InvalidParameterException"]
                    .contains(&code.as_str()) =>
            {
                "correct remoteRef.key or find, which AWS does not take"
            }
            Self::Call(CallFault::Refused { .. }) => "look it up in CloudTrail",
        };
        fixed.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_of_what_why_and_what_next() {
        let error = SecretsError {
            operation: Operation::GetSecretValue,
            key: Some("prod/db".to_owned()),
            fault: CallFault::AccessDenied.into(),
        };
        assert_eq!(
            error.to_string(),
            "secretsmanager:GetSecretValue of prod/db: access denied; allow \
             secretsmanager:GetSecretValue in the IAM policy of the store's identity"
        );
    }

    #[test]
    fn secrets_that_are_to_be_deleted_are_missing() {
        let of = |code, text| SecretsFault::of_code(code, Some(text));
        let deleted = Some(SecretsFault::Deleted);
        assert_eq!(
            of("InvalidRequestException", "… it was marked for deletion."),
            deleted
        );
        assert_eq!(
            of("InvalidRequestException", "… is currently marked deleted."),
            deleted
        );
        assert_eq!(of("InvalidRequestException", "another reason"), None);
        assert!(of("ResourceNotFoundException", "").unwrap().is_missing());
        assert!(!of("DecryptionFailure", "").unwrap().is_missing());
    }
}
