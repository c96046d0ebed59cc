//! What can go wrong with one call.

use hyper::Response;
use hyper::body::Bytes;

use super::call::{Call, Service};

/// A trouble that a [`super::FaultProxy`] makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 400 `ThrottlingException`: too many calls; comes back after a pause.
    Throttling,
    /// 500 `KMSInternalException`, `InternalServiceError` (Secrets Manager), `InternalFailure` (STS).
    InternalError,
    /// 503 `ServiceUnavailableException`.
    Unavailable,
    /// 400 `AccessDeniedException`: the caller has no right to this operation.
    AccessDenied,
    /// 400 `ExpiredTokenException`: the caller's session is over.
    ExpiredToken,
    /// 400 `UnrecognizedClientException`: the caller's access key is none, or none any more.
    UnknownKey,
    /// 400 `InvalidSignatureException`: the caller's clock is wrong.
    ClockSkew,
    /// No answer as long as the fault stands; the call is then made after all.
    Stall,
    /// The connection breaks (RST) before any answer; the call is not made.
    Reset,
    /// The call is made, the connection ends in the middle of its answer.
    Truncated,
}

impl Fault {
    /// The answer, if this fault is one.
    pub(super) fn answer(self, call: &Call) -> Option<Response<Bytes>> {
        let denied = || call.denial(&call.operation, None);
        let (status, kind, message) = match self {
            Self::Throttling => (400, "ThrottlingException", "Rate exceeded".to_owned()),
            Self::InternalError => (500, internal(call), "Internal failure".to_owned()),
            Self::Unavailable => (
                503,
                "ServiceUnavailableException",
                "Service is unavailable".to_owned(),
            ),
            Self::AccessDenied => (400, "AccessDeniedException", denied()),
            Self::ExpiredToken => (
                400,
                "ExpiredTokenException",
                "The security token included in the request is expired".to_owned(),
            ),
            Self::UnknownKey => (
                400,
                "UnrecognizedClientException",
                "The security token included in the request is invalid.".to_owned(),
            ),
            Self::ClockSkew => (
                400,
                "InvalidSignatureException",
                "Signature expired: 20260101T000000Z is now earlier than 20260101T001500Z \
                 (20260101T002000Z - 5 min.)"
                    .to_owned(),
            ),
            Self::Stall | Self::Reset | Self::Truncated => return None,
        };
        Some(call.refuse(status, kind, &message))
    }
}

fn internal(call: &Call) -> &'static str {
    match call.service {
        Service::Kms => "KMSInternalException",
        Service::SecretsManager => "InternalServiceError",
        Service::Sts | Service::Other => "InternalFailure",
    }
}
