//! Why an ExternalSecret is not in sync: one type, mapped once to condition, event and metric.

use aws_edge::CallFault;
use external_data::{AssembleError, BadEntry, Entry, RenderError, StoreName};
use operator_kit::ApiFault;
use secrets_manager::{SecretsError, SecretsFault};

use crate::plan::Refusal;
use crate::source::{TooManyIdentities, WhoError};
use crate::store_access::BadCondition;

/// A failed pass. `Display` is the condition's message: keys, stores and classes of errors, never a value, a
/// template or what was rendered, and nothing that changes from one attempt to the next.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SyncError {
    /// The object does not have the fields of an ExternalSecret.
    #[error(
        "the object is not a well-formed ExternalSecret: a field has the wrong type (compare it with the API \
         reference)"
    )]
    Malformed,
    /// `refreshInterval` is no duration.
    #[error("spec.refreshInterval is no duration: write it like 1h or 15m")]
    Interval,
    /// Something that is not served here.
    #[error("{0}")]
    Unserved(&'static str),
    /// An entry makes no sense.
    #[error("{0}")]
    Entry(#[from] BadEntry),
    /// Not all values could be had.
    #[error("could not get secret data from provider: {}", list(.0))]
    Fetch(Vec<FetchError>),
    /// The process ends; what AWS says is not waited for.
    #[error("the controller was stopped meanwhile")]
    Stopped,
    /// Answers that do not fit.
    #[error("could not get secret data from provider: {0}")]
    Assemble(#[from] AssembleError),
    /// A template fails.
    #[error("could not update secret: {0}")]
    Render(#[from] RenderError),
    /// An object that holds templates cannot be read.
    #[error("could not update secret: cannot read {what}: {fault}")]
    Source {
        /// Kind and name.
        what: String,
        /// Why.
        fault: ApiFault,
    },
    /// The live Secret is left alone.
    #[error("{}", refusal(*.0))]
    Refused(Refusal),
    /// Deletion is for owners.
    #[error(
        "could not delete secret: deletionPolicy=Delete needs creationPolicy=Owner; this Secret is left as it is"
    )]
    NotOwner,
    /// The API server did not do what we asked.
    #[error("could not update secret: cannot {verb} the Secret: {fault}")]
    Api {
        /// get, create, update or delete.
        verb: &'static str,
        /// Why.
        fault: ApiFault,
    },
    /// A bug of ours.
    #[error(
        "could not update secret: an internal error of the controller, which its log tells; the Secret stays as \
         it is; please report it"
    )]
    Internal,
    /// The system has no random numbers.
    #[error("could not update secret: this system gives no random numbers")]
    NoEntropy,
    /// The API server did not take what concerns the ExternalSecret itself.
    #[error("cannot {verb} the ExternalSecret: {fault}")]
    Own {
        /// What was tried.
        verb: &'static str,
        /// Why.
        fault: ApiFault,
    },
}

/// Why one thing that is wanted could not be had.
#[derive(Debug, thiserror::Error)]
#[error("{entry}: {} \"{}\": {reason}", .store.kind.as_str(), .store.name)]
pub(crate) struct FetchError {
    /// The first entry that wants it.
    pub(crate) entry: Entry,
    /// The store.
    pub(crate) store: StoreName,
    /// Why.
    pub(crate) reason: FetchReason,
}

/// What is wrong with a store or its answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchReason {
    /// There is none of that name.
    #[error("there is no such store; create it, or correct the reference")]
    NoStore,
    /// Its specification cannot be read.
    #[error("the store is not well-formed: a field of its specification has the wrong type")]
    MalformedStore,
    /// Its conditions keep the namespace out.
    #[error("using the store is not allowed from namespace \"{0}\": denied by spec.conditions")]
    Denied(String),
    /// Its conditions cannot be read.
    #[error("{0}")]
    Conditions(#[from] BadCondition),
    /// Nobody to ask as.
    #[error("{0}")]
    Who(#[from] WhoError),
    /// Its namespace is too many identities.
    #[error("{0}")]
    TooManyIdentities(#[from] TooManyIdentities),
    /// AWS did not answer with a value.
    #[error("{0}")]
    Aws(#[from] SecretsError),
}

impl FetchReason {
    fn is_transient(&self) -> bool {
        match self {
            Self::Aws(error) => error.fault.is_transient(),
            Self::Who(error) => error.is_transient(),
            _ => false,
        }
    }
}

impl SyncError {
    /// Whether another try may find it gone though nobody does anything.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Api { fault, .. } | Self::Own { fault, .. } | Self::Source { fault, .. } => {
                fault.is_transient()
            }
            Self::Fetch(errors) => errors.iter().any(|error| error.reason.is_transient()),
            _ => false,
        }
    }

    /// Whether no try helps before someone changes something; watches tell of that.
    pub(crate) fn waits_for_people(&self) -> bool {
        matches!(
            self,
            Self::Malformed | Self::Interval | Self::Unserved(_) | Self::Entry(_)
        )
    }

    /// One word for logs and metrics.
    pub(crate) fn class(&self) -> &'static str {
        match self {
            Self::Malformed | Self::Interval | Self::Unserved(_) | Self::Entry(_) => "spec",
            Self::Fetch(errors) => errors.first().map_or("fetch", |error| match &error.reason {
                FetchReason::Aws(SecretsError {
                    fault: SecretsFault::Call(CallFault::Throttled),
                    ..
                }) => "throttled",
                FetchReason::Aws(_) => "aws",
                FetchReason::Who(_) => "credentials",
                _ => "store",
            }),
            Self::Stopped => "stopped",
            Self::Assemble(_) => "data",
            Self::Render(_) | Self::Source { .. } | Self::NoEntropy => "template",
            Self::Internal => "internal",
            Self::Refused(_) | Self::NotOwner => "ownership",
            Self::Api { .. } | Self::Own { .. } => "api",
        }
    }
}

/// How many errors a message lists.
const LISTED: usize = 3;

fn list(errors: &[FetchError]) -> String {
    let shown = errors.iter().take(LISTED).map(ToString::to_string);
    let mut text = shown.collect::<Vec<_>>().join("; ");
    if errors.len() > LISTED {
        let more = errors.len() - LISTED;
        text = format!("{text}; and {more} more");
    }
    text
}

/// Upstream's words first, where it has some.
fn refusal(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::OwnedByAnother => {
            "target is owned by another ExternalSecret: give one of them another spec.target.name, or \
             creationPolicy Merge"
        }
        Refusal::ControlledByOther => {
            "failed to take ownership of target secret: something else controls it; choose another \
             spec.target.name, or creationPolicy Merge"
        }
        Refusal::Foreign => {
            "failed to take ownership of target secret: it exists, belongs to nobody, and what is in it would be \
             lost; label it reconcile.external-secrets.io/managed=true to have it taken over, or use \
             creationPolicy Merge"
        }
        Refusal::Immutable => {
            "could not update secret, target is immutable: Kubernetes cannot change its data; delete it to have \
             it made anew"
        }
        Refusal::TypeChange => {
            "could not update secret: the target has another type, which Kubernetes cannot change; delete it to \
             have it made anew"
        }
    }
}
