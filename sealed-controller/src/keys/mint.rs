//! Making a new sealing key and storing it.

use std::sync::Arc;

use aws_lc_rs::rand;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use kube::api::PostParams;
use operator_kit::ApiFault;
use seal_keys::{IssueError, Issued, issue};

use super::key_secret::{self, KeySecret};
use super::wrapping::{UnwrapKeyError, WrapKeyError};
use super::{KeyStore, Wrapping};

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
    /// Where key Secrets live.
    pub(crate) namespace: String,
    pub(crate) policy: KeyPolicy,
    pub(crate) wrapping: Arc<Wrapping>,
    pub(crate) store: Arc<KeyStore>,
}

/// Why no key was made. Another try may succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MintError {
    #[error("cannot make a sealing key: {0}")]
    Issue(#[from] IssueError),
    #[error("cannot make a sealing key: the task was stopped")]
    Stopped,
    #[error("cannot wrap the new sealing key, which is dropped: {0}")]
    Wrap(#[from] WrapKeyError),
    #[error(
        "the new sealing key is dropped, as this controller could not unwrap it after a restart: {0}"
    )]
    Unwrap(#[from] UnwrapKeyError),
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
        let key = if self.wrapping.is_wanted() {
            self.store_wrapped(&issued).await?
        } else {
            let secret =
                key_secret::write(&issued, &self.policy.prefix).map_err(IssueError::from)?;
            read_back(&self.create(&secret).await?)?
        };
        tracing::info!(
            name = key.name(),
            fingerprint = key.certificate().fingerprint(),
            "new sealing key\n{}",
            key.certificate().to_pem()
        );
        self.store.insert(key);
        Ok(())
    }

    /// What is stored was unwrapped before, as every later process will have to do.
    async fn store_wrapped(&self, issued: &Issued) -> Result<KeySecret, MintError> {
        let name = unique_name(&self.policy.prefix).ok_or(IssueError::Generate)?;
        let wrapped = self
            .wrapping
            .wrap(&issued.key, &self.namespace, &name)
            .await?;
        let mut secret = key_secret::write_wrapped(issued, &name, wrapped);
        secret.metadata.namespace = Some(self.namespace.clone());
        let KeySecret::Wrapped(read) = read_back(&secret)? else {
            return Err(MintError::ReadBack("it is not wrapped".to_owned()));
        };
        let key = self.wrapping.open(&read).await?;
        self.create(&secret).await?;
        Ok(KeySecret::Open(Box::new(key)))
    }

    async fn create(&self, secret: &Secret) -> Result<Secret, MintError> {
        self.secrets
            .create(&PostParams::default(), secret)
            .await
            .map_err(|error| MintError::Store(error.into()))
    }
}

fn read_back(secret: &Secret) -> Result<KeySecret, MintError> {
    key_secret::read(secret).map_err(|error| MintError::ReadBack(error.to_string()))
}

/// A name like those that the API server makes of a prefix; what is sealed in a Secret is bound to
/// its name, so it must be known before. `None` without random bytes.
fn unique_name(prefix: &str) -> Option<String> {
    /// As Kubernetes: no vowels, so no words.
    const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut name = prefix.to_owned();
    let length = name.len() + 5;
    while name.len() < length {
        let mut byte = [0];
        rand::fill(&mut byte).ok()?;
        // The rest of 256 would favour some letters.
        let letter = LETTERS.get(usize::from(byte[0] & 31));
        name.extend(letter.map(|&letter| char::from(letter)));
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_kubernetes() {
        let names: Vec<_> = (0..100).map(|_| unique_name("key-").unwrap()).collect();
        for name in &names {
            let end = name.strip_prefix("key-").unwrap();
            assert!(end.len() == 5 && !end.contains(['a', 'e', 'i', 'o', 'u', '0', '1', '3']));
        }
        assert!(names.windows(2).any(|pair| pair[0] != pair[1]));
    }
}
