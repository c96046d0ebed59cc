//! What is known about a recipient without asking anybody: files are read, URLs and KMS are not.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;
use seal_keys::{Certificate, CertificateError, RsaRecipient};

use super::recipient_kind::{NotARecipient, RecipientKind};
use super::rule::{Place, RecipientSource};

/// No chain of certificates is longer, in bytes.
const LIMIT: u64 = 1024 * 1024;

/// What a source comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Offline {
    /// The kind, for people.
    pub(crate) kind: String,
    /// The `to` of its wraps; `None` when only a network knows.
    pub(crate) to: Option<String>,
    /// Whether it is a certificate whose private half is in AWS KMS.
    pub(crate) certificate_in_kms: bool,
}

/// Why a recipient cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OfflineError {
    #[error("cannot read the file: {0}")]
    Read(#[from] std::io::Error),
    #[error("{0}")]
    Certificate(#[from] CertificateError),
    #[error(
        "the file holds no public key (PEM block PUBLIC KEY, as `aws kms get-public-key` gives it in DER)"
    )]
    NoPublicKey,
    #[error("the public key is no RSA key of 2048 to 8192 bits")]
    NotRsa,
    #[error("{0}")]
    Text(#[from] NotARecipient),
}

impl Offline {
    pub(crate) fn of(source: &RecipientSource, now: Timestamp) -> Result<Self, OfflineError> {
        match source {
            RecipientSource::Certificate(Place::File(path)) => of_certificate(&read(path)?, now),
            RecipientSource::Certificate(Place::Url(_)) => {
                Ok(Self::new("certificate".to_owned(), None))
            }
            RecipientSource::KmsPublicKey(path) => of_public_key(&read(path)?),
            RecipientSource::Text(text) => Ok(of_text(text)?),
        }
    }

    fn new(kind: String, to: Option<String>) -> Self {
        Self {
            kind,
            to,
            certificate_in_kms: false,
        }
    }
}

fn of_certificate(pem: &[u8], now: Timestamp) -> Result<Offline, OfflineError> {
    let certificate = Certificate::from_pem(pem)?;
    let recipient = certificate.recipient(now)?;
    let until = match certificate.not_after() {
        end if end == Timestamp::MAX => "without end".to_owned(),
        end => format!("until {}", end.strftime("%Y-%m-%d")),
    };
    let in_kms = certificate.is_kms_held();
    let of = if in_kms { " of a KMS key" } else { "" };
    Ok(Offline {
        kind: format!("certificate{of}, RSA {}, {until}", recipient.bits()),
        to: Some(format!("rsa:{}", certificate.fingerprint())),
        certificate_in_kms: in_kms,
    })
}

fn of_public_key(text: &[u8]) -> Result<Offline, OfflineError> {
    let blocks = pem::parse_many(text).unwrap_or_default();
    let key = blocks.iter().find(|block| block.tag() == "PUBLIC KEY");
    let spki = key.ok_or(OfflineError::NoPublicKey)?.contents();
    let recipient = RsaRecipient::from_spki(spki).ok_or(OfflineError::NotRsa)?;
    let mut to = "rsa:".to_owned();
    for byte in digest(&SHA256, spki).as_ref() {
        // Writing to a String cannot fail.
        let _ = write!(to, "{byte:02x}");
    }
    let kind = format!("KMS public key, RSA {}", recipient.bits());
    Ok(Offline::new(kind, Some(to)))
}

fn of_text(text: &str) -> Result<Offline, NotARecipient> {
    let kind = RecipientKind::of(text)?;
    let to = match kind {
        RecipientKind::KmsAlias => None,
        RecipientKind::KmsKey => Some(text.strip_prefix("kms:").unwrap_or(text).to_owned()),
        // A comment is no part of an SSH key.
        RecipientKind::SshEd25519 | RecipientKind::SshRsa => {
            let words: Vec<_> = text.split_ascii_whitespace().take(2).collect();
            Some(words.join(" "))
        }
        _ => Some(text.to_owned()),
    };
    Ok(Offline::new(kind.to_string(), to))
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LIMIT).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_what_wraps_say() {
        let key = "arn:aws:kms:eu-west-1:111122223333:key/1234";
        for (text, to) in [
            ("age1qqq", Some("age1qqq")),
            ("ssh-ed25519  AAAA alice@example", Some("ssh-ed25519 AAAA")),
            (&format!("kms:{key}"), Some(key)),
            ("kms:alias/x", None),
        ] {
            let source = RecipientSource::Text(text.to_owned());
            let found = Offline::of(&source, Timestamp::UNIX_EPOCH).unwrap();
            assert_eq!(found.to.as_deref(), to, "{text}");
        }
    }
}
