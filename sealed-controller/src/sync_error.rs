//! Why a SealedSecret is not in sync: one type, mapped once to condition, event and metric.

use std::fmt;

use operator_kit::{ApiFault, message};
use seal_format::se1::Fault;
use sealing::OpenError;

use crate::kms_keys::Unavailable;
use crate::plan::Refusal;

/// A failed pass. `Display` is the condition's message: item names and reasons, never a value, a
/// template's text or a key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SyncError {
    /// The object does not have the fields of a SealedSecret.
    #[error(
        "the object is not a well-formed SealedSecret: a field has the wrong type (compare it with what kubeseal writes)"
    )]
    Malformed,
    /// No key opens it, or a template fails.
    #[error("{error}{details}")]
    Open {
        /// Why, for which items.
        error: OpenError,
        /// What helps to find the cause.
        details: Details,
    },
    /// A key in a service, or one that a service has to unwrap, is not to be had at this moment; nothing
    /// else speaks against the object.
    #[error("{error}{details}")]
    KeyUnavailable {
        /// Which items wait.
        error: OpenError,
        /// What the service said.
        details: Details,
    },
    /// A Secret of another owner is in the way.
    #[error("Resource {name:?} already exists and is not managed by SealedSecret")]
    Unmanaged {
        /// Name of the Secret.
        name: String,
    },
    /// The live Secret is immutable and differs.
    #[error(
        "the target Secret is immutable: Kubernetes cannot change its data; delete the Secret to have it made anew"
    )]
    Immutable,
    /// The live Secret has another type.
    #[error(
        "the target Secret has another type, which Kubernetes cannot change; delete the Secret to have it made anew"
    )]
    TypeChange,
    /// The API server did not do what we asked.
    #[error("cannot {verb} the Secret: {fault}")]
    Api {
        /// get, create or update.
        verb: &'static str,
        /// Why.
        fault: ApiFault,
    },
    /// A panic while it was opened.
    #[error(
        "the controller failed on this object, which is a bug: its log says where (please report that line)"
    )]
    Internal,
    /// Too many wait for key services; the object was not looked at in full.
    #[error("too many objects wait for key services")]
    Crowded,
    /// The process is stopping.
    #[error("the controller is stopping")]
    Stopping,
}

/// What a failed opening tells besides: lines of public facts, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Details {
    lines: Vec<String>,
    /// A service failed in a way that does not pass by itself.
    needs_someone: bool,
}

impl Details {
    pub(crate) fn add(&mut self, line: String) {
        if !self.lines.contains(&line) {
            self.lines.push(line);
        }
    }

    /// Whether it takes somebody to change what failed.
    pub(crate) fn needs_someone(&self) -> bool {
        self.needs_someone
    }

    /// A service did not do its work.
    pub(crate) fn unavailable(&mut self, why: &Unavailable) {
        self.needs_someone |= !why.is_transient();
        self.add(why.to_string());
    }
}

impl Details {
    /// A sealing key is locked. That every object is tried again when it is unlocked is the business of the
    /// keys; until then trying costs private-key operations for nothing.
    pub(crate) fn locked(&mut self, note: Option<String>) {
        self.needs_someone = true;
        if let Some(note) = note {
            self.add(note);
        }
    }
}

impl fmt::Display for Details {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| write!(f, "\n{line}"))
    }
}

/// Labels of `unseal_errors_total`, as dashboards know them (contract §6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ErrorReason {
    Status,
    Unseal,
    Unmanaged,
    Update,
}

impl ErrorReason {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Unseal => "unseal",
            Self::Unmanaged => "unmanaged",
            Self::Update => "update",
        }
    }
}

impl SyncError {
    /// An object that did not open.
    pub(crate) fn opening(error: OpenError, details: Details) -> Self {
        let mut reasons = error.reasons().iter();
        if reasons.all(|(reason, _)| reason.fault() == Some(Fault::Unavailable)) {
            Self::KeyUnavailable { error, details }
        } else {
            Self::Open { error, details }
        }
    }

    /// `reason` of the conditions.
    pub(crate) fn condition_reason(&self) -> &'static str {
        match self {
            Self::Malformed => "Malformed",
            Self::Open { .. } => "UnsealFailed",
            Self::KeyUnavailable { .. } => "KeyUnavailable",
            Self::Unmanaged { .. } => "Unmanaged",
            Self::Immutable => "Immutable",
            Self::TypeChange => "TypeChange",
            Self::Internal => "InternalError",
            Self::Api { .. } | Self::Crowded | Self::Stopping => "UpdateFailed",
        }
    }

    /// The condition's message: `Display`, of bounded length.
    pub(crate) fn message(&self) -> String {
        message::bounded(self.to_string())
    }

    /// Reason and message of the event.
    pub(crate) fn event(&self) -> (&'static str, String) {
        match self {
            Self::Malformed | Self::Open { .. } | Self::KeyUnavailable { .. } | Self::Internal => (
                "ErrUnsealFailed",
                format!("Failed to unseal: {}", self.message()),
            ),
            _ => ("ErrUpdateFailed", self.message()),
        }
    }

    /// Label of the error counter.
    pub(crate) fn metric(&self) -> ErrorReason {
        match self {
            Self::Malformed | Self::Open { .. } | Self::KeyUnavailable { .. } | Self::Internal => {
                ErrorReason::Unseal
            }
            Self::Unmanaged { .. } => ErrorReason::Unmanaged,
            _ => ErrorReason::Update,
        }
    }

    /// Whether trying again may help although nobody changed anything.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Api { fault, .. } => fault.is_transient(),
            Self::KeyUnavailable { details, .. } => !details.needs_someone,
            _ => false,
        }
    }

    pub(crate) fn refused(refusal: Refusal, name: &str) -> Self {
        match refusal {
            Refusal::Unmanaged => Self::Unmanaged {
                name: name.to_owned(),
            },
            Refusal::Immutable => Self::Immutable,
            Refusal::TypeChange => Self::TypeChange,
        }
    }
}
