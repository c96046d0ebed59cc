//! A source of credentials that knows better than the SDK what went wrong.

use aws_credential_types::provider::error::CredentialsError;

/// Why a source gave no credentials, in words of its own. As the cause of a [`CredentialsError`] it comes
/// through the SDK, and is the fault of the call that wanted the credentials
/// ([`crate::CredentialsFault::Source`]).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct SourceFault {
    /// What failed, of what, and why. Holds no text of AWS or the SDK.
    pub what: String,
    /// What to do about it.
    pub next_step: String,
    /// Whether it may pass by itself.
    pub is_transient: bool,
}

impl From<SourceFault> for CredentialsError {
    fn from(fault: SourceFault) -> Self {
        Self::provider_error(fault)
    }
}
