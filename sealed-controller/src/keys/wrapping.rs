//! Wrapping the private half of sealing keys, and unwrapping it.

use std::sync::Arc;

use aws_lc_rs::rand;
use seal_format::se1::{Binding, Fault, RecipientKind, RecipientName, Wrap};
use seal_keys::{PrivateKey, PrivateKeyError, SealingKey};
use seal_kms::{KeyArn, Kms, KmsError, KmsFault, KmsOptions, Retries};
use sealing::{KeyWrapping, SealError, WRAPPED_KEY_FIELD, WrappedKey, WrappedKeyError};
use tokio::sync::watch as channel;
use zeroize::Zeroizing;

use super::key_secret::WrappedSecret;
use super::wrap_recipient::WrapRecipient;
use crate::age_keys::AgeStore;
use crate::args::KmsArgs;

/// Whom new keys are wrapped for, and who we are to those that are wrapped already.
pub(crate) struct Wrapping {
    recipients: Vec<WrapRecipient>,
    kms: Kms,
    /// The only keys of KMS that are ever asked to unwrap a sealing key.
    allowed: Vec<KeyArn>,
    age: Arc<AgeStore>,
}

/// Why a private key cannot be wrapped. Another try may succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WrapKeyError {
    #[error("the key cannot be sealed: {0}")]
    Seal(#[from] SealError),
    #[error("the key cannot be wrapped for {0}")]
    Age(RecipientName),
    #[error("{0}")]
    Kms(#[from] KmsError),
    #[error("{0} is no name that the format knows")]
    Name(KeyArn),
}

/// Why a wrapped private key is not in use.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UnwrapKeyError {
    #[error(
        "it is wrapped for {0}, none of which this controller is: name the KMS key with \
         --wrap-keys-with or --kms-key, or give the controller the age identity"
    )]
    NoIdentity(String),
    #[error("{0}")]
    Kms(KmsError),
    #[error("its {WRAPPED_KEY_FIELD}: {0}; put back the Secret of a backup")]
    Field(WrappedKeyError),
    #[error("{0}")]
    Format(Fault),
    #[error("what is wrapped {0}")]
    PrivateKey(#[from] PrivateKeyError),
}

impl UnwrapKeyError {
    /// Whether another try may succeed although its Secret stays as it is.
    pub(crate) fn is_tried_again(&self) -> bool {
        !matches!(self, Self::Field(_))
    }
}

impl Wrapping {
    /// `more` are keys of KMS that may unwrap, besides those that are wrapped for.
    pub(crate) fn new(recipients: Vec<WrapRecipient>, more: &KmsArgs, age: Arc<AgeStore>) -> Self {
        let kms = Kms::new(KmsOptions {
            endpoint: more.endpoint(),
            region_of_replicas: more.region(),
            // The caller has a back-off of its own, and tells why it waits.
            retries: Retries::None,
            ..KmsOptions::default()
        });
        let of_recipients = recipients.iter().filter_map(|recipient| match recipient {
            WrapRecipient::Kms(key) => Some(key.clone()),
            WrapRecipient::Age(..) => None,
        });
        Self {
            allowed: of_recipients.chain(more.symmetric()).collect(),
            recipients,
            kms,
            age,
        }
    }

    /// Whether new keys are stored wrapped.
    pub(crate) fn is_wanted(&self) -> bool {
        !self.recipients.is_empty()
    }

    /// Messages of every change of the age identities.
    pub(crate) fn changes(&self) -> channel::Receiver<bool> {
        self.age.changes()
    }

    /// The content of `seal.se1` for the key Secret `namespace`/`name`.
    pub(crate) async fn wrap(
        &self,
        key: &PrivateKey,
        namespace: &str,
        name: &str,
    ) -> Result<Vec<u8>, WrapKeyError> {
        let pem = key.to_pkcs1_pem().map_err(|_| SealError::Random)?;
        let pem = Zeroizing::new(pem.as_bytes().to_vec());
        let mut random = |bytes: &mut [u8]| rand::fill(bytes).is_ok();
        let wrapping = KeyWrapping::prepare(pem, namespace, name, &mut random)?;
        let data_key = wrapping.to_wrap();
        let mut wraps: Vec<Wrap> = Vec::with_capacity(self.recipients.len());
        for recipient in &self.recipients {
            let wrap = self
                .wrap_for(recipient, &data_key, wrapping.object())
                .await?;
            if wraps.iter().all(|known| known.to != wrap.to) {
                wraps.push(wrap);
            }
        }
        Ok(wrapping.finish(wraps)?)
    }

    async fn wrap_for(
        &self,
        recipient: &WrapRecipient,
        data_key: &[u8],
        object: &Binding,
    ) -> Result<Wrap, WrapKeyError> {
        match recipient {
            WrapRecipient::Age(recipient, to) => {
                let wrapped = recipient.wrap(data_key);
                let blob = wrapped.map_err(|_| WrapKeyError::Age(to.clone()))?;
                let to = to.clone();
                Ok(Wrap { to, blob })
            }
            WrapRecipient::Kms(key) => {
                let name = key.clone().into();
                let context = object.kms_context();
                let (arn, blob) = self.kms.wrap(&name, &context, data_key).await?;
                let to = RecipientName::from_text(&arn.to_string())
                    .map_err(|_| WrapKeyError::Name(arn))?;
                Ok(Wrap { to, blob })
            }
        }
    }

    /// Opens a wrapped key: with an age identity at hand, else with KMS.
    pub(crate) async fn open(&self, secret: &WrappedSecret) -> Result<SealingKey, UnwrapKeyError> {
        let wrapped = secret.wrapped.as_ref();
        let wrapped = wrapped.map_err(|error| UnwrapKeyError::Field(*error))?;
        let data_key = self.unwrap(wrapped).await?;
        let pem = wrapped.open(&data_key).map_err(UnwrapKeyError::Format)?;
        let key = PrivateKey::from_pem(&pem)?;
        Ok(secret.with_private_key(&key)?)
    }

    /// After a failure no second wrap is tried, unless nothing was learned from it.
    async fn unwrap(&self, wrapped: &WrappedKey) -> Result<Zeroizing<Vec<u8>>, UnwrapKeyError> {
        let need = wrapped.need();
        let (wraps, age) = (need.block.wraps(), self.age.keys());
        for wrap in wraps {
            if let Some(identity) = age.find(&wrap.to) {
                let bad = |_| UnwrapKeyError::Format(Fault::BadWrap);
                return identity.unwrap(&wrap.blob, b"").map_err(bad);
            }
        }
        let context = need.object.kms_context();
        let mut away = None;
        for wrap in wraps {
            let Some(key) = self.allowed(&wrap.to) else {
                continue;
            };
            match self.kms.unwrap(key, &context, &wrap.blob).await {
                Ok(data_key) => return Ok(data_key),
                Err(error) if error.fault == KmsFault::BadWrap => {
                    return Err(UnwrapKeyError::Kms(error));
                }
                Err(error) => away = away.or(Some(error)),
            }
        }
        Err(away.map_or_else(
            || {
                let names: Vec<_> = wraps.iter().map(|wrap| wrap.to.as_str()).collect();
                UnwrapKeyError::NoIdentity(names.join(", "))
            },
            UnwrapKeyError::Kms,
        ))
    }

    fn allowed(&self, to: &RecipientName) -> Option<&KeyArn> {
        if to.kind() != RecipientKind::Kms {
            return None;
        }
        let named: KeyArn = to.as_str().parse().ok()?;
        self.allowed.iter().find(|key| key.is_same_key(&named))
    }
}
