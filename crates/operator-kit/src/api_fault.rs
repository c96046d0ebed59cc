//! API errors, reduced to what may be shown: an API server's message can echo the object.

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
    /// 401: the token is not accepted, at this moment at least.
    #[error("the API server does not accept this service account's token")]
    Unauthorized,
    /// 403.
    #[error(
        "this service account is not allowed to do that (by the RBAC rules, a quota or a policy)"
    )]
    Forbidden,
    /// 403 because nothing can be made in a namespace that is being deleted.
    #[error("its namespace is being deleted")]
    NamespaceTerminating,
    /// 422: the server refuses the object's fields.
    #[error("the API server refuses it: {}", fields(.0))]
    Invalid(Vec<(String, String)>),
    /// 413, or 500 where it is etcd that refuses it.
    #[error("the object is too large for the API server to store")]
    TooLarge,
    /// 422: the values of a Secret are more than it may hold.
    #[error(
        "a Secret holds at most 1 MiB, and this one would hold more; spread its items over several"
    )]
    SecretTooLarge,
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

/// What etcd, and its client, say of an object of more than 1.5 MiB; the API server has no code of its own for
/// that.
const TOO_LARGE: [&str; 2] = [
    "etcdserver: request is too large",
    "trying to send message larger than max",
];

fn fields(causes: &[(String, String)]) -> String {
    let mut texts: Vec<_> = causes
        .iter()
        .map(|(field, reason)| format!("{field} ({reason})"))
        .collect();
    texts.sort_unstable();
    texts.dedup();
    texts.join(", ")
}

impl From<kube::Error> for ApiFault {
    fn from(error: kube::Error) -> Self {
        let kube::Error::Api(status) = error else {
            return Self::Unreachable;
        };
        let causes = status
            .details
            .iter()
            .flat_map(|details| &details.causes)
            .map(|cause| (field(&cause.field), word(&cause.reason)))
            .collect::<Vec<_>>();
        match status.code {
            401 => Self::Unauthorized,
            403 if causes.iter().any(|(_, why)| why == "NamespaceTerminating") => {
                Self::NamespaceTerminating
            }
            403 => Self::Forbidden,
            404 => Self::NotFound,
            413 => Self::TooLarge,
            500 if TOO_LARGE.iter().any(|text| status.message.contains(text)) => Self::TooLarge,
            409 if status.reason == "AlreadyExists" => Self::AlreadyExists,
            409 => Self::Conflict,
            422 if causes.contains(&("data".to_owned(), "FieldValueTooLong".to_owned())) => {
                Self::SecretTooLarge
            }
            422 => Self::Invalid(causes),
            code => Self::Refused {
                code,
                reason: word(&status.reason),
            },
        }
    }
}

/// A reason is one word of the API's own. Admission webhooks write sentences there, which may
/// quote the object.
fn word(reason: &str) -> String {
    let is_word =
        (1..=40).contains(&reason.len()) && reason.bytes().all(|byte| byte.is_ascii_alphabetic());
    if is_word { reason } else { "unspecified" }.to_owned()
}

/// A field is a path without spaces, or names an item of `data`, odd as the name may be; what else
/// a webhook writes there is not shown.
fn field(path: &str) -> String {
    let item = path
        .strip_prefix("data[")
        .and_then(|rest| rest.strip_suffix(']'))
        .is_some_and(|item| !item.contains(['[', ']']) && !item.contains(char::is_control));
    let root = path.split(['.', '[']).next().unwrap_or_default();
    let is_path = ["metadata", "data", "type", "immutable"].contains(&root)
        && path
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_./[]".contains(&byte));
    let shown = path.len() <= 300 && (item || is_path);
    if shown { path } else { "a field" }.to_owned()
}

impl ApiFault {
    /// A fault that another try may find gone, without anyone doing anything.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Conflict | Self::AlreadyExists | Self::Unreachable | Self::Unauthorized => true,
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
    use kube::core::Status;
    use kube::core::response::{StatusCause, StatusDetails};

    fn status(code: u16, reason: &str) -> Status {
        let mut status = Status::failure("the message echoes hunter2", reason);
        status.code = code;
        status
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
                field: "data[a_b]".into(),
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
                "this service account is not allowed to do that (by the RBAC rules, a quota or a policy)",
            ),
            (
                invalid,
                "the API server refuses it: data[a_b] (FieldValueInvalid)",
            ),
            (
                status(403, "the value hunter2 is weak"),
                "this service account is not allowed to do that (by the RBAC rules, a quota or a policy)",
            ),
            (
                status(400, "the value hunter2 is weak"),
                "the API server answered 400 unspecified",
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

    #[test]
    fn an_object_that_etcd_refuses_is_too_large() {
        for (message, fault) in [
            ("etcdserver: request is too large", ApiFault::TooLarge),
            (
                "rpc error: code = ResourceExhausted desc = trying to send message larger than max (1 vs. 1)",
                ApiFault::TooLarge,
            ),
            (
                "etcdserver: request timed out",
                ApiFault::Refused {
                    code: 500,
                    reason: "InternalError".to_owned(),
                },
            ),
        ] {
            let mut status = Status::failure(message, "InternalError");
            status.code = 500;
            let found = ApiFault::from(kube::Error::Api(Box::new(status)));
            assert_eq!(found, fault, "{message}");
            assert_eq!(found.is_transient(), fault != ApiFault::TooLarge);
        }
    }

    #[test]
    fn what_a_webhook_writes_for_a_field_is_no_field() {
        for (text, shown) in [
            ("data[db.password]", "data[db.password]"),
            ("metadata.labels", "metadata.labels"),
            ("data[not a key]", "data[not a key]"),
            ("data is hunter2", "a field"),
            ("data[a] is hunter2", "a field"),
            ("hunter2", "a field"),
        ] {
            assert_eq!(field(text), shown);
        }
    }

    #[test]
    fn only_what_may_pass_by_itself_is_transient() {
        for (code, reason, transient) in [
            (401, "Unauthorized", true),
            (409, "Conflict", true),
            (429, "TooManyRequests", true),
            (503, "ServiceUnavailable", true),
            (400, "BadRequest", false),
            (403, "Forbidden", false),
            (413, "RequestEntityTooLarge", false),
            (422, "Invalid", false),
        ] {
            let fault = ApiFault::from(kube::Error::Api(Box::new(status(code, reason))));
            assert_eq!(fault.is_transient(), transient, "{code}");
        }
    }
}
