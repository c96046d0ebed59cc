//! The public halves of RSA keys in KMS: their digests are what objects call these keys.

use std::sync::{Arc, Mutex, PoisonError};
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
    public: Mutex<Learned>,
}

/// The public half of an RSA key.
pub(crate) struct PublicHalf {
    /// What objects call the key.
    pub(crate) name: RecipientName,
    /// `SubjectPublicKeyInfo`, DER.
    pub(crate) spki: Vec<u8>,
    /// Size of what is wrapped for it.
    bytes: usize,
}

/// The public half, or why it is not known.
type Learned = Result<Arc<PublicHalf>, KmsError>;

/// Sizes of what is wrapped for the RSA keys that KMS has: 2048, 3072 and 4096 bits.
const SIZES: [usize; 3] = [256, 384, 512];

impl PublicKeys {
    pub(crate) fn new(arns: &[KeyArn]) -> Self {
        let keys = arns.iter().map(|arn| RsaKey {
            arn: arn.clone(),
            public: Mutex::new(Err(error(arn, KmsFault::Unavailable))),
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
        let keys = self.keys.iter().filter_map(|key| key.public().ok());
        keys.map(|public| public.name.clone()).collect()
    }

    /// The public half of one of them, or why it is not known yet.
    pub(crate) fn of(&self, arn: &KeyArn) -> Option<Learned> {
        let key = self.keys.iter().find(|key| key.arn == *arn)?;
        Some(key.public())
    }

    /// Keys that may have been used to wrap so many bytes.
    pub(crate) fn of_size(&self, bytes: usize) -> Vec<KeyArn> {
        let fits = |key: &&RsaKey| match key.public() {
            Ok(public) => public.bytes == bytes,
            Err(_) => SIZES.contains(&bytes),
        };
        let keys = self.keys.iter().filter(fits);
        keys.map(|key| key.arn.clone()).collect()
    }

    /// The key that objects call `to`.
    pub(crate) fn find(&self, to: &RecipientName) -> Option<KeyArn> {
        let mut keys = self.keys.iter();
        let key = keys.find(|key| key.public().is_ok_and(|public| public.name == *to))?;
        Some(key.arn.clone())
    }

    /// Why one of the keys is not known yet, if there is one.
    pub(crate) fn not_learned(&self) -> Option<KmsError> {
        self.keys.iter().find_map(|key| key.public().err())
    }

    /// Asks for all of them, each as often as it takes.
    pub(crate) async fn learn(&self, kms: &Kms) {
        let first = self.keys.iter().map(|key| self.ask(key, kms));
        futures::future::join_all(first).await;
        self.asked.send_replace(true);
        let again = self.keys.iter().map(|key| async {
            let backoff = Backoff::new(FIRST_RETRY, LONGEST_RETRY);
            while key.public().is_err() {
                tokio::time::sleep(backoff.next(())).await;
                self.ask(key, kms).await;
            }
        });
        futures::future::join_all(again).await;
    }

    async fn ask(&self, key: &RsaKey, kms: &Kms) {
        let answer = kms.public_key(&key.arn.clone().into()).await;
        let public = answer.and_then(|public| {
            let spki = public.spki_der;
            let recipient = RsaRecipient::from_spki(&spki)
                .ok_or_else(|| error(&key.arn, KmsFault::BadAnswer))?;
            let name = recipient.name().clone();
            let bytes = recipient.bits().div_ceil(8);
            Ok(Arc::new(PublicHalf { name, spki, bytes }))
        });
        match &public {
            Ok(public) => {
                tracing::info!(key = %key.arn, recipient = %public.name, "RSA key in KMS in use");
            }
            Err(error) => tracing::warn!("an RSA key in KMS cannot be used yet: {error}"),
        }
        let learned = public.is_ok();
        *key.public.lock().unwrap_or_else(PoisonError::into_inner) = public;
        if learned {
            self.announce();
        }
    }
}

impl RsaKey {
    fn public(&self) -> Learned {
        let public = self.public.lock().unwrap_or_else(PoisonError::into_inner);
        public.clone()
    }
}

fn error(arn: &KeyArn, fault: KmsFault) -> KmsError {
    KmsError {
        action: Action::GetPublicKey,
        key: arn.to_string(),
        fault,
    }
}
