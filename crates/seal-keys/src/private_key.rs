//! Private keys as key Secrets and backups hold them (contract §1.5).

use pkcs8::der::Encode as _;
use pkcs8::der::asn1::AnyRef;
use pkcs8::{AlgorithmIdentifierRef, ObjectIdentifier, PrivateKeyInfo};
use zeroize::Zeroizing;

use crate::pem_blocks;

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const PKCS1_TAG: &str = "RSA PRIVATE KEY";
const PKCS8_TAG: &str = "PRIVATE KEY";
/// PKCS#8 with a passphrase (RFC 7468, §11).
const LOCKED_TAG: &str = "ENCRYPTED PRIVATE KEY";
/// A header of PKCS#1 keys with a passphrase (RFC 1421, §4.6.1.1).
const PROC_TYPE: &str = "Proc-Type";

/// An RSA private key in its PKCS#8 encoding; wiped when dropped, never printed.
#[derive(Clone)]
pub struct PrivateKey(Zeroizing<Vec<u8>>);

/// Why a private key cannot be used. It names no byte of the key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PrivateKeyError {
    /// There is no PEM block of a private key.
    #[error("holds no PEM block RSA PRIVATE KEY or PRIVATE KEY")]
    NoPem,
    /// Nobody is asked for one here.
    #[error(
        "holds a private key with a passphrase; write it without one (openssl pkey -in KEY -out PLAIN) and delete that file after use"
    )]
    Passphrase,
    /// The block's DER is broken, or the key is not RSA.
    #[error("holds a private key that is not RSA, or is damaged")]
    NotRsa,
    /// Smaller than 2048 bits, larger than 8192, or inconsistent.
    #[error("holds an RSA key that is damaged or not of 2048 to 8192 bits")]
    NotUsable,
    /// What is sealed for the certificate would never open.
    #[error("holds another key than the one that the certificate is for")]
    OtherKey,
}

impl PrivateKey {
    /// Reads the first private key of a PEM text; other blocks before it are skipped.
    pub fn from_pem(text: &[u8]) -> Result<Self, PrivateKeyError> {
        Self::all(text)
            .into_iter()
            .next()
            .ok_or(PrivateKeyError::NoPem)?
    }

    /// Reads every private key of a PEM text, as people put their backups together.
    ///
    /// # Errors
    /// The first that cannot be read; [`PrivateKeyError::NoPem`] if there is none.
    pub fn all_from_pem(text: &[u8]) -> Result<Vec<Self>, PrivateKeyError> {
        let keys: Vec<_> = Self::all(text).into_iter().collect::<Result<_, _>>()?;
        if keys.is_empty() {
            return Err(PrivateKeyError::NoPem);
        }
        Ok(keys)
    }

    fn all(text: &[u8]) -> Vec<Result<Self, PrivateKeyError>> {
        let mut keys = Vec::new();
        for block in pem_blocks::blocks(text) {
            let tag = block.tag().to_owned();
            let procedure = block.headers().get(PROC_TYPE).unwrap_or_default();
            let is_locked = tag == LOCKED_TAG || procedure.ends_with("ENCRYPTED");
            let der = Zeroizing::new(block.into_contents());
            if is_locked && tag.ends_with(PKCS8_TAG) {
                keys.push(Err(PrivateKeyError::Passphrase));
            } else if tag == PKCS1_TAG {
                keys.push(Self::from_pkcs1_der(&der));
            } else if tag == PKCS8_TAG {
                keys.push(Self::from_pkcs8_der(&der));
            }
        }
        // A locked key beside another one is for somebody else, as for Go's programs.
        if keys.iter().any(Result::is_ok) {
            keys.retain(|key| !matches!(key, Err(PrivateKeyError::Passphrase)));
        }
        keys
    }

    /// Reads PKCS#8 DER.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, PrivateKeyError> {
        let info = PrivateKeyInfo::try_from(der).map_err(|_| PrivateKeyError::NotRsa)?;
        if info.algorithm.oid != RSA_ENCRYPTION {
            return Err(PrivateKeyError::NotRsa);
        }
        Ok(Self(Zeroizing::new(der.to_vec())))
    }

    /// Reads PKCS#1 DER, which the crypto library takes only inside PKCS#8.
    pub fn from_pkcs1_der(der: &[u8]) -> Result<Self, PrivateKeyError> {
        let algorithm = AlgorithmIdentifierRef {
            oid: RSA_ENCRYPTION,
            parameters: Some(AnyRef::NULL),
        };
        PrivateKeyInfo::new(algorithm, der)
            .to_der()
            .map(|der| Self(Zeroizing::new(der)))
            .map_err(|_| PrivateKeyError::NotRsa)
    }

    /// The PKCS#8 DER.
    pub fn pkcs8_der(&self) -> &[u8] {
        &self.0
    }

    /// PKCS#1 PEM, what Sealed Secrets stores in `tls.key`.
    pub fn to_pkcs1_pem(&self) -> Result<Zeroizing<String>, PrivateKeyError> {
        let info =
            PrivateKeyInfo::try_from(self.0.as_slice()).map_err(|_| PrivateKeyError::NotRsa)?;
        let block = pem::Pem::new(PKCS1_TAG, info.private_key);
        let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
        Ok(Zeroizing::new(pem::encode_config(&block, config)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_no_private_key() {
        for (text, error) in [
            ("", PrivateKeyError::NoPem),
            ("garbage", PrivateKeyError::NoPem),
            (
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                PrivateKeyError::NoPem,
            ),
            (
                "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
                PrivateKeyError::NotRsa,
            ),
            (
                "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
                PrivateKeyError::Passphrase,
            ),
            (
                "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00112233445566778899AABBCCDDEEFF\n\nAAAA\n-----END RSA PRIVATE KEY-----\n",
                PrivateKeyError::Passphrase,
            ),
        ] {
            assert_eq!(
                PrivateKey::from_pem(text.as_bytes()).err(),
                Some(error),
                "{text}"
            );
        }
    }

    #[test]
    fn a_backup_may_hold_several_keys() {
        let block = "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n";
        let text = format!("# old\n{block}# new\n{block}");
        let keys = PrivateKey::all_from_pem(text.as_bytes()).map(|keys| keys.len());
        assert_eq!(keys, Ok(2));
        let locked =
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
        let beside = format!("{locked}{block}{locked}");
        let keys = PrivateKey::all_from_pem(beside.as_bytes()).map(|keys| keys.len());
        assert_eq!(keys, Ok(1));
        let none = PrivateKey::all_from_pem(b"# none\n").err();
        assert_eq!(none, Some(PrivateKeyError::NoPem));
    }
}
