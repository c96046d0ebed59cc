//! A sealing key as a Secret (contract §1.5).

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use seal_api::{KEY_LABEL, KEY_LABEL_ACTIVE};
use seal_keys::{Certificate, CertificateError, Issued, PrivateKey, PrivateKeyError, SealingKey};

const CERTIFICATE: &str = "tls.crt";
const PRIVATE_KEY: &str = "tls.key";

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

/// Reads a key Secret.
pub(crate) fn read(secret: &Secret) -> Result<SealingKey, KeySecretError> {
    let field = |name| {
        secret
            .data
            .as_ref()
            .and_then(|data| data.get(name))
            .ok_or(KeySecretError::Missing(name))
    };
    let certificate = Certificate::from_pem(&field(CERTIFICATE)?.0)?;
    let key = PrivateKey::from_pem(&field(PRIVATE_KEY)?.0)?;
    let name = secret.metadata.name.clone().unwrap_or_default();
    let order = certificate.not_before();
    Ok(SealingKey::new(name, certificate, &key, order)?)
}

/// Writes a new key; the API server completes the name from `prefix`.
pub(crate) fn write(issued: &Issued, prefix: &str) -> Result<Secret, PrivateKeyError> {
    let key = issued.key.to_pkcs1_pem()?;
    Ok(Secret {
        metadata: ObjectMeta {
            generate_name: Some(prefix.to_owned()),
            labels: Some(BTreeMap::from([(
                KEY_LABEL.to_owned(),
                KEY_LABEL_ACTIVE.to_owned(),
            )])),
            ..ObjectMeta::default()
        },
        type_: Some("kubernetes.io/tls".to_owned()),
        data: Some(BTreeMap::from([
            (
                CERTIFICATE.to_owned(),
                ByteString(issued.certificate.to_pem().into_bytes()),
            ),
            (PRIVATE_KEY.to_owned(), ByteString(key.as_bytes().to_vec())),
        ])),
        ..Secret::default()
    })
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
        assert_eq!(read(&secret).unwrap().order(), now);

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
}
