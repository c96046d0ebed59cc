//! What can go wrong with a call to any service, by class.

/// A fault that is no service's own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallFault {
    /// Whoever asks could not be made out.
    #[error("{0}")]
    Credentials(CredentialsFault),
    /// A policy says no.
    #[error("access denied")]
    AccessDenied,
    /// AWS asks for fewer calls.
    #[error("AWS answers only so many calls")]
    Throttled,
    /// No answer, or none that counts: time-outs, broken connections, 5xx.
    #[error("no answer from AWS")]
    Unavailable,
    /// The call could not even be made.
    #[error("the call could not be made")]
    Misconfigured,
    /// The answer makes no sense: not that service's.
    #[error("the answer makes no sense")]
    BadAnswer,
    /// AWS refuses for another reason.
    #[error("AWS refuses it ({code})")]
    Refused {
        /// AWS's word for the reason, such as `ValidationException`; nothing but letters and digits.
        code: String,
    },
}

/// Why nobody was made out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialsFault {
    /// No source holds any.
    #[error("no AWS credentials were found")]
    Missing,
    /// AWS says they have expired.
    #[error("the AWS credentials have expired")]
    Expired,
    /// AWS does not know them, or the signature is wrong.
    #[error("AWS does not accept the credentials")]
    Refused,
    /// The configuration of a source cannot be used.
    #[error("the AWS profile or credential source is not usable")]
    Misconfigured,
    /// A source that should give some did not.
    #[error("the source of AWS credentials did not give any")]
    SourceFailed,
}

impl CredentialsFault {
    /// What to do about it.
    pub fn next_step(self) -> &'static str {
        match self {
            Self::Missing => {
                "check the profile's name, sign in (aws sso login), set AWS_PROFILE or \
                 AWS_ACCESS_KEY_ID, or give the pod a role (IRSA, Pod Identity)"
            }
            Self::Expired => "get new ones (aws sso login), and check the clock of this machine",
            Self::Refused => "try aws sts get-caller-identity, and check the clock of this machine",
            Self::Misconfigured => "try aws sts get-caller-identity with the same profile",
            Self::SourceFailed => {
                "sign in again (aws sso login), or check the pod's role and that STS can be reached"
            }
        }
    }
}
