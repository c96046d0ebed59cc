//! SSH private keys, as `ssh-keygen` writes them. Of the library's SSH identities only the
//! ssh-ed25519 ones may be used, because its ssh-rsa ones run on the crate `rsa`: they are named in
//! this file alone (`cargo xtask check` holds us to it), and an RSA key leaves it as
//! [`ssh_rsa::Identity`].

use age::secrecy::ExposeSecret as _;
use pkcs8::EncodePrivateKey as _;
use rsa::pkcs1::DecodeRsaPrivateKey as _;
use rsa::traits::PublicKeyParts as _;
use rsa::{BigUint, RsaPrivateKey};
use seal_age::UnwrapError;
use seal_format::se1::RecipientName;
use seal_keys::{PrivateKey, RsaIdentity};
use ssh_key::private::{KeypairData, RsaKeypair};
use ssh_key::public::{KeyData, RsaPublicKey};
use ssh_key::{LineEnding, Mpint, PublicKey};
use zeroize::Zeroizing;

use super::ask::Ask;
use super::lock::{Lock, LockFault};
use super::ssh_rsa;

const OPENSSH: &str = "-----BEGIN OPENSSH PRIVATE KEY-----";
const PKCS1: &str = "-----BEGIN RSA PRIVATE KEY-----";

/// No SSH key file is larger, in bytes.
const LARGEST: usize = 64 << 10;

/// The private half of an `ssh-ed25519 …` or `ssh-rsa …` recipient, perhaps behind a passphrase.
pub(super) struct SshKey {
    name: RecipientName,
    from: String,
    key: Key,
}

enum Key {
    Open(OpenKey),
    Locked(Box<ssh_key::PrivateKey>, Lock<OpenKey>),
}

enum OpenKey {
    /// Never an RSA key: see [`OpenKey::ed25519`].
    Ed25519(Box<age::ssh::Identity>),
    Rsa(Box<ssh_rsa::Identity>),
}

/// Why an SSH key cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum SshKeyError {
    #[error("is a damaged SSH private key")]
    Damaged,
    #[error("is an SSH key with an old kind of passphrase; `ssh-keygen -p -f FILE` renews it")]
    OldPassphrase,
    #[error("is an SSH key of type {0}; age uses ssh-ed25519 and ssh-rsa only")]
    Type(String),
    #[error("is an ssh-rsa key of a size other than 2048 to 4096 bits, or is damaged")]
    Rsa,
}

impl SshKey {
    /// Whether a file is one, going by its first line.
    pub(super) fn is_one(file: &[u8]) -> bool {
        let text = file.trim_ascii_start();
        text.starts_with(OPENSSH.as_bytes()) || text.starts_with(PKCS1.as_bytes())
    }

    /// Reads the text of a private key file; `from` is what messages call it.
    pub(super) fn read(file: &[u8], from: &str) -> Result<Self, SshKeyError> {
        let text = file.trim_ascii();
        if text.len() > LARGEST {
            return Err(SshKeyError::Damaged);
        }
        let text = std::str::from_utf8(text).map_err(|_| SshKeyError::Damaged)?;
        let (public, key) = if text.starts_with(PKCS1) {
            of_pkcs1(text)?
        } else {
            of_openssh(text)?
        };
        Ok(Self {
            name: name(&public)?,
            from: from.to_owned(),
            key,
        })
    }

    /// The recipient that it opens for.
    pub(super) fn name(&self) -> &RecipientName {
        &self.name
    }

    /// What messages call it.
    pub(super) fn from(&self) -> &str {
        &self.from
    }

    /// Whether a passphrase would be asked for. `None` if that was done in vain.
    pub(super) fn asks(&self) -> Option<bool> {
        match &self.key {
            Key::Open(_) => Some(false),
            Key::Locked(_, lock) if lock.opened().is_some() => Some(false),
            Key::Locked(_, lock) => lock.is_closed().then_some(true),
        }
    }

    /// Opens a wrap, asking for the passphrase if that was not done yet.
    pub(super) fn unwrap(
        &self,
        wrap: &[u8],
        ask: &dyn Ask,
    ) -> Result<Result<Zeroizing<Vec<u8>>, UnwrapError>, LockFault> {
        match &self.key {
            Key::Open(key) => Ok(seal_age::unwrap_with(key.as_age(), wrap)),
            Key::Locked(locked, lock) => {
                let prompt = format!("passphrase for the SSH key {}", self.from);
                let key = lock.open(ask, &prompt, |passphrase| {
                    let key = locked
                        .decrypt(passphrase.expose_secret())
                        .map_err(|_| LockFault::WrongPassphrase)?;
                    self.unlocked(&key)
                })?;
                Ok(seal_age::unwrap_with(key.as_age(), wrap))
            }
        }
    }

