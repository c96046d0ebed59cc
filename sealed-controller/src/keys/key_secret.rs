//! A sealing key as a Secret (contract §1.5).

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{ObjectReference, Secret};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource as _;
use seal_api::{KEY_LABEL, KEY_LABEL_ACTIVE};
use seal_keys::{Certificate, CertificateError, Issued, PrivateKey, PrivateKeyError, SealingKey};
use sealing::{PRIVATE_KEY_FIELD as PRIVATE_KEY, WRAPPED_KEY_FIELD, WrappedKey, WrappedKeyError};

const CERTIFICATE: &str = "tls.crt";

/// Why a key Secret is of no use. It names no byte of the key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeySecretError {
    #[error("has no {0}")]
    Missing(&'static str),
    #[error("tls.crt: {0}")]
    Certificate(#[from] CertificateError),
    #[error("tls.key {0}")]
    PrivateKey(#[from] PrivateKeyError),
}

/// What a key Secret holds.
pub(crate) enum KeySecret {
    /// Both halves.
    Open(Box<SealingKey>),
    /// The private half only wrapped.
    Wrapped(Arc<WrappedSecret>),
}

/// A key Secret whose private half has to be unwrapped before it opens anything.
pub(crate) struct WrappedSecret {
    pub(crate) name: String,
    pub(crate) certificate: Certificate,
    /// Damaged it counts as a key all the same: it is there, and others were told its certificate.
    pub(crate) wrapped: Result<WrappedKey, WrappedKeyError>,
    /// Where events go.
    pub(crate) reference: ObjectReference,
    /// Of the Secret; two with the same one are the same.
    version: String,
}

impl KeySecret {
    /// Name of the Secret.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Open(key) => key.name(),
            Self::Wrapped(secret) => &secret.name,
        }
    }

    /// The public half.
    pub(crate) fn certificate(&self) -> &Certificate {
        match self {
            Self::Open(key) => key.certificate(),
            Self::Wrapped(secret) => &secret.certificate,
        }
    }
}

impl WrappedSecret {
    /// What orders keys.
    pub(crate) fn order(&self) -> Timestamp {
        self.certificate.not_before()
    }

    /// Whether both are the same Secret in the same state.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.reference.uid == other.reference.uid && self.version == other.version
    }

    /// The whole key.
    pub(crate) fn with_private_key(&self, key: &PrivateKey) -> Result<SealingKey, PrivateKeyError> {
        SealingKey::new(
            self.name.clone(),
            self.certificate.clone(),
            key,
            self.order(),
        )
    }
}

/// Reads a key Secret. One that holds both a private key and a wrapped one is as open as it looks.
pub(crate) fn read(secret: &Secret) -> Result<KeySecret, KeySecretError> {
    let data = secret.data.as_ref();
    let field = |name| {
        data.and_then(|data| data.get(name))
            .map(|bytes| bytes.0.as_slice())
            .ok_or(KeySecretError::Missing(name))
    };
    let certificate = Certificate::from_pem(field(CERTIFICATE)?)?;
    let name = secret.metadata.name.clone().unwrap_or_default();
    match (field(PRIVATE_KEY), field(WRAPPED_KEY_FIELD)) {
        (Err(_) | Ok(b""), Ok(json)) => {
            let namespace = secret.metadata.namespace.as_deref().unwrap_or_default();
            Ok(KeySecret::Wrapped(Arc::new(WrappedSecret {
                wrapped: WrappedKey::read(json, namespace, &name),
                reference: secret.object_ref(&()),
                version: secret.metadata.resource_version.clone().unwrap_or_default(),
                name,
                certificate,
            })))
        }
        (pem, _) => {
            let key = PrivateKey::from_pem(pem?)?;
            let order = certificate.not_before();
            let key = SealingKey::new(name, certificate, &key, order)?;
            Ok(KeySecret::Open(Box::new(key)))
        }
    }
}

/// Writes a new key; the API server completes the name from `prefix`.
pub(crate) fn write(issued: &Issued, prefix: &str) -> Result<Secret, PrivateKeyError> {
    let pem = issued.key.to_pkcs1_pem()?;
    let named = ObjectMeta {
        generate_name: Some(prefix.to_owned()),
        ..ObjectMeta::default()
    };
    let private = [(PRIVATE_KEY, pem.as_bytes().to_vec())];
    Ok(secret(named, issued, private))
}

