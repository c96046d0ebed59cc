//! From what was written to public keys: files are read, URLs fetched, clusters asked. KMS is not
//! asked before there is something to wrap.

use std::sync::Arc;

use jiff::Timestamp;
use seal_format::se1::{MAX_WRAPS, RecipientName};
use seal_keys::Certificate;
use seal_kms::{KeyName, KmsOptions};

use super::asked::{Asked, Entry};
use super::error::{RecipientError, shortened};
use super::recipients::Recipients;
use super::spelling::Spelling;
use super::{Key, Recipient, public_key};
use crate::age;
use crate::certificate::{self, Fetched};
use crate::context::Cluster;
use crate::error::CliError;
use crate::kms_connection::KmsConnection;
use crate::ui;

impl Asked {
    /// Gets every public key.
    ///
    /// # Errors
    /// Those of certificates, clusters and [`RecipientError`].
    pub(crate) fn resolve(
        &self,
        cluster: &Cluster,
        kms: KmsConnection,
    ) -> Result<Recipients, CliError> {
        let mut list: Vec<Recipient> = Vec::with_capacity(self.entries.len());
        let mut places = Vec::with_capacity(self.entries.len());
        for entry in &self.entries {
            let recipient = recipient(entry.clone(), cluster)?;
            let same = |known: &Recipient| known.to().is_some() && known.to() == recipient.to();
            let place = list.iter().position(same);
            places.push(place.unwrap_or(list.len()));
            match place.and_then(|place| list.get(place)) {
                Some(known) => ui::warn(&format!(
                    "{} and {} are the same recipient",
                    known.called(),
                    recipient.called()
                )),
                None => list.push(recipient),
            }
        }
        if list.len() > MAX_WRAPS {
            return Err(RecipientError::TooMany(list.len()).into());
        }
        let named = self.named.iter();
        let named = named.filter_map(|entry| places.get(*entry).copied());
        Ok(Recipients::new(list, named.collect(), kms))
    }
}

impl Recipients {
    /// The cluster's certificate, where nobody said anything else.
    pub(crate) fn of_cluster(cluster: &Cluster) -> Result<Self, CliError> {
        let entry = Entry {
            name: None,
            written: "cluster".to_owned(),
            spelling: Spelling::Cluster(None),
        };
        let list = vec![recipient(entry, cluster)?];
        Ok(Self::new(
            list,
            vec![0],
            KmsConnection::new(KmsOptions::default()),
        ))
    }
}

pub(super) fn recipient(entry: Entry, cluster: &Cluster) -> Result<Recipient, CliError> {
    let Entry {
        name,
        mut written,
        spelling,
    } = entry;
    let called = name.clone().unwrap_or_else(|| written.clone());
    let key = match spelling {
        Spelling::Certificate(place) => {
            let fetched = certificate::read(&place, cluster).map_err(of(name.as_deref()))?;
            written.clone_from(&fetched.from);
            of_certificate(&fetched).map_err(of(name.as_deref()))?
        }
        Spelling::Cluster(context) => {
            let fetched = certificate::of_cluster(&cluster.in_context(context))?;
            of_certificate(&fetched)?
        }
        Spelling::PublicKey(path) => match public_key::read(&path) {
            Ok(key) => Key::Bare(Arc::new(key)),
            Err(reason) => {
                return Err(RecipientError::PublicKey {
                    called,
                    path,
                    reason,
                }
                .into());
            }
        },
        Spelling::Age(text) => {
            // People know each other's SSH keys by their comments.
            if let Some(comment) = comment(&text) {
                comment.clone_into(&mut written);
            }
            age(&text, &called)?
        }
        Spelling::Kms(key) => {
            let to = to_of_kms(&key, called)?;
            Key::Kms(key, to)
        }
    };
    Ok(Recipient { name, written, key })
}

/// Whoever is named by a rule is told by that name.
fn of(name: Option<&str>) -> impl Fn(CliError) -> CliError {
    move |reason| match name {
        Some(name) => CliError::CertificateOf {
            name: name.to_owned(),
            reason: Box::new(reason),
        },
        None => reason,
    }
}

fn of_certificate(fetched: &Fetched) -> Result<Key, CliError> {
    let key = |certificate: Certificate| {
        let now = Timestamp::now();
        let key = Arc::new(certificate.recipient(now)?);
        if let Some(warning) = certificate::warning(&fetched.from, certificate.not_after(), now) {
            ui::warn(&warning);
        }
        Ok(if certificate.is_kms_held() {
            Key::CertificateInKms(key)
        } else {
            Key::Certificate(key)
        })
    };
    Certificate::from_pem(&fetched.bytes)
        .and_then(key)
        .map_err(|reason| CliError::Certificate {
            from: fetched.from.clone(),
            reason,
        })
}

fn comment(text: &str) -> Option<&str> {
    let mut words = text.split_ascii_whitespace();
    words.next().filter(|kind| !kind.starts_with("age1"))?;
    words.nth(1).filter(|word| !word.contains(char::is_control))
}

fn age(text: &str, called: &str) -> Result<Key, RecipientError> {
    let key = age::Recipient::parse(text).map_err(|reason| RecipientError::Age {
        called: shortened(called),
        reason,
    })?;
    Ok(Key::Age(Arc::new(key)))
}

fn to_of_kms(key: &KeyName, called: String) -> Result<Option<RecipientName>, RecipientError> {
    let KeyName::Key(arn) = key else {
        return Ok(None);
    };
    let to = RecipientName::from_text(&arn.to_string());
    to.map(Some).map_err(|_| RecipientError::Name(called))
}
