//! The active sealing keys of a controller (contract §1.2, §5.1).

use std::sync::Arc;

use jiff::Timestamp;
use seal_format::se1::RecipientName;
use zeroize::Zeroizing;

use crate::certificate::Certificate;
use crate::private_key::{PrivateKey, PrivateKeyError};
use crate::recipient::{Identity, UnwrapError};
use crate::rsa::RsaIdentity;

/// One key pair in use.
pub struct SealingKey {
    name: String,
    certificate: Certificate,
    identity: RsaIdentity,
    order: Timestamp,
}

impl SealingKey {
    /// Joins the halves, which must belong together. `name` is the key Secret's; `order` tells which key is the newest.
    pub fn new(
        name: String,
        certificate: Certificate,
        key: &PrivateKey,
        order: Timestamp,
    ) -> Result<Self, PrivateKeyError> {
        let identity = RsaIdentity::new(key)?;
        if !identity.belongs_to(certificate.spki()) {
            return Err(PrivateKeyError::OtherKey);
        }
        Ok(Self {
            name,
            certificate,
            identity,
            order,
        })
    }

    /// Name of the key Secret.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The public half.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The private half.
    pub fn identity(&self) -> &RsaIdentity {
        &self.identity
    }

    /// What orders keys: the start of the certificate's validity by default.
    pub fn order(&self) -> Timestamp {
        self.order
    }
}

/// Every active key, newest first.
#[derive(Default)]
pub struct Keyring(Vec<Arc<SealingKey>>);

impl Keyring {
    /// Sorts the keys; among equals the one given first counts as newer.
    pub fn new(mut keys: Vec<Arc<SealingKey>>) -> Self {
        keys.sort_by_key(|key| std::cmp::Reverse(key.order));
        Self(keys)
    }

    /// The key that new values are sealed for.
    pub fn newest(&self) -> Option<&SealingKey> {
        self.0.first().map(Arc::as_ref)
    }

    /// The key that SE1 calls `name`.
    pub fn find(&self, name: &RecipientName) -> Option<&SealingKey> {
        self.0
            .iter()
            .find(|key| key.identity.name() == name)
            .map(Arc::as_ref)
    }

    /// The keys, newest first.
    pub fn keys(&self) -> &[Arc<SealingKey>] {
        &self.0
    }
}

impl Identity for Keyring {
    /// The format names no key, so each is tried, newest first.
    fn unwrap(&self, wrapped: &[u8], label: &[u8]) -> Result<Zeroizing<Vec<u8>>, UnwrapError> {
        self.0
            .iter()
            .find_map(|key| key.identity.unwrap(wrapped, label).ok())
            .ok_or(UnwrapError)
    }
}
