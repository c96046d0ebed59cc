//! Public keys of readers who stay when their data key is replaced. Most stand in the file; of
//! certificates it has the hash alone, and any place may give the key that fits it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use seal_format::se1::{RecipientKind, RecipientName};

use crate::context::Cluster;
use crate::error::CliError;
use crate::identity::Identities;
use crate::kms_connection::KmsConnection;
use crate::recipient::{Asked, Recipients};
use crate::rules::RuleReaders;

/// Looks keys up, each once.
pub(crate) struct PublicKeys {
    /// Of flags, and of private keys at hand.
    pool: Vec<Recipients>,
    ruled: Mutex<Vec<Ruled>>,
    cluster: Cluster,
    kms: KmsConnection,
}

/// The recipients of a rule, by configuration and the rule's index in it.
type Ruled = ((PathBuf, usize), Arc<Recipients>);

impl PublicKeys {
    pub(crate) fn new(
        certificates: &Asked,
        identities: &Identities,
        cluster: Cluster,
        kms: KmsConnection,
    ) -> Result<Self, CliError> {
        let given = certificates.resolve(&cluster, kms.clone())?;
        let of_private = Recipients::of_keys(identities.public_keys(), kms.clone());
        Ok(Self {
            pool: vec![given, of_private],
            ruled: Mutex::default(),
            cluster,
            kms,
        })
    }

    /// Those who wrap for `names`. `Err` has the names whose public keys are nowhere.
    pub(crate) fn recipients(
        &self,
        names: &[RecipientName],
        rule: Option<&RuleReaders>,
    ) -> Result<Result<Recipients, Vec<RecipientName>>, CliError> {
        let is_hash = |name: &RecipientName| name.kind() == RecipientKind::Rsa;
        let ruled = match rule.filter(|_| names.iter().any(is_hash)) {
            Some(rule) => Some(self.of_rule(rule)?),
            None => None,
        };
        let mut pool: Vec<&Recipients> = self.pool.iter().collect();
        pool.extend(ruled.as_deref());
        Recipients::of_names(names, &pool, &self.cluster, self.kms.clone())
    }

    /// Everybody whom a rule names.
    pub(crate) fn of_rule(&self, rule: &RuleReaders) -> Result<Arc<Recipients>, CliError> {
        let place = (rule.matched.config.clone(), rule.matched.index);
        let mut ruled = self.ruled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = ruled.iter().find(|(known, _)| *known == place) {
            return Ok(Arc::clone(known));
        }
        let asked = Asked::of_rule(&rule.matched)?;
        let recipients = Arc::new(asked.resolve(&self.cluster, self.kms.clone())?);
        ruled.push((place, Arc::clone(&recipients)));
        Ok(recipients)
    }
}
