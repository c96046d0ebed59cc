//! Who calls AWS, as a store of External Secrets says it (contract external-secrets.md §6): the process's
//! own chain, static keys, or a service account of the cluster, and then roles, one after the other.
//!
//! [`Identity`] is what a store says, [`Identities`] has the credentials: all who ask as one identity share
//! them, they are renewed before they expire, and AWS STS is asked once for all. Kubernetes is not in here:
//! whoever can ask it for tokens is a [`TokenSource`].

mod error;
mod identities;
mod identity;
mod options;
mod session;
mod session_tags;
mod static_credentials;
mod sts;
mod token;

pub use error::{IdentityError, IdentityFault, Step};
pub use identities::Identities;
pub use identity::{AssumedRole, Base, Identity, ServiceAccount};
pub use options::IdentitiesOptions;
pub use session_tags::Asker;
pub use static_credentials::StaticCredentials;
pub use token::{TokenFault, TokenSource};

/// The name of all our sessions: what CloudTrail shows, and what `sts:RoleSessionName` in trust policies is
/// compared with (contract §6.1).
pub const SESSION_NAME: &str = "external-secrets-provider-aws";