    /// The file names its public half in clear: it must be the one inside.
    fn unlocked(&self, key: &ssh_key::PrivateKey) -> Result<OpenKey, LockFault> {
        if name(key.public_key()).as_ref() != Ok(&self.name) {
            return Err(LockFault::Broken("holds another key than it says"));
        }
        OpenKey::new(key).map_err(|_| LockFault::Broken("holds a key that cannot be used"))
    }
}

fn of_openssh(text: &str) -> Result<(PublicKey, Key), SshKeyError> {
    let key = ssh_key::PrivateKey::from_openssh(text).map_err(|_| SshKeyError::Damaged)?;
    let public = key.public_key().clone();
    supported(&public)?;
    let key = if key.is_encrypted() {
        Key::Locked(Box::new(key), Lock::new())
    } else {
        Key::Open(OpenKey::new(&key)?)
    };
    Ok((public, key))
}

fn of_pkcs1(text: &str) -> Result<(PublicKey, Key), SshKeyError> {
    if text.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(SshKeyError::OldPassphrase);
    }
    let key = RsaPrivateKey::from_pkcs1_pem(text).map_err(|_| SshKeyError::Rsa)?;
    let number = |number: &BigUint| {
        Mpint::from_positive_bytes(&number.to_bytes_be()).map_err(|_| SshKeyError::Rsa)
    };
    let public = RsaPublicKey {
        e: number(key.e())?,
        n: number(key.n())?,
    };
    let public = PublicKey::from(KeyData::from(public));
    let key = OpenKey::rsa(&public, &key)?;
    Ok((public, Key::Open(key)))
}

impl OpenKey {
    fn new(key: &ssh_key::PrivateKey) -> Result<Self, SshKeyError> {
        match key.key_data() {
            KeypairData::Ed25519(_) => Self::ed25519(key),
            KeypairData::Rsa(pair) => Self::rsa(key.public_key(), &numbers(pair)?),
            _ => Err(SshKeyError::Type(key.algorithm().to_string())),
        }
    }

    /// The library reads its own type from text only.
    fn ed25519(key: &ssh_key::PrivateKey) -> Result<Self, SshKeyError> {
        let text = key
            .to_openssh(LineEnding::LF)
            .map_err(|_| SshKeyError::Damaged)?;
        match age::ssh::Identity::from_buffer(text.as_bytes(), None) {
            Ok(key @ age::ssh::Identity::Unencrypted(_)) => Ok(Self::Ed25519(Box::new(key))),
            _ => Err(SshKeyError::Damaged),
        }
    }

    fn rsa(public: &PublicKey, key: &RsaPrivateKey) -> Result<Self, SshKeyError> {
        let blob = public.to_bytes().map_err(|_| SshKeyError::Rsa)?;
        let der = key.to_pkcs8_der().map_err(|_| SshKeyError::Rsa)?;
        let key = PrivateKey::from_pkcs8_der(der.as_bytes()).map_err(|_| SshKeyError::Rsa)?;
        let key = RsaIdentity::new(&key).map_err(|_| SshKeyError::Rsa)?;
        Ok(Self::Rsa(Box::new(ssh_rsa::Identity::new(&blob, key))))
    }

    fn as_age(&self) -> &dyn age::Identity {
        match self {
            Self::Ed25519(key) => &**key,
            Self::Rsa(key) => &**key,
        }
    }
}

/// Not by the conversion that `ssh-key` 0.6.7 has: it takes the same prime twice.
fn numbers(pair: &RsaKeypair) -> Result<RsaPrivateKey, SshKeyError> {
    let number = |number: &Mpint| {
        number
            .as_positive_bytes()
            .map(BigUint::from_bytes_be)
            .ok_or(SshKeyError::Rsa)
    };
    let primes = vec![number(&pair.private.p)?, number(&pair.private.q)?];
    RsaPrivateKey::from_components(
        number(&pair.public.n)?,
        number(&pair.public.e)?,
        number(&pair.private.d)?,
        primes,
    )
    .map_err(|_| SshKeyError::Rsa)
}

fn supported(key: &PublicKey) -> Result<(), SshKeyError> {
    match key.key_data() {
        KeyData::Ed25519(_) | KeyData::Rsa(_) => Ok(()),
        _ => Err(SshKeyError::Type(key.algorithm().to_string())),
    }
}

/// The public half: type and key, without a comment.
fn name(key: &PublicKey) -> Result<RecipientName, SshKeyError> {
    supported(key)?;
    let bare = PublicKey::from(key.key_data().clone());
    let text = bare.to_openssh().map_err(|_| SshKeyError::Damaged)?;
    RecipientName::from_text(&text).map_err(|_| SshKeyError::Damaged)
}