/// Writes a new key under this name, whose private half stands only in `wrapped`. The type of the
/// Secret demands that there is a `tls.key`.
pub(crate) fn write_wrapped(issued: &Issued, name: &str, wrapped: Vec<u8>) -> Secret {
    let named = ObjectMeta {
        name: Some(name.to_owned()),
        ..ObjectMeta::default()
    };
    let private = [(PRIVATE_KEY, Vec::new()), (WRAPPED_KEY_FIELD, wrapped)];
    secret(named, issued, private)
}

fn secret<const N: usize>(
    named: ObjectMeta,
    issued: &Issued,
    private: [(&str, Vec<u8>); N],
) -> Secret {
    let active = (KEY_LABEL.to_owned(), KEY_LABEL_ACTIVE.to_owned());
    let certificate = issued.certificate.to_pem().into_bytes();
    let fields = [(CERTIFICATE, certificate)].into_iter().chain(private);
    Secret {
        metadata: ObjectMeta {
            labels: Some(BTreeMap::from([active])),
            ..named
        },
        type_: Some("kubernetes.io/tls".to_owned()),
        data: Some(
            fields
                .map(|(field, bytes)| (field.to_owned(), ByteString(bytes)))
                .collect(),
        ),
        ..Secret::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::{SignedDuration, Timestamp};

    type Damage = fn(&mut BTreeMap<String, ByteString>);

    #[test]
    fn a_certificate_of_another_key_is_not_served() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let [mut one, other] = [(), ()].map(|()| {
            let issued = seal_keys::issue(2048, "", now, SignedDuration::from_hours(1)).unwrap();
            write(&issued, "sealed-secrets-key").unwrap()
        });
        let certificate = other.data.unwrap_or_default().remove(CERTIFICATE).unwrap();
        let data = one.data.get_or_insert_default();
        data.insert(CERTIFICATE.to_owned(), certificate);
        assert_eq!(
            read(&one).err().unwrap().to_string(),
            "tls.key holds another key than the one that the certificate is for"
        );
    }

    #[test]
    fn a_written_key_reads_back_and_damage_is_named() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let issued = seal_keys::issue(2048, "", now, SignedDuration::from_hours(1)).unwrap();
        let secret = write(&issued, "sealed-secrets-key").unwrap();
        assert_eq!(
            secret.metadata.generate_name.as_deref(),
            Some("sealed-secrets-key")
        );
        let KeySecret::Open(key) = read(&secret).unwrap() else {
            panic!("not wrapped");
        };
        assert_eq!(key.order(), now);

        let cases: &[(Damage, &str)] = &[
            (|data| data.clear(), "has no tls.crt"),
            (|data| drop(data.remove("tls.key")), "has no tls.key"),
            (
                |data| drop(data.insert("tls.crt".into(), ByteString(b"x".to_vec()))),
                "tls.crt: data does not contain any valid RSA or ECDSA certificates",
            ),
            (
                |data| drop(data.insert("tls.key".into(), ByteString(b"x".to_vec()))),
                "tls.key holds no PEM block RSA PRIVATE KEY or PRIVATE KEY",
            ),
        ];
        for (damage, text) in cases {
            let mut secret = secret.clone();
            damage(secret.data.get_or_insert_default());
            assert_eq!(read(&secret).err().unwrap().to_string(), *text);
        }
    }

    #[test]
    fn a_damaged_wrap_is_a_key_that_cannot_be_unwrapped() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let issued = seal_keys::issue(2048, "", now, SignedDuration::from_hours(1)).unwrap();
        for (field, text) in [
            ("", "not well-formed [malformed]"),
            ("{}", "not well-formed [malformed]"),
            (
                r#"{"dataKeys":{},"encryptedData":{"tls.key":"se1.k"}}"#,
                "an earlier build of seal wrapped it under the item tls.key, which a SealedSecret can have, \
                 too, so it is not opened; take the key from a backup, or unwrap it with that build, and \
                 wrap it again",
            ),
        ] {
            let secret = write_wrapped(&issued, "key", field.into());
            let KeySecret::Wrapped(read) = read(&secret).unwrap() else {
                panic!("not open");
            };
            assert_eq!(read.order(), now);
            let error = read.wrapped.as_ref().err().unwrap();
            assert_eq!(error.to_string(), text, "{field}");
        }
    }
}
