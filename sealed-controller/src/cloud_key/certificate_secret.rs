//! The certificate for a key in KMS as a Secret. It holds nothing secret; a Secret it is because the
//! controller may write these, and has its sealing keys in them.

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{ObjectReference, Secret};
use kube::{Resource as _, ResourceExt as _};
use seal_api::{KMS_CERTIFICATE_ACTIVE, KMS_CERTIFICATE_LABEL, KMS_KEY};
use seal_format::se1::RecipientName;
use seal_keys::{Certificate, CertificateError};
use seal_kms::KeyArn;

use super::named;

const CERTIFICATE: &str = "tls.crt";
const PREFIX: &str = "sealed-secrets-kms-";
/// Hexadecimal digits of the public key's digest in the name.
const DIGITS: usize = 16;

/// A Secret that has the name or the label of one of ours.
pub(crate) struct Found {
    pub(crate) name: String,
    /// What it holds, and whom values are sealed for with that.
    pub(crate) content: Result<(Certificate, RecipientName), Refusal>,
    /// The key that it says it is for.
    pub(crate) key: Option<KeyArn>,
    pub(crate) labelled: bool,
    secret: Secret,
}

/// Why what a Secret holds is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("has no tls.crt")]
    Missing,
    #[error("tls.crt: {0}")]
    Certificate(#[from] CertificateError),
    #[error(
        "tls.crt does not say that its private key is in KMS, so clients would seal what KMS cannot open"
    )]
    NotMarked,
    #[error("tls.crt is for another key ({0})")]
    OtherKey(RecipientName),
}

/// The name of the Secret for a key.
pub(crate) fn name(key: &RecipientName) -> String {
    let digest = key.as_str().trim_start_matches("rsa:");
    let start: String = digest.chars().take(DIGITS).collect();
    format!("{PREFIX}{start}")
}

/// Takes it as it is; nothing in it is believed yet.
pub(crate) fn read(secret: Secret) -> Found {
    let annotation = secret.annotations().get(KMS_KEY);
    Found {
        name: secret.name_any(),
        content: content(&secret),
        key: annotation.and_then(|arn| arn.parse().ok()),
        labelled: secret
            .labels()
            .get(KMS_CERTIFICATE_LABEL)
            .map(String::as_str)
            == Some(KMS_CERTIFICATE_ACTIVE),
        secret,
    }
}

fn content(secret: &Secret) -> Result<(Certificate, RecipientName), Refusal> {
    let data = secret.data.as_ref();
    let pem = data.and_then(|data| data.get(CERTIFICATE));
    let certificate = Certificate::from_pem(&pem.ok_or(Refusal::Missing)?.0)?;
    let key = named(&certificate).ok_or(CertificateError::KeySize)?;
    if !certificate.is_kms_held() {
        return Err(Refusal::NotMarked);
    }
    Ok((certificate, key))
}

/// A new one, to be created.
pub(crate) fn write(name: &str, key: &KeyArn, certificate: &Certificate) -> Secret {
    let mut secret = Secret::default();
    secret.metadata.name = Some(name.to_owned());
    secret.type_ = Some("Opaque".to_owned());
    fill(&mut secret, key, certificate);
    secret
}

fn fill(secret: &mut Secret, key: &KeyArn, certificate: &Certificate) {
    let (label, active) = (KMS_CERTIFICATE_LABEL.to_owned(), KMS_CERTIFICATE_ACTIVE);
    secret.labels_mut().insert(label, active.to_owned());
    let annotations = secret.annotations_mut();
    annotations.insert(KMS_KEY.to_owned(), key.to_string());
    let pem = ByteString(certificate.to_pem().into_bytes());
    let data = secret.data.get_or_insert_default();
    data.insert(CERTIFICATE.to_owned(), pem);
}

impl Found {
    /// The same Secret with another certificate, to replace it if it is still as it was read.
    pub(crate) fn with(&self, key: &KeyArn, certificate: &Certificate) -> Secret {
        let mut secret = self.secret.clone();
        fill(&mut secret, key, certificate);
        secret
    }

    /// Where events go.
    pub(crate) fn reference(&self) -> ObjectReference {
        self.secret.object_ref(&())
    }

    /// Tells apart states of Secrets.
    pub(crate) fn version(&self) -> String {
        self.secret.resource_version().unwrap_or_default()
    }
}
