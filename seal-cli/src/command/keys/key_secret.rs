//! A sealing key as its Secret holds it.

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use seal_format::se1::RecipientName;
use seal_keys::{Certificate, PrivateKey, RsaIdentity};
use sealing::{PRIVATE_KEY_FIELD, WRAPPED_KEY_FIELD, WrappedKey};
use zeroize::Zeroizing;

use super::error::KeysError;

/// Where `kubectl apply` keeps a copy of what it was given, the private key included.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// A key Secret of a cluster.
pub(super) struct KeySecret {
    secret: Secret,
    certificate: Certificate,
}

/// How the private half is stored.
pub(super) enum PrivateHalf {
    /// As PEM.
    Plain(Zeroizing<Vec<u8>>),
    /// Wrapped.
    Wrapped(Box<WrappedKey>),
}

impl KeySecret {
    pub(super) fn new(secret: Secret) -> Result<Self, KeysError> {
        let data = secret.data.as_ref();
        let pem = data.and_then(|data| data.get("tls.crt"));
        let pem = pem.ok_or(KeysError::Missing("tls.crt"))?;
        Ok(Self {
            certificate: Certificate::from_pem(&pem.0)?,
            secret,
        })
    }

    pub(super) fn name(&self) -> &str {
        self.secret.metadata.name.as_deref().unwrap_or_default()
    }

    pub(super) fn namespace(&self) -> &str {
        self.secret
            .metadata
            .namespace
            .as_deref()
            .unwrap_or_default()
    }

    /// What SE1 calls the key.
    pub(super) fn recipient_name(&self) -> Option<RecipientName> {
        RecipientName::from_text(&format!("rsa:{}", self.certificate.fingerprint())).ok()
    }

    /// For the API.
    pub(super) fn as_secret(&self) -> &Secret {
        &self.secret
    }

    pub(super) fn private_half(&self) -> Result<PrivateHalf, KeysError> {
        let data = self.secret.data.as_ref();
        let field = |name| data.and_then(|data| data.get(name)).map(|bytes| &bytes.0);
        match (field(PRIVATE_KEY_FIELD), field(WRAPPED_KEY_FIELD)) {
            (Some(pem), _) if !pem.is_empty() => {
                let pem = Zeroizing::new(pem.clone());
                self.check(&pem)?;
                Ok(PrivateHalf::Plain(pem))
            }
            (_, Some(json)) => WrappedKey::read(json, self.namespace(), self.name())
                .map(|key| PrivateHalf::Wrapped(Box::new(key)))
                .map_err(KeysError::Wrapped),
            _ => Err(KeysError::Missing(PRIVATE_KEY_FIELD)),
        }
    }

    /// The certificate must be for this private key, else either is of no use.
    pub(super) fn check(&self, pem: &[u8]) -> Result<(), KeysError> {
        let identity = RsaIdentity::new(&PrivateKey::from_pem(pem)?)?;
        if identity.belongs_to(self.certificate.spki()) {
            Ok(())
        } else {
            Err(seal_keys::PrivateKeyError::OtherKey.into())
        }
    }

    /// With the private half only wrapped. The type of the Secret demands that there is a `tls.key`.
    pub(super) fn wrapped(mut self, field: Vec<u8>) -> Self {
        let data = self.secret.data.get_or_insert_default();
        data.insert(PRIVATE_KEY_FIELD.to_owned(), ByteString::default());
        data.insert(WRAPPED_KEY_FIELD.to_owned(), ByteString(field));
        if let Some(annotations) = &mut self.secret.metadata.annotations {
            annotations.remove(LAST_APPLIED);
        }
        self
    }

    /// With the private half in the clear.
    pub(super) fn unwrapped(mut self, pem: &[u8]) -> Self {
        let data = self.secret.data.get_or_insert_default();
        data.insert(PRIVATE_KEY_FIELD.to_owned(), ByteString(pem.to_vec()));
        data.remove(WRAPPED_KEY_FIELD);
        self
    }
}
