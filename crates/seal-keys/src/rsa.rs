//! RSA-OAEP with SHA-256 for hash and mask (contract §1), in aws-lc-rs.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rsa::{
    OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, OaepPublicEncryptingKey,
    PrivateDecryptingKey, PublicEncryptingKey,
};
use seal_format::se1::RecipientName;
use zeroize::Zeroizing;

use crate::private_key::{PrivateKey, PrivateKeyError};
use crate::recipient::{Identity, Recipient, UnwrapError, WrapError};

/// The public half of an RSA key of 2048 to 8192 bits.
pub struct RsaRecipient {
    key: OaepPublicEncryptingKey,
    name: RecipientName,
}

impl RsaRecipient {
    /// Takes a `SubjectPublicKeyInfo` (DER). `None` if it is no RSA key of a supported size.
    pub fn from_spki(der: &[u8]) -> Option<Self> {
        let key = PublicEncryptingKey::from_der(der).ok()?;
        let name = name(&encoded(&key)?)?;
        let key = OaepPublicEncryptingKey::new(key).ok()?;
        Some(Self { key, name })
    }

    /// Size of the modulus in bits.
    pub fn bits(&self) -> usize {
        self.key.key_size_bits()
    }

    /// What SE1 calls it: `rsa:` and the SHA-256 of the public key.
    pub fn name(&self) -> &RecipientName {
        &self.name
    }
}

impl Recipient for RsaRecipient {
    fn wrap(&self, data_key: &[u8], label: &[u8]) -> Result<Vec<u8>, WrapError> {
        let mut wrapped = vec![0; self.key.ciphertext_size()];
        let written = self
            .key
            .encrypt(&OAEP_SHA256_MGF1SHA256, data_key, &mut wrapped, Some(label))
            .map_err(|_| WrapError)?
            .len();
        wrapped.truncate(written);
        Ok(wrapped)
    }
}

/// The private half. Importing checks the key and costs half a millisecond: import once, keep it.
pub struct RsaIdentity {
    key: OaepPrivateDecryptingKey,
    /// Its public half, DER as the crypto library writes it.
    public: Vec<u8>,
    name: RecipientName,
}

impl RsaIdentity {
    /// Imports a private key.
    pub fn new(key: &PrivateKey) -> Result<Self, PrivateKeyError> {
        let key = PrivateDecryptingKey::from_pkcs8(key.pkcs8_der())
            .map_err(|_| PrivateKeyError::NotUsable)?;
        let public = encoded(&key.public_key()).ok_or(PrivateKeyError::NotUsable)?;
        let key = OaepPrivateDecryptingKey::new(key).map_err(|_| PrivateKeyError::NotUsable)?;
        let name = name(&public).ok_or(PrivateKeyError::NotUsable)?;
        Ok(Self { key, public, name })
    }

    /// The public half, to wrap for the same key again.
    pub fn recipient(&self) -> Option<RsaRecipient> {
        RsaRecipient::from_spki(&self.public)
    }

    /// What SE1 calls it: `rsa:` and the SHA-256 of the public key.
    pub fn name(&self) -> &RecipientName {
        &self.name
    }

    /// Whether it opens what is wrapped for this public key (`SubjectPublicKeyInfo`, DER).
    pub fn belongs_to(&self, spki: &[u8]) -> bool {
        // Encoded anew: one key has several encodings.
        PublicEncryptingKey::from_der(spki)
            .ok()
            .and_then(|public| encoded(&public))
            .is_some_and(|public| public == self.public)
    }
}

/// One key has several encodings; the name is of the one that the crypto library writes, which is
/// OpenSSL's, too.
fn name(spki: &[u8]) -> Option<RecipientName> {
    let hash = digest(&SHA256, spki);
    Some(RecipientName::of_rsa(hash.as_ref().try_into().ok()?))
}

fn encoded(key: &PublicEncryptingKey) -> Option<Vec<u8>> {
    let der: PublicKeyX509Der<'_> = key.as_der().ok()?;
    Some(der.as_ref().to_vec())
}

impl Identity for RsaIdentity {
    fn unwrap(&self, wrapped: &[u8], label: &[u8]) -> Result<Zeroizing<Vec<u8>>, UnwrapError> {
        // Another key's block: saves a private operation, tells nothing that its length did not.
        if wrapped.len() != self.key.key_size_bytes() {
            return Err(UnwrapError);
        }
        let mut buffer = Zeroizing::new(vec![0; self.key.min_output_size()]);
        let written = self
            .key
            .decrypt(&OAEP_SHA256_MGF1SHA256, wrapped, &mut buffer, Some(label))
            .map_err(|_| UnwrapError)?
            .len();
        Ok(Zeroizing::new(buffer[..written].to_vec()))
    }
}
