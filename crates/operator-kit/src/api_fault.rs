//! API errors, reduced to what may be shown: an API server's message can echo the object.

use kube::core::Status;

/// Why a call to the API server failed. `Display` holds no text of the object that was sent.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ApiFault {
    /// 404.
    #[error("not found")]
    NotFound,
    /// 409 on create.
    #[error("it exists already")]
    AlreadyExists,
    /// 409: someone else changed the object meanwhile.
    #[error("it was changed by someone else meanwhile")]
    Conflict,
    /// 401 or 403.
    #[error("this service account is not allowed to do that (check the RBAC rules)")]
    Forbidden,
    /// 403 because nothing can be made in a namespace that is being deleted.
    #[error("its namespace is being deleted")]
    NamespaceTerminating,
    /// 422: the server refuses the object's fields.
    #[error("the API server refuses it: {}", fields(.0))]
    Invalid(Vec<(String, String)>),
    /// The server answered with this code and reason.
    #[error("the API server answered {code} {reason}")]
    Refused {
        /// HTTP status.
        code: u16,
        /// One word of the API's own.
        reason: String,
    },
    /// No answer.
    #[error("the API server cannot be reached")]
    Unreachable,
}

fn fields(causes: &[(String, String)]) -> String {
    let mut texts: Vec<_> = causes
        .iter()
        .map(|(field, reason)| format!("{field} ({reason})"))
        .collect();
    texts.sort_unstable();
    texts.dedup();
    texts.join(", ")
}

fn is_terminating(status: &Status) -> bool {
    let mut causes = status.details.iter().flat_map(|details| &details.causes);
    causes.any(|cause| cause.reason == "NamespaceTerminating")
}

impl From<kube::Error> for ApiFault {
    fn from(error: kube::Error) -> Self {
        let kube::Error::Api(status) = error else {
            return Self::Unreachable;
        };
        match (status.code, status.reason.as_str()) {
            (404, _) => Self::NotFound,
            (409, "AlreadyExists") => Self::AlreadyExists,
            (409, _) => Self::Conflict,
            (403, _) if is_terminating(&status) => Self::NamespaceTerminating,
            (401 | 403, reason) if reason != "Invalid" => Self::Forbidden,
            (422, _) => Self::Invalid(
                status
                    .details
                    .iter()
                    .flat_map(|details| &details.causes)
                    .map(|cause| (cause.field.clone(), cause.reason.clone()))
                    .collect(),
            ),
            (code, reason) => Self::Refused {
                code,
                reason: reason.to_owned(),
            },
        }
    }
}

impl ApiFault {
    /// A fault that another try may find gone, without anyone doing anything.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Conflict | Self::AlreadyExists | Self::Unreachable => true,
            // Too many requests, or the server's own trouble; a request that is wrong or too large
            // stays so.
            Self::Refused { code, .. } => matches!(code, 408 | 429 | 500..),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kube::core::response::{StatusCause, StatusDetails};

    fn status(code: u16, reason: &str) -> Status {
        let mut status = Status::failure("the message echoes hunter2", reason);
        status.code = code;
        status
    }

    #[test]
    fn what_the_server_cannot_take_is_not_sent_again_and_again() {
        for (code, transient) in [
            (413, false),
            (400, false),
            (429, true),
            (500, true),
            (503, true),
        ] {
            let fault = ApiFault::from(kube::Error::Api(Box::new(status(code, ""))));
            assert_eq!(fault.is_transient(), transient, "{code}");
        }
    }

    #[test]
    fn a_namespace_that_goes_is_no_lack_of_rights() {
        let mut refused = status(403, "Forbidden");
        refused.details = Some(StatusDetails {
            causes: vec![StatusCause {
                reason: "NamespaceTerminating".into(),
                message: "namespace dev is being terminated".into(),
                field: "metadata.namespace".into(),
            }],
            name: String::new(),
            group: String::new(),
            kind: "secrets".into(),
            uid: String::new(),
            retry_after_seconds: 0,
        });
        let fault = ApiFault::from(kube::Error::Api(Box::new(refused)));
        assert_eq!(fault, ApiFault::NamespaceTerminating);
        assert!(!fault.is_transient());
    }

    #[test]
    fn the_servers_message_is_never_shown() {
        let mut invalid = status(422, "Invalid");
        invalid.details = Some(StatusDetails {
            causes: vec![StatusCause {
                reason: "FieldValueInvalid".into(),
                message: "Invalid value: hunter2".into(),
                field: "data[a b]".into(),
            }],
            name: String::new(),
            group: String::new(),
            kind: "Secret".into(),
            uid: String::new(),
            retry_after_seconds: 0,
        });
        for (status, fault) in [
            (status(404, "NotFound"), "not found"),
            (status(409, "AlreadyExists"), "it exists already"),
            (
                status(409, "Conflict"),
                "it was changed by someone else meanwhile",
            ),
            (
                status(403, "Forbidden"),
                "this service account is not allowed to do that (check the RBAC rules)",
            ),
            (
                invalid,
                "the API server refuses it: data[a b] (FieldValueInvalid)",
            ),
            (
                status(500, "InternalError"),
                "the API server answered 500 InternalError",
            ),
        ] {
            let text = ApiFault::from(kube::Error::Api(Box::new(status))).to_string();
            assert_eq!(text, fault);
            assert!(!text.contains("hunter2"));
        }
    }
}
