//! The sealing key whose private half is in AWS KMS (`--sealing-key`). All there is of it in the cluster is
//! a certificate, in a Secret that all replicas share.

mod certificate_secret;
mod flag;
mod follow;
mod step;
mod trouble;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwapOption;
use seal_format::se1::RecipientName;
use seal_keys::{Certificate, RsaRecipient};
use seal_kms::KeyArn;

pub(crate) use flag::SealingKeyFlag;
pub(crate) use follow::{CertificatePolicy, Follower};
use trouble::Trouble;

/// The key, and the certificate that is served for it.
pub(crate) struct CloudKey {
    arn: KeyArn,
    served: ArcSwapOption<Certificate>,
    trouble: Mutex<Option<Trouble>>,
}

impl CloudKey {
    /// Nothing is served before a [`Follower`] runs.
    pub(crate) fn new(arn: KeyArn) -> Self {
        Self {
            arn,
            served: ArcSwapOption::empty(),
            trouble: Mutex::default(),
        }
    }

    /// Its name in KMS.
    pub(crate) fn arn(&self) -> &KeyArn {
        &self.arn
    }

    /// The certificate to seal for.
    pub(crate) fn certificate(&self) -> Option<Arc<Certificate>> {
        self.served.load_full()
    }

    /// What is wrong with it, for everyone to see: without the name of the key.
    pub(crate) fn note(&self) -> Option<String> {
        self.trouble().as_ref().map(ToString::to_string)
    }

    /// Serves this certificate from now on.
    fn serve(&self, certificate: &Certificate) {
        let known = self.certificate();
        if known.is_some_and(|known| known.to_pem() == certificate.to_pem()) {
            return;
        }
        tracing::info!(
            key = %self.arn,
            fingerprint = certificate.fingerprint(),
            "certificate for the sealing key in KMS\n{}",
            certificate.to_pem()
        );
        self.served.store(Some(Arc::new(certificate.clone())));
    }

    /// Serves none that is not for this key: what is sealed for another never opens here.
    fn only_for(&self, key: &RecipientName) {
        let served = self.certificate();
        if served.is_some_and(|served| named(&served).as_ref() != Some(key)) {
            self.served.store(None);
        }
    }

    /// Keeps what went wrong, or that nothing did; true if that is new.
    fn note_trouble(&self, trouble: Option<Trouble>) -> bool {
        let mut known = self.trouble();
        let is_new = *known != trouble;
        *known = trouble;
        is_new
    }

    /// Whether that was not known yet.
    fn is_news(&self, trouble: &Trouble) -> bool {
        self.trouble().as_ref() != Some(trouble)
    }

    fn trouble(&self) -> MutexGuard<'_, Option<Trouble>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What SE1 calls the key of a certificate; `None` if its size is not supported.
fn named(certificate: &Certificate) -> Option<RecipientName> {
    let recipient = RsaRecipient::from_spki(certificate.spki())?;
    Some(recipient.name().clone())
}
