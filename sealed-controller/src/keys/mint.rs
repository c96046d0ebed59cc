//! Making a new sealing key and storing it.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use kube::api::PostParams;
use operator_kit::ApiFault;
use seal_keys::{IssueError, issue};

use super::{KeyStore, key_secret};

/// How new keys look.
#[derive(Clone, Debug)]
pub(crate) struct KeyPolicy {
    /// Prefix of key Secrets' names.
    pub(crate) prefix: String,
    /// RSA modulus in bits.
    pub(crate) bits: u32,
    /// Validity of the certificate.
    pub(crate) ttl: SignedDuration,
    /// Common name of the certificate.
    pub(crate) common_name: String,
}

/// Makes keys and puts them to use.
pub(crate) struct Mint {
    pub(crate) secrets: Api<Secret>,
    pub(crate) policy: KeyPolicy,
    pub(crate) store: Arc<KeyStore>,
}

/// Why no key was made. Another try may succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MintError {
    #[error("cannot make a sealing key: {0}")]
    Issue(#[from] IssueError),
    #[error("cannot make a sealing key: the task was stopped")]
    Stopped,
    #[error("cannot store the new sealing key: {0}")]
    Store(ApiFault),
    #[error("the new sealing key cannot be read back: {0}")]
    ReadBack(String),
}

impl Mint {
    /// Makes one key, stores it, and only then uses it: a key that nobody can restore after a
    /// crash must never be published.
    pub(crate) async fn make(&self) -> Result<(), MintError> {
        let policy = self.policy.clone();
        let issued = tokio::task::spawn_blocking(move || {
            issue(
                policy.bits,
                &policy.common_name,
                Timestamp::now(),
                policy.ttl,
            )
        })
        .await
        .map_err(|_| MintError::Stopped)??;
        let secret = key_secret::write(&issued, &self.policy.prefix).map_err(IssueError::from)?;
        let stored = self
            .secrets
            .create(&PostParams::default(), &secret)
            .await
            .map_err(|error| MintError::Store(error.into()))?;
        let key =
            key_secret::read(&stored).map_err(|error| MintError::ReadBack(error.to_string()))?;
        tracing::info!(
            name = key.name(),
            fingerprint = key.certificate().fingerprint(),
            "new sealing key\n{}",
            key.certificate().to_pem()
        );
        self.store.insert(key);
        Ok(())
    }
}
