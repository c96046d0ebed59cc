//! Answers without a result. Each text is a constant: nothing of what was sent, of keys, or of time is in it.

use std::time::Duration;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::rate_limit::seconds;

/// A moment: what passes by itself has passed by then.
const SOON: Duration = Duration::from_secs(1);

/// Why there is no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// More than the rate allows.
    Limited(Duration),
    /// The body did not arrive.
    Unread,
    /// The body is too long, or asks for too much.
    TooLarge,
    /// The body is not one SealedSecret.
    NotOne,
    /// Some value does not open.
    Closed,
    /// Some value does not open now: a key service is away, or a sealing key is locked.
    Unavailable,
    /// Some value does not open before somebody changes something: a key service refuses.
    Denied,
    /// There is no key yet.
    NotReady,
    /// Too many others are at it.
    Busy,
    /// It took too long.
    TooLong,
    /// The newest key is in KMS and takes no label.
    NoLabel,
    /// A defect.
    Internal,
}

impl Refusal {
    fn status(self) -> StatusCode {
        match self {
            Self::Limited(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unread => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotOne | Self::Closed | Self::NoLabel | Self::Internal => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            Self::Unavailable | Self::Denied | Self::NotReady | Self::Busy | Self::TooLong => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        }
    }

    /// kubeseal shows it after "an error on the server".
    fn text(self) -> &'static str {
        match self {
            Self::Limited(_) => "limit exceeded\n",
            Self::Unread => "the body did not arrive in full and in time\n",
            Self::TooLarge => "the body is too large: post one SealedSecret of at most 2 MiB\n",
            Self::NotOne => {
                "the body must be one well-formed SealedSecret (bitnami.com/v1alpha1), in JSON or YAML\n"
            }
            Self::Closed => "the SealedSecret does not open with the keys of this controller\n",
            Self::Unavailable => {
                "a key that this SealedSecret may need is not available at the moment\n"
            }
            Self::Denied => {
                "a key service does not let the controller use a key that this SealedSecret may need; the controller's log says why\n"
            }
            Self::NotReady => "there is no sealing key yet; try again in a moment\n",
            Self::Busy => "too many requests at the same time; try again in a moment\n",
            Self::TooLong => {
                "opening this SealedSecret takes too long; seal its values for the newest certificate, or split it\n"
            }
            Self::NoLabel => {
                "the newest sealing key is in AWS KMS, for which values of this format can be sealed only cluster-wide; seal anew, in SE1\n"
            }
            Self::Internal => "the controller failed, which is a bug: its log says where\n",
        }
    }

    /// When to try again, if that may help.
    fn retry_after(self) -> Option<Duration> {
        match self {
            Self::Limited(wait) => Some(wait),
            Self::Unavailable | Self::NotReady | Self::Busy => Some(SOON),
            _ => None,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status(), self.text()).into_response();
        if let Some(wait) = self.retry_after() {
            let headers = response.headers_mut();
            headers.insert(header::RETRY_AFTER, seconds(wait));
        }
        response
    }
}
