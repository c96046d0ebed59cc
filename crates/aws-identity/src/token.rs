//! Tokens of service accounts, from whoever can ask for them.

use futures::future::BoxFuture;
use zeroize::Zeroizing;

use crate::identity::ServiceAccount;

/// Gives tokens of service accounts that AWS STS takes: in a controller by TokenRequest.
pub trait TokenSource: Send + Sync {
    /// A new token of the account, for these audiences.
    fn token<'a>(
        &'a self,
        account: &'a ServiceAccount,
        audiences: &'a [String],
    ) -> BoxFuture<'a, Result<Zeroizing<String>, TokenFault>>;
}

/// Why there is no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct TokenFault {
    /// In words that may be shown.
    pub reason: String,
    /// What to do about it.
    pub next_step: String,
    /// Whether it may pass by itself.
    pub is_transient: bool,
}
