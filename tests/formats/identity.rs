//! Identities of vectors, opened with our code.

use std::fs;

use age::ssh;
use seal_age::{AgeIdentity, unwrap_with};
use seal_format::se1::{Fault, Wrap};
use seal_keys::{Identity as _, PrivateKey, RsaIdentity};
use seal_kms::KeyArn;
use suite::vectors;
use zeroize::Zeroizing;

/// What a reader has.
pub(crate) enum Identity {
    Rsa(RsaIdentity),
    Age(AgeIdentity),
    /// With the `to` that it opens.
    Ssh(Box<ssh::Identity>, String),
    /// A key in a service that does not answer here.
    Kms(KeyArn),
}

impl Identity {
    /// Loads a file under `vectors`, or takes an ARN.
    pub(crate) fn load(name: &str) -> Self {
        if let Ok(arn) = name.parse() {
            return Self::Kms(arn);
        }
        let text = fs::read_to_string(vectors().join(name)).unwrap();
        if let Some(at) = text.find("-----BEGIN OPENSSH") {
            let identity = ssh::Identity::from_buffer(&text.as_bytes()[at..], None).unwrap();
            let recipient = ssh::Recipient::try_from(identity.clone()).unwrap();
            return Self::Ssh(Box::new(identity), recipient.to_string());
        }
        if text.contains("PRIVATE KEY-----") {
            let key = PrivateKey::from_pem(text.as_bytes()).unwrap();
            return Self::Rsa(RsaIdentity::new(&key).unwrap());
        }
        let line = text.lines().find(|line| !line.starts_with('#')).unwrap();
        Self::Age(AgeIdentity::parse(line).unwrap())
    }

    pub(crate) fn is_for(&self, to: &str) -> bool {
        match self {
            Self::Rsa(key) => key.name().as_str() == to,
            Self::Age(key) => key.recipient_name() == to,
            Self::Ssh(_, name) => name == to,
            Self::Kms(arn) => to.parse().is_ok_and(|to| arn.is_same_key(&to)),
        }
    }

    pub(crate) fn is_in_service(&self) -> bool {
        matches!(self, Self::Kms(_))
    }

    pub(crate) fn unwrap(&self, wrap: &Wrap) -> Result<Zeroizing<Vec<u8>>, Fault> {
        match self {
            Self::Rsa(key) => key.unwrap(&wrap.blob, b"").map_err(|_| Fault::BadWrap),
            Self::Age(key) => unwrap_with(key.as_age(), &wrap.blob).map_err(|_| Fault::BadWrap),
            Self::Ssh(key, _) => unwrap_with(key.as_ref(), &wrap.blob).map_err(|_| Fault::BadWrap),
            Self::Kms(_) => Err(Fault::Unavailable),
        }
    }

    /// The session key of a legacy value.
    pub(crate) fn session_key(&self, wrapped: &[u8], label: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        match self {
            Self::Rsa(key) => key.unwrap(wrapped, label).ok(),
            _ => None,
        }
    }
}
