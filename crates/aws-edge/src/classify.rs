//! From the SDK's errors to ours. Looks at codes, HTTP status and types only.

use std::error::Error;

use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use http::uri::InvalidUri;

use crate::SdkError;
use crate::fault::{CallFault, CredentialsFault};
use crate::unknown_port::UnknownPort;

/// The class of a failed call. `of_service` knows the codes that are the service's own; it gets AWS's
/// text, too, which must not be printed.
pub fn classify<E, F>(
    error: &SdkError<E>,
    of_service: impl FnOnce(&str, Option<&str>) -> Option<F>,
) -> F
where
    E: ProvideErrorMetadata + Error + 'static,
    F: From<CallFault>,
{
    if let Some(fault) = credentials_fault(error) {
        return CallFault::Credentials(fault).into();
    }
    let fault = match error {
        SdkError::ServiceError(answer) => {
            let status = answer.raw().status().as_u16();
            let Some(code) = answer.err().code() else {
                return unreadable(status).into();
            };
            if let Some(own) = of_service(code, answer.err().message()) {
                return own;
            }
            answered(status, code)
        }
        SdkError::ResponseError(answer) => unreadable(answer.raw().status().as_u16()),
        SdkError::ConstructionFailure(_) => CallFault::Misconfigured,
        // An endpoint that is no URL.
        SdkError::DispatchFailure(_) if cause::<InvalidUri>(error).is_some() => {
            CallFault::Misconfigured
        }
        // Time-outs, connections, and what else keeps an answer away.
        _ => cause::<UnknownPort>(error).map_or(CallFault::Unavailable, CallFault::of_port),
    };
    fault.into()
}

impl CallFault {
    /// The class of a code within an answer: of one entry of a batch.
    pub fn of_code(code: &str) -> Self {
        answered(400, code)
    }

    fn of_port(port: &UnknownPort) -> Self {
        Self::UnknownPort {
            address: port.address.clone(),
        }
    }
}

/// An error that AWS answered.
fn answered(status: u16, code: &str) -> CallFault {
    match code {
        "AccessDeniedException" | "AccessDenied" => CallFault::AccessDenied,
        "ThrottlingException"
        | "Throttling"
        | "ThrottledException"
        | "RequestLimitExceeded"
        | "TooManyRequestsException"
        | "LimitExceededException" => CallFault::Throttled,
        "ExpiredTokenException" | "ExpiredToken" | "RequestExpired" => {
            CallFault::Credentials(CredentialsFault::Expired)
        }
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "IncompleteSignature"
        | "IncompleteSignatureException"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "NotAuthorized"
        | "OptInRequired" => CallFault::Credentials(CredentialsFault::Refused),
        "DependencyTimeoutException"
        | "InternalFailure"
        | "InternalServerError"
        | "InternalServiceError"
        | "ServiceUnavailable"
        | "ServiceUnavailableException" => CallFault::Unavailable,
        _ if status >= 500 => CallFault::Unavailable,
        _ => CallFault::Refused { code: word(code) },
    }
}

/// An answer without a code of AWS: from a proxy, cut off, or not that service's.
fn unreadable(status: u16) -> CallFault {
    match status {
        429 => CallFault::Throttled,
        // Not AWS's words: a proxy, or another service.
        300..500 => CallFault::BadAnswer,
        // Also a success that cannot be read: cut off on the way.
        _ => CallFault::Unavailable,
    }
}

fn credentials_fault(error: &(dyn Error + 'static)) -> Option<CredentialsFault> {
    cause(error).map(CredentialsFault::of)
}

/// The error itself, its cause, the cause of that: the first of this type.
pub(crate) fn cause<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    std::iter::successors(Some(error), |&error| error.source())
        .find_map(|error| error.downcast_ref())
}

/// A code as it may be printed, whoever sent it.
fn word(code: &str) -> String {
    let word: String = code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(64)
        .collect();
    if word.is_empty() {
        "no code".into()
    } else {
        word
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source_fault::SourceFault;
    use aws_credential_types::provider::error::CredentialsError;

    #[test]
    fn every_code_has_its_class() {
        let refused = |code: &str| CallFault::Refused { code: code.into() };
        let credentials = CallFault::Credentials;
        for (status, code, fault) in [
            (400, "AccessDeniedException", CallFault::AccessDenied),
            (400, "ThrottlingException", CallFault::Throttled),
            (
                400,
                "ExpiredTokenException",
                credentials(CredentialsFault::Expired),
            ),
            (
                403,
                "SignatureDoesNotMatch",
                credentials(CredentialsFault::Refused),
            ),
            (500, "InternalFailure", CallFault::Unavailable),
            (503, "Whatever", CallFault::Unavailable),
            (400, "ValidationException", refused("ValidationException")),
            (400, "<b>\u{1b}[31mBad\n", refused("b31mBad")),
            (400, "…", refused("no code")),
        ] {
            assert_eq!(answered(status, code), fault, "{status} {code}");
        }
    }

    #[test]
    fn answers_without_a_code_go_by_status() {
        for (status, fault) in [
            (200, CallFault::Unavailable),
            (429, CallFault::Throttled),
            (502, CallFault::Unavailable),
            (403, CallFault::BadAnswer),
            (404, CallFault::BadAnswer),
        ] {
            assert_eq!(unreadable(status), fault, "{status}");
        }
    }

    #[test]
    fn finds_why_there_are_no_credentials() {
        let wrapped =
            |error: CredentialsError| SdkError::<CredentialsError>::construction_failure(error);
        let told = SourceFault {
            what: "sts:AssumeRole of a: access denied".to_owned(),
            next_step: "ask".to_owned(),
            is_transient: false,
        };
        let unknown = UnknownPort {
            address: "http://h:70000".to_owned(),
        };
        for (error, fault) in [
            (
                CredentialsError::not_loaded_no_source(),
                CredentialsFault::Missing,
            ),
            (
                CredentialsError::invalid_configuration("x"),
                CredentialsFault::Misconfigured,
            ),
            (
                CredentialsError::provider_error("x"),
                CredentialsFault::SourceFailed,
            ),
            (
                CredentialsError::provider_error(unknown),
                CredentialsFault::Source(Box::new(SourceFault {
                    what:
                        "the source of AWS credentials cannot be asked: the address http://h:70000 \
                           has a port that is none (ports are numbers up to 65535)"
                            .to_owned(),
                    next_step:
                        "check the endpoint URLs in the environment and in the AWS profile, \
                                and the proxy settings"
                            .to_owned(),
                    is_transient: false,
                })),
            ),
            (
                told.clone().into(),
                CredentialsFault::Source(Box::new(told)),
            ),
        ] {
            assert_eq!(credentials_fault(&wrapped(error)), Some(fault));
        }
    }
}
