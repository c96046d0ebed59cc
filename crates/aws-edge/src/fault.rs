//! What can go wrong with a call to any service, by class.

use aws_credential_types::provider::error::CredentialsError;

use crate::source_fault::SourceFault;
use crate::unknown_port::UnknownPort;

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
    /// An endpoint or a proxy cannot be asked; nothing else was asked in its place.
    #[error("the address {address} has a port that is none (ports are numbers up to 65535)")]
    UnknownPort {
        /// Its URL: scheme, host and port only.
        address: String,
    },
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

impl CallFault {
    /// Whether the same call may succeed later though nobody changes anything.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Throttled | Self::Unavailable => true,
            Self::Credentials(fault) => fault.is_transient(),
            _ => false,
        }
    }
}

/// Why nobody was made out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
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
    /// A source that should give some did not, and says itself why.
    #[error("{0}")]
    Source(Box<SourceFault>),
}

impl CredentialsFault {
    /// The class of a source's error.
    pub fn of(error: &CredentialsError) -> Self {
        let error: &(dyn std::error::Error + 'static) = error;
        if let Some(fault) = crate::classify::cause::<SourceFault>(error) {
            return Self::Source(Box::new(fault.clone()));
        }
        if let Some(port) = crate::classify::cause::<UnknownPort>(error) {
            return Self::Source(Box::new(SourceFault {
                what: format!("the source of AWS credentials cannot be asked: {port}"),
                next_step: "check the endpoint URLs in the environment and in the AWS profile, \
                            and the proxy settings"
                    .to_owned(),
                is_transient: false,
            }));
        }
        match error.downcast_ref() {
            Some(CredentialsError::CredentialsNotLoaded(_)) => Self::Missing,
            Some(CredentialsError::InvalidConfiguration(_)) => Self::Misconfigured,
            _ => Self::SourceFailed,
        }
    }

    /// Whether the source may give some later though nobody changes anything.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::SourceFailed => true,
            Self::Source(fault) => fault.is_transient,
            _ => false,
        }
    }

    /// What to do about it.
    pub fn next_step(&self) -> &str {
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
            Self::Source(fault) => &fault.next_step,
        }
    }
}
