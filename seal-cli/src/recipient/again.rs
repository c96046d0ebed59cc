//! Recipients by what wraps say of them: readers that stay when their data key is replaced.

use std::sync::Arc;

use seal_format::se1::{RecipientKind, RecipientName};
use seal_keys::RsaRecipient;

use super::asked::Entry;
use super::recipients::Recipients;
use super::spelling::Spelling;
use super::{Key, Recipient, resolve};
use crate::context::Cluster;
use crate::error::CliError;
use crate::kms_connection::KmsConnection;

impl Recipients {
    /// Those of `names`. A name holds the public key, but for certificates: of these it is the hash,
    /// and the keys come out of `pool`. `Err` has the names whose keys are not there.
    pub(crate) fn of_names(
        names: &[RecipientName],
        pool: &[&Self],
        cluster: &Cluster,
        kms: KmsConnection,
    ) -> Result<Result<Self, Vec<RecipientName>>, CliError> {
        let mut list = Vec::with_capacity(names.len());
        let mut missing = Vec::new();
        for name in names {
            let mut known = pool.iter().flat_map(|pool| &pool.list);
            if let Some(known) = known.find(|recipient| recipient.to() == Some(name)) {
                list.push(known.clone());
                continue;
            }
            let Some(spelling) = spelling(name) else {
                missing.push(name.clone());
                continue;
            };
            let entry = Entry {
                name: None,
                written: name.to_string(),
                spelling,
            };
            list.push(resolve::recipient(entry, cluster)?);
        }
        if !missing.is_empty() {
            return Ok(Err(missing));
        }
        let places = (0..list.len()).collect();
        Ok(Ok(Self::new(list, places, kms)))
    }

    /// Bare public keys.
    pub(crate) fn of_keys(keys: Vec<RsaRecipient>, kms: KmsConnection) -> Self {
        let list: Vec<_> = keys
            .into_iter()
            .map(|key| Recipient {
                name: None,
                written: key.name().to_string(),
                key: Key::Bare(Arc::new(key)),
            })
            .collect();
        let places = (0..list.len()).collect();
        Self::new(list, places, kms)
    }

    /// Those who are not there yet; KMS alone knows who is behind an alias, so aliases stay.
    pub(crate) fn without(&self, present: impl Fn(&RecipientName) -> bool) -> Self {
        let absent = |recipient: &&Recipient| recipient.to().is_none_or(|to| !present(to));
        let list: Vec<_> = self.list.iter().filter(absent).cloned().collect();
        let places = (0..list.len()).collect();
        Self::new(list, places, self.kms.clone())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Their keys, each once. `None` if there is an alias, which only KMS knows.
    pub(crate) fn keys(&self) -> Option<Vec<RecipientName>> {
        let keys = self.list.iter().map(|recipient| recipient.to().cloned());
        keys.collect()
    }
}

/// `None` for a hash, which is no key.
fn spelling(name: &RecipientName) -> Option<Spelling> {
    match name.kind() {
        RecipientKind::Rsa => None,
        RecipientKind::Age | RecipientKind::Ssh => Some(Spelling::Age(name.to_string())),
        RecipientKind::Kms => Spelling::of(name.as_str(), |_| false).ok(),
    }
}
