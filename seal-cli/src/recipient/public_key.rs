//! RSA public keys in files, such as `aws kms get-public-key` gives them.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use seal_keys::RsaRecipient;

/// No public key is longer, in bytes.
const LIMIT: u64 = 64 * 1024;
const SPKI: &str = "PUBLIC KEY";
const PKCS1: &str = "RSA PUBLIC KEY";
const CERTIFICATE: &str = "CERTIFICATE";

#[derive(Debug, thiserror::Error)]
pub(crate) enum PublicKeyError {
    #[error(transparent)]
    Read(#[from] std::io::Error),
    #[error("it holds a certificate; name it as cert:FILE")]
    Certificate,
    #[error(
        "it holds an RSA PUBLIC KEY (PKCS #1); convert it with openssl rsa -RSAPublicKey_in -pubout"
    )]
    Pkcs1,
    #[error("it holds no PEM block PUBLIC KEY, nor its DER")]
    NoPublicKey,
    #[error("the key is not an RSA key of 2048 to 8192 bits")]
    NotRsa,
}

/// Reads a `SubjectPublicKeyInfo`, PEM or DER.
pub(super) fn read(path: &Path) -> Result<RsaRecipient, PublicKeyError> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LIMIT).read_to_end(&mut bytes)?;
    let blocks = pem::parse_many(&bytes).unwrap_or_default();
    let holds = |tag: &str| blocks.iter().find(|block| block.tag() == tag);
    if let Some(block) = holds(SPKI) {
        return RsaRecipient::from_spki(block.contents()).ok_or(PublicKeyError::NotRsa);
    }
    if holds(CERTIFICATE).is_some() {
        return Err(PublicKeyError::Certificate);
    }
    if holds(PKCS1).is_some() {
        return Err(PublicKeyError::Pkcs1);
    }
    RsaRecipient::from_spki(&bytes).ok_or(PublicKeyError::NoPublicKey)
}

#[cfg(test)]
mod tests {
    use seal_keys::Certificate;

    use super::*;

    const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors");

    #[test]
    fn pem_and_der_are_the_same_key_and_the_rest_is_refused_by_name() {
        let path = format!("{VECTORS}/certificates/rsa-2048.pem");
        let text = std::fs::read(path).unwrap();
        let certificate = Certificate::from_pem(&text).unwrap();
        let spki = certificate.spki();
        let name = format!("rsa:{}", certificate.fingerprint());
        let block = |tag: &str| pem::encode(&pem::Pem::new(tag, spki)).into_bytes();
        let file = tempfile::NamedTempFile::new().unwrap();
        for (bytes, expected) in [
            (block("PUBLIC KEY"), Ok(name.as_str())),
            (spki.to_vec(), Ok(name.as_str())),
            (text.clone(), Err("it holds a certificate")),
            (block("RSA PUBLIC KEY"), Err("it holds an RSA PUBLIC KEY")),
            (b"age1a".to_vec(), Err("it holds no PEM block")),
            (
                pem::encode(&pem::Pem::new("PUBLIC KEY", [0x30])).into_bytes(),
                Err("the key is not an RSA key"),
            ),
        ] {
            std::fs::write(file.path(), bytes).unwrap();
            match (read(file.path()), expected) {
                (Ok(key), Ok(name)) => assert_eq!(key.name().as_str(), name),
                (Err(error), Err(text)) => assert!(error.to_string().starts_with(text), "{error}"),
                (found, _) => panic!("{:?}", found.map(|key| key.bits())),
            }
        }
    }
}
