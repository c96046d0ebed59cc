//! Why a sealing key stays as it is. No byte of a key is ever part of it.

use seal_format::se1::Fault;
use seal_keys::{CertificateError, PrivateKeyError};
use sealing::{SealError, WrappedKeyError};

use crate::recipient::RecipientError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum KeysError {
    #[error("{failed} of {total} keys were not changed, see above")]
    Some { failed: usize, total: usize },
    #[error(
        "no Secret in namespace {0:?} has the label of sealing keys; is this the controller's namespace?"
    )]
    NoKeys(String),
    #[error("there is no such Secret in namespace {0:?}")]
    NotFound(String),
    #[error(
        "you may not {verb} Secrets in namespace {namespace:?}; it takes get, list and update there"
    )]
    Forbidden {
        verb: &'static str,
        namespace: String,
    },
    #[error("the API server does not accept these credentials; log in again")]
    Unauthorized,
    #[error("the API server refuses it: {0}")]
    Refused(String),
    #[error(
        "no answer from the API server {0}; whether it was changed is not known: run this again"
    )]
    NoAnswer(String),
    #[error("the API server {server} {told}")]
    Tls { server: String, told: String },
    #[error("somebody else keeps changing it; run this again")]
    Contended,

    #[error("it is no key Secret: there is no {0} in it")]
    Missing(&'static str),
    #[error("its tls.crt cannot be used: {0}")]
    Certificate(#[from] CertificateError),
    #[error("its private key {0}")]
    PrivateKey(#[from] PrivateKeyError),
    #[error("its seal.se1 cannot be used: {0}")]
    Wrapped(WrappedKeyError),
    #[error(
        "it is wrapped for {readers}, and cannot be opened here: {fault} [{}]{}",
        .fault.class(), .detail.as_ref().map_or(String::new(), |detail| format!("\n  {detail}"))
    )]
    Closed {
        readers: String,
        fault: Fault,
        detail: Option<String>,
    },

    #[error(
        "name with --recipient whom keys are wrapped for: kms:ARN of a symmetric KMS key, or age1…"
    )]
    NoRecipient,
    #[error(
        "a controller opens wrapped keys with a symmetric KMS key or an age identity; name one of these besides {0}"
    )]
    NoReader(String),
    #[error(
        "{0} is a sealing key itself: keys that open each other are lost together; name a KMS key or age1…"
    )]
    Circle(String),
    #[error(transparent)]
    Recipient(#[from] RecipientError),
    #[error("it cannot be sealed: {0}")]
    Seal(#[from] SealError),
    #[error("what was wrapped does not open again, so nothing was written; report this")]
    NotTheSame,
}
