//! The public halves of RSA keys in KMS: their digests are what objects call these keys.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use operator_kit::Backoff;
use seal_format::se1::RecipientName;
use seal_keys::RsaRecipient;
use seal_kms::{Action, KeyArn, Kms, KmsError, KmsFault};
use tokio::sync::watch as channel;

const FIRST_RETRY: Duration = Duration::from_millis(500);
const LONGEST_RETRY: Duration = Duration::from_secs(30);

/// RSA keys of the configuration.
pub(crate) struct PublicKeys {
    keys: Vec<RsaKey>,
    /// False until each was asked for once; every key that becomes known is a message.
    asked: channel::Sender<bool>,
}

struct RsaKey {
    arn: KeyArn,
    name: Mutex<Name>,
}

/// What objects call the key, or why that is not known.
type Name = Result<RecipientName, KmsError>;

impl PublicKeys {
    pub(crate) fn new(arns: &[KeyArn]) -> Self {
        let keys = arns.iter().map(|arn| RsaKey {
            arn: arn.clone(),
            name: Mutex::new(Err(error(arn, KmsFault::Unavailable))),
        });
        Self {
            asked: channel::Sender::new(arns.is_empty()),
            keys: keys.collect(),
        }
    }

    pub(crate) fn changes(&self) -> channel::Receiver<bool> {
        self.asked.subscribe()
    }

    /// Tells everyone that more may open now.
    pub(crate) fn announce(&self) {
        self.asked.send_modify(|_| {});
    }

    pub(crate) fn arns(&self) -> impl Iterator<Item = &KeyArn> {
        self.keys.iter().map(|key| &key.arn)
    }

    pub(crate) fn names(&self) -> Vec<RecipientName> {
        let keys = self.keys.iter();
        keys.filter_map(|key| key.name().ok()).collect()
    }

    /// The key that objects call `to`.
    pub(crate) fn find(&self, to: &RecipientName) -> Option<KeyArn> {
        let mut keys = self.keys.iter();
        let key = keys.find(|key| key.name().is_ok_and(|name| name == *to))?;
        Some(key.arn.clone())
    }

    /// Why one of the keys is not known yet, if there is one.
    pub(crate) fn not_learned(&self) -> Option<KmsError> {
        self.keys.iter().find_map(|key| key.name().err())
    }

    /// Asks for all of them, each as often as it takes.
    pub(crate) async fn learn(&self, kms: &Kms) {
        let first = self.keys.iter().map(|key| self.ask(key, kms));
        futures::future::join_all(first).await;
        self.asked.send_replace(true);
        let again = self.keys.iter().map(|key| async {
            let backoff = Backoff::new(FIRST_RETRY, LONGEST_RETRY);
            while key.name().is_err() {
                tokio::time::sleep(backoff.next(())).await;
                self.ask(key, kms).await;
            }
        });
        futures::future::join_all(again).await;
    }

    async fn ask(&self, key: &RsaKey, kms: &Kms) {
        let answer = kms.public_key(&key.arn.clone().into()).await;
        let name = answer.and_then(|public| {
            RsaRecipient::from_spki(&public.spki_der)
                .map(|recipient| recipient.name().clone())
                .ok_or_else(|| error(&key.arn, KmsFault::BadAnswer))
        });
        match &name {
            Ok(name) => tracing::info!(key = %key.arn, recipient = %name, "RSA key in KMS in use"),
            Err(error) => tracing::warn!("an RSA key in KMS cannot be used yet: {error}"),
        }
        let learned = name.is_ok();
        *key.name.lock().unwrap_or_else(PoisonError::into_inner) = name;
        if learned {
            self.announce();
        }
    }
}

impl RsaKey {
    fn name(&self) -> Name {
        let name = self.name.lock().unwrap_or_else(PoisonError::into_inner);
        name.clone()
    }
}

fn error(arn: &KeyArn, fault: KmsFault) -> KmsError {
    KmsError {
        action: Action::GetPublicKey,
        key: arn.to_string(),
        fault,
    }
}
