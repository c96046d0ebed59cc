//! From the SDK's errors to ours. Looks at codes, HTTP status and types only; of AWS's texts at one word.
//! The SDK's errors must not be printed at all: some hold the whole request, data key included.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_kms::config::http::HttpResponse;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use http::uri::InvalidUri;

use crate::error::{CredentialsFault, KmsFault};

pub(crate) fn classify<E>(error: &SdkError<E, HttpResponse>) -> KmsFault
where
    E: ProvideErrorMetadata + Error + 'static,
{
    if let Some(fault) = credentials_fault(error) {
        return KmsFault::Credentials(fault);
    }
    match error {
        SdkError::ServiceError(answer) => {
            let service = answer.err();
            answered(
                answer.raw().status().as_u16(),
                service.code(),
                service.message(),
            )
        }
        SdkError::ResponseError(answer) => unreadable(answer.raw().status().as_u16()),
        SdkError::ConstructionFailure(_) => KmsFault::Misconfigured,
        // An endpoint that is no URL.
        SdkError::DispatchFailure(_) if cause::<InvalidUri>(error).is_some() => {
            KmsFault::Misconfigured
        }
        // Time-outs, connections, and what else keeps an answer away.
        _ => KmsFault::Unavailable,
    }
}

/// An error that AWS, or something on the way, answered.
fn answered(status: u16, code: Option<&str>, message: Option<&str>) -> KmsFault {
    let Some(code) = code else {
        return unreadable(status);
    };
    match code {
        "NotFoundException" => KmsFault::NotFound,
        "AccessDeniedException" | "AccessDenied" => KmsFault::AccessDenied,
        "DisabledException" => KmsFault::Disabled,
        "KMSInvalidStateException" => match message {
            Some(text) if text.to_ascii_lowercase().contains("pending deletion") => {
                KmsFault::PendingDeletion
            }
            _ => KmsFault::InvalidState,
        },
        "InvalidCiphertextException" | "IncorrectKeyException" => KmsFault::BadWrap,
        "InvalidKeyUsageException" | "UnsupportedOperationException" => KmsFault::WrongKeyKind,
        "ThrottlingException"
        | "Throttling"
        | "ThrottledException"
        | "RequestLimitExceeded"
        | "TooManyRequestsException"
        | "LimitExceededException" => KmsFault::Throttled,
        "ExpiredTokenException" | "ExpiredToken" | "RequestExpired" => {
            KmsFault::Credentials(CredentialsFault::Expired)
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
        | "OptInRequired" => KmsFault::Credentials(CredentialsFault::Refused),
        "KeyUnavailableException"
        | "KMSInternalException"
        | "DependencyTimeoutException"
        | "InternalFailure"
        | "InternalServerError"
        | "ServiceUnavailable"
        | "ServiceUnavailableException" => KmsFault::Unavailable,
        _ if status >= 500 => KmsFault::Unavailable,
        _ => KmsFault::Refused { code: word(code) },
    }
}

/// An answer without a code of AWS: from a proxy, cut off, or not KMS's.
fn unreadable(status: u16) -> KmsFault {
    match status {
        429 => KmsFault::Throttled,
        // Not AWS's words: a proxy, or another service.
        300..500 => KmsFault::BadAnswer,
        // Also a success that cannot be read: cut off on the way.
        _ => KmsFault::Unavailable,
    }
}

fn credentials_fault(error: &(dyn Error + 'static)) -> Option<CredentialsFault> {
    Some(match cause(error)? {
        CredentialsError::CredentialsNotLoaded(_) => CredentialsFault::Missing,
        CredentialsError::InvalidConfiguration(_) => CredentialsFault::Misconfigured,
        _ => CredentialsFault::SourceFailed,
    })
}

/// The error itself, its cause, the cause of that: the first of this type.
fn cause<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
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

    #[test]
    fn every_code_has_its_class() {
        let refused = |code: &str| KmsFault::Refused { code: code.into() };
        for (status, code, fault) in [
            (400, "NotFoundException", KmsFault::NotFound),
            (400, "AccessDeniedException", KmsFault::AccessDenied),
            (400, "DisabledException", KmsFault::Disabled),
            (400, "KMSInvalidStateException", KmsFault::InvalidState),
            (400, "InvalidCiphertextException", KmsFault::BadWrap),
            (400, "IncorrectKeyException", KmsFault::BadWrap),
            (400, "InvalidKeyUsageException", KmsFault::WrongKeyKind),
            (400, "UnsupportedOperationException", KmsFault::WrongKeyKind),
            (400, "ThrottlingException", KmsFault::Throttled),
            (500, "KMSInternalException", KmsFault::Unavailable),
            (500, "KeyUnavailableException", KmsFault::Unavailable),
            (503, "Whatever", KmsFault::Unavailable),
            (400, "ValidationException", refused("ValidationException")),
            (400, "<b>\u{1b}[31mBad\n", refused("b31mBad")),
            (400, "…", refused("no code")),
        ] {
            assert_eq!(answered(status, Some(code), None), fault, "{status} {code}");
        }
    }

    #[test]
    fn a_key_to_be_deleted_is_told_from_other_states() {
        let state = |text| answered(400, Some("KMSInvalidStateException"), Some(text));
        let deleted = "arn:aws:kms:eu-central-1:1:key/a is pending deletion.";
        assert_eq!(state(deleted), KmsFault::PendingDeletion);
        assert_eq!(state("… is pending import."), KmsFault::InvalidState);
    }

    #[test]
    fn answers_without_a_code_go_by_status() {
        for (status, fault) in [
            (200, KmsFault::Unavailable),
            (429, KmsFault::Throttled),
            (502, KmsFault::Unavailable),
            (403, KmsFault::BadAnswer),
            (404, KmsFault::BadAnswer),
        ] {
            assert_eq!(answered(status, None, None), fault, "{status}");
        }
    }

    #[test]
    fn finds_why_there_are_no_credentials() {
        let wrapped = |error: CredentialsError| {
            SdkError::<CredentialsError, HttpResponse>::construction_failure(error)
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
        ] {
            assert_eq!(credentials_fault(&wrapped(error)), Some(fault));
        }
    }
}
