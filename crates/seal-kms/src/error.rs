//! What went wrong with a call to KMS, in our words: the SDK's say only "service error", AWS's may repeat input.

use std::fmt;

use aws_edge::{CallFault, CredentialsFault};

/// A call to KMS, as IAM names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Wraps a data key.
    Encrypt,
    /// Unwraps a data key.
    Decrypt,
    /// Reads the public half of an RSA key.
    GetPublicKey,
}

impl fmt::Display for Action {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Encrypt => "kms:Encrypt",
            Self::Decrypt => "kms:Decrypt",
            Self::GetPublicKey => "kms:GetPublicKey",
        })
    }
}

/// A failed call: which action, with which key, why, and what to do next. Holds no text of AWS or the SDK.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{action} with {key}: {fault}; {}", fault.next_step(*action))]
pub struct KmsError {
    /// What was tried.
    pub action: Action,
    /// The key, as it was named.
    pub key: String,
    /// What went wrong.
    pub fault: KmsFault,
}

impl KmsError {
    /// Whether the same call may succeed later though nobody changes anything.
    pub fn is_transient(&self) -> bool {
        self.fault.is_transient()
    }
}

/// What went wrong, by class.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KmsFault {
    /// No such key or alias in that account and region.
    #[error("there is no such key")]
    NotFound,
    /// IAM or the key policy says no.
    #[error("access denied")]
    AccessDenied,
    /// The key is disabled.
    #[error("the key is disabled")]
    Disabled,
    /// Somebody has scheduled the key's deletion.
    #[error("the key is scheduled for deletion")]
    PendingDeletion,
    /// Any other state of the key that allows no use: without key material, or its key store is cut off.
    #[error("the key is in a state that allows no use")]
    InvalidState,
    /// The wrap does not open: other context, other key, tampered.
    #[error("the wrap does not open")]
    BadWrap,
    /// The key exists, but cannot do this.
    #[error("it is the wrong kind of key")]
    WrongKeyKind,
    /// More than [`Kms::LONGEST`](crate::Kms::LONGEST) bytes to wrap.
    #[error("KMS wraps 4096 bytes at most")]
    TooLong,
    /// AWS asks for fewer calls.
    #[error("AWS answers only so many calls")]
    Throttled,
    /// Too many unwraps wait for their turn in this process already ([`UnwrapCache`](crate::UnwrapCache)).
    #[error("too many unwraps wait already")]
    Busy,
    /// Whoever asks could not be made out.
    #[error("{0}")]
    Credentials(CredentialsFault),
    /// No answer, or none that counts: time-outs, broken connections, 5xx.
    #[error("no answer from AWS")]
    Unavailable,
    /// The name holds no region and none is configured.
    #[error("the name holds no region, and none is configured")]
    NoRegion,
    /// The call could not even be made.
    #[error("the call could not be made")]
    Misconfigured,
    /// An endpoint or a proxy cannot be asked; nothing else was asked in its place.
    #[error("the address {address} has a port that is none (ports are numbers up to 65535)")]
    UnknownPort {
        /// Its URL: scheme, host and port only.
        address: String,
    },
    /// AWS refuses for another reason.
    #[error("AWS refuses it ({code})")]
    Refused {
        /// AWS's word for the reason, such as `ValidationException`; nothing but letters and digits.
        code: String,
    },
    /// The answer makes no sense: not KMS's, or for another key.
    #[error("the answer makes no sense")]
    BadAnswer,
}

impl From<CallFault> for KmsFault {
    fn from(fault: CallFault) -> Self {
        match fault {
            CallFault::Credentials(fault) => Self::Credentials(fault),
            CallFault::AccessDenied => Self::AccessDenied,
            CallFault::Throttled => Self::Throttled,
            CallFault::Unavailable => Self::Unavailable,
            CallFault::Misconfigured => Self::Misconfigured,
            CallFault::UnknownPort { address } => Self::UnknownPort { address },
            CallFault::BadAnswer => Self::BadAnswer,
            CallFault::Refused { code } => Self::Refused { code },
        }
    }
}

impl KmsFault {
    fn is_transient(&self) -> bool {
        match self {
            Self::Throttled | Self::Busy | Self::Unavailable => true,
            Self::Credentials(fault) => fault.is_transient(),
            _ => false,
        }
    }

    fn next_step(&self, action: Action) -> String {
        let fixed = match self {
            Self::NotFound => {
                "check id, account and region; another account's key needs its whole ARN"
            }
            Self::AccessDenied => {
                return format!(
                    "allow {action} in the caller's IAM policy and in the key's policy, \
                     and check their conditions on the encryption context"
                );
            }
            Self::Disabled => "enable it (aws kms enable-key), or use another recipient's key",
            Self::PendingDeletion => {
                "cancel that (aws kms cancel-key-deletion, then enable-key) before its day comes: \
                 what only this key opens is lost with it"
            }
            Self::InvalidState => "see its state with aws kms describe-key",
            Self::BadWrap => {
                "it was made for another object or by another key, or was changed: \
                 restore the file from Git, or seal again"
            }
            Self::WrongKeyKind if action == Action::GetPublicKey => {
                "only keys of usage ENCRYPT_DECRYPT and spec RSA_2048, RSA_3072 or RSA_4096 \
                 have a public key to seal with"
            }
            Self::WrongKeyKind => {
                "see its KeySpec and KeyUsage with aws kms describe-key; it takes SYMMETRIC_DEFAULT \
                 for wraps named by ARN, RSA for wraps named rsa:"
            }
            Self::TooLong => "wrap a data key, and encrypt with that",
            Self::Throttled => "try again later, or ask AWS for a higher quota",
            Self::Busy => "it is tried again",
            Self::Credentials(fault) => fault.next_step(),
            Self::Unavailable => "try again; check endpoint, proxy and network, if it stays so",
            Self::NoRegion => "set AWS_REGION, or give the whole ARN",
            Self::Misconfigured | Self::UnknownPort { .. } => {
                "check region, endpoint URL and proxy settings"
            }
            Self::Refused { .. } => "look it up in CloudTrail",
            Self::BadAnswer => "check the endpoint URL: does AWS KMS answer there?",
        };
        fixed.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_where_why_and_what_next() {
        let error = KmsError {
            action: Action::Decrypt,
            key: "arn:aws:kms:eu-central-1:111122223333:key/a".into(),
            fault: KmsFault::AccessDenied,
        };
        assert_eq!(
            error.to_string(),
            "kms:Decrypt with arn:aws:kms:eu-central-1:111122223333:key/a: access denied; allow \
             kms:Decrypt in the caller's IAM policy and in the key's policy, and check their \
             conditions on the encryption context"
        );
        assert!(!error.is_transient());
    }

    #[test]
    fn only_what_passes_by_itself_is_transient() {
        for (fault, transient) in [
            (KmsFault::Throttled, true),
            (KmsFault::Busy, true),
            (KmsFault::Unavailable, true),
            (KmsFault::Credentials(CredentialsFault::SourceFailed), true),
            (KmsFault::Credentials(CredentialsFault::Expired), false),
            (KmsFault::Credentials(CredentialsFault::Missing), false),
            (KmsFault::BadWrap, false),
            (KmsFault::Disabled, false),
            (KmsFault::PendingDeletion, false),
        ] {
            assert_eq!(fault.is_transient(), transient, "{fault:?}");
        }
    }
}
