//! The `ssh-rsa` stanza (C2SP `age.md`; contract §4.2), on aws-lc-rs: the library would use the
//! crate `rsa`, ten times slower and not in constant time.

use std::collections::HashSet;

use age::{DecryptError, EncryptError};
use age_core::format::{FILE_KEY_BYTES, FileKey, Stanza};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use seal_keys::{Identity as _, Recipient as _, RsaIdentity, RsaRecipient};

const TYPE: &str = "ssh-rsa";
const LABEL: &[u8] = b"age-encryption.org/v1/ssh-rsa";

/// An `ssh-rsa` public key.
pub(super) struct Recipient {
    fingerprint: String,
    key: RsaRecipient,
}

impl Recipient {
    /// `blob` is the key as SSH writes it, before base64.
    pub(super) fn new(blob: &[u8], key: RsaRecipient) -> Self {
        let fingerprint = fingerprint(blob);
        Self { fingerprint, key }
    }
}

impl age::Recipient for Recipient {
    fn wrap_file_key(
        &self,
        file_key: &FileKey,
    ) -> Result<(Vec<Stanza>, HashSet<String>), EncryptError> {
        use age::secrecy::ExposeSecret as _;
        let body = self
            .key
            .wrap(file_key.expose_secret(), LABEL)
            .map_err(|error| EncryptError::Io(std::io::Error::other(error)))?;
        let stanza = Stanza {
            tag: TYPE.to_owned(),
            args: vec![self.fingerprint.clone()],
            body,
        };
        Ok((vec![stanza], HashSet::new()))
    }
}

/// An `ssh-rsa` private key.
pub(super) struct Identity {
    fingerprint: String,
    key: RsaIdentity,
}

impl Identity {
    /// `blob` is the public key as SSH writes it, before base64.
    pub(super) fn new(blob: &[u8], key: RsaIdentity) -> Self {
        let fingerprint = fingerprint(blob);
        Self { fingerprint, key }
    }
}

impl age::Identity for Identity {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        if stanza.tag != TYPE {
            return None;
        }
        let [of] = stanza.args.as_slice() else {
            return Some(Err(DecryptError::InvalidHeader));
        };
        if *of != self.fingerprint {
            return None;
        }
        Some(self.open(&stanza.body))
    }
}

impl Identity {
    fn open(&self, body: &[u8]) -> Result<FileKey, DecryptError> {
        let opened = self
            .key
            .unwrap(body, LABEL)
            .map_err(|_| DecryptError::DecryptionFailed)?;
        if opened.len() != FILE_KEY_BYTES {
            return Err(DecryptError::DecryptionFailed);
        }
        Ok(FileKey::init_with_mut(|key| key.copy_from_slice(&opened)))
    }
}

/// The first four bytes of the key's hash.
fn fingerprint(blob: &[u8]) -> String {
    let hash = digest(&SHA256, blob);
    STANDARD_NO_PAD.encode(hash.as_ref().get(..4).unwrap_or_default())
}
