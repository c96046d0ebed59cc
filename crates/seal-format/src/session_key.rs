//! The key of one value, and the payload under it.

use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use zeroize::Zeroizing;

/// A fresh AES-256 key for exactly one value; wiped when dropped, never printed.
pub struct SessionKey(Zeroizing<[u8; SessionKey::LEN]>);

/// Why a payload could not be sealed or opened. It names no byte of either.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PayloadError {
    /// The authentication tag does not fit: other key, or changed bytes.
    #[error("the payload does not authenticate under this key")]
    BadTag,
    /// A session key has exactly 32 bytes.
    #[error("a session key has 32 bytes, this one has {0}")]
    KeyLength(usize),
    /// AES-GCM takes at most 64 GiB.
    #[error("the value is too long for one AES-GCM message")]
    TooLong,
}

impl SessionKey {
    /// Length in bytes.
    pub const LEN: usize = 32;

    /// Takes 32 random bytes. They must be fresh: the format's nonce is constant.
    pub fn from_fresh_bytes(bytes: Zeroizing<[u8; Self::LEN]>) -> Self {
        Self(bytes)
    }

    /// Takes what a private key unwrapped.
    pub fn from_unwrapped(bytes: &[u8]) -> Result<Self, PayloadError> {
        let bytes: [u8; Self::LEN] = bytes
            .try_into()
            .map_err(|_| PayloadError::KeyLength(bytes.len()))?;
        Ok(Self(Zeroizing::new(bytes)))
    }

    /// The bytes to wrap for a recipient.
    pub fn expose(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// Encrypts one value: ciphertext and 16-byte tag, nonce of twelve zero bytes, no additional
    /// data (contract §1). Safe only because the key is never used twice; hence it is consumed.
    pub fn seal(self, plaintext: &[u8]) -> Result<Vec<u8>, PayloadError> {
        self.cipher()
            .encrypt(&Nonce::default(), plaintext)
            .map_err(|_| PayloadError::TooLong)
    }

    /// Decrypts one value.
    pub fn open(&self, payload: &[u8]) -> Result<Zeroizing<Vec<u8>>, PayloadError> {
        self.cipher()
            .decrypt(&Nonce::default(), payload)
            .map(Zeroizing::new)
            .map_err(|_| PayloadError::BadTag)
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new(Key::<Aes256Gcm>::from_slice(self.0.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> SessionKey {
        SessionKey::from_fresh_bytes(Zeroizing::new([byte; SessionKey::LEN]))
    }

    #[test]
    fn opens_what_it_sealed_also_nothing() {
        for plaintext in [&b""[..], b"hunter2", &[0, 255, 10]] {
            let payload = key(1).seal(plaintext).unwrap();
            assert_eq!(payload.len(), plaintext.len() + 16);
            assert_eq!(key(1).open(&payload).unwrap().as_slice(), plaintext);
        }
    }

    #[test]
    fn refuses_other_keys_and_changed_bytes() {
        let mut payload = key(1).seal(b"hunter2").unwrap();
        assert_eq!(key(2).open(&payload).unwrap_err(), PayloadError::BadTag);
        payload[0] ^= 1;
        assert_eq!(key(1).open(&payload).unwrap_err(), PayloadError::BadTag);
        assert_eq!(key(1).open(&[]).unwrap_err(), PayloadError::BadTag);
    }

    #[test]
    fn unwrapped_keys_have_the_right_length() {
        assert!(SessionKey::from_unwrapped(&[7; 32]).is_ok());
        assert_eq!(
            SessionKey::from_unwrapped(&[7; 40]).err(),
            Some(PayloadError::KeyLength(40))
        );
    }
}
