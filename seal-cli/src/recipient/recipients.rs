//! Everyone who shall be able to read, and the wraps for them.

use std::sync::Arc;

use seal_format::se1::{Binding, RecipientName, Wrap};
use seal_keys::Recipient as _;
use zeroize::Zeroizing;

use super::error::RecipientError;
use super::legacy::OneCertificate;
use super::reader::{Reader, Readers};
use super::{Key, Recipient, kms};
use crate::age::{Ask, Terminal};
use crate::kms_connection::KmsConnection;

/// The recipients of one command, each once.
pub(crate) struct Recipients {
    pub(super) list: Vec<Recipient>,
    /// Everything that was named, by its place in `list`.
    named: Vec<usize>,
    pub(super) kms: KmsConnection,
    /// Who answers what plug-ins ask.
    ask: Arc<dyn Ask>,
}

/// A data key without its wraps.
pub(crate) struct ToWrap {
    /// The 40 bytes.
    pub(crate) data_key: Zeroizing<Vec<u8>>,
    /// What it is for.
    pub(crate) object: Binding,
}

/// The wraps of one data key, and who they are for.
pub(crate) struct Wrapped {
    /// In the order in which the recipients were named.
    pub(crate) wraps: Vec<Wrap>,
    /// The same recipients.
    pub(crate) readers: Readers,
}

impl Recipients {
    pub(super) fn new(list: Vec<Recipient>, named: Vec<usize>, kms: KmsConnection) -> Self {
        Self {
            list,
            named,
            kms,
            ask: Arc::new(Terminal),
        }
    }

    /// The key of each that was named, in that order; `None` where only KMS knows.
    pub(crate) fn named(&self) -> Vec<Option<String>> {
        let to = |place: &usize| self.list.get(*place)?.to().map(ToString::to_string);
        self.named.iter().map(to).collect()
    }

    /// The same by what was wrapped.
    pub(super) fn named_in(&self, readers: &Readers) -> Vec<Option<String>> {
        let to = |place: &usize| readers.keys.get(*place).map(ToString::to_string);
        self.named.iter().map(to).collect()
    }

    /// The one certificate, if that is all there is: the legacy format takes no other.
    pub(crate) fn only_certificate(&self) -> Option<OneCertificate<'_>> {
        let [Recipient { key, .. }] = self.list.as_slice() else {
            return None;
        };
        let (key, in_kms) = match key {
            Key::Certificate(key) => (key, false),
            Key::CertificateInKms(key) => (key, true),
            _ => return None,
        };
        Some(OneCertificate { key, in_kms })
    }

    /// What messages call them.
    pub(crate) fn called(&self) -> String {
        let called: Vec<_> = self.list.iter().map(Recipient::called).collect();
        called.join(", ")
    }

    /// Wraps one data key for everyone.
    ///
    /// # Errors
    /// [`RecipientError::Wrap`], [`RecipientError::Kms`], [`RecipientError::Runtime`].
    pub(crate) fn wrap_all(
        &self,
        data_key: &[u8],
        object: &Binding,
    ) -> Result<Wrapped, RecipientError> {
        let needed = ToWrap {
            data_key: Zeroizing::new(data_key.to_vec()),
            object: object.clone(),
        };
        let answers = self.ask_kms(std::slice::from_ref(&needed))?;
        self.wrap(&needed, answers.into_iter().next().unwrap_or_default())
    }

    /// The wraps that only KMS can make, for many data keys: for each, in the order of the
    /// recipients that are KMS keys.
    ///
    /// # Errors
    /// [`RecipientError::Kms`], [`RecipientError::Runtime`].
    pub(crate) fn ask_kms(&self, needed: &[ToWrap]) -> Result<Vec<Vec<Wrap>>, RecipientError> {
        let keys: Vec<_> = self
            .list
            .iter()
            .filter_map(|recipient| match &recipient.key {
                Key::Kms(key, _) => Some((recipient.called(), key)),
                _ => None,
            })
            .collect();
        kms::wrap(&keys, needed, &self.kms)
    }

    /// All wraps of one data key. `of_kms` are those that KMS made of it.
    ///
    /// # Errors
    /// [`RecipientError::Wrap`].
    pub(crate) fn wrap(
        &self,
        needed: &ToWrap,
        of_kms: Vec<Wrap>,
    ) -> Result<Wrapped, RecipientError> {
        let mut of_kms = of_kms.into_iter();
        let mut wrapped = Wrapped {
            wraps: Vec::with_capacity(self.list.len()),
            readers: Readers::default(),
        };
        for recipient in &self.list {
            let failed = || RecipientError::Wrap(recipient.called().to_owned());
            let made = |to: &RecipientName, blob| Wrap {
                to: to.clone(),
                blob,
            };
            let wrap = match &recipient.key {
                Key::Certificate(key) | Key::CertificateInKms(key) | Key::Bare(key) => {
                    let blob = key.wrap(&needed.data_key, b"").map_err(|_| failed())?;
                    made(key.name(), blob)
                }
                Key::Age(key) => {
                    let blob = key.wrap(&needed.data_key, &self.ask);
                    let failed = |reason| RecipientError::WrapAge {
                        called: recipient.called().to_owned(),
                        reason: Box::new(reason),
                    };
                    made(key.name(), blob.map_err(failed)?)
                }
                Key::Kms(..) => of_kms.next().ok_or_else(failed)?,
            };
            let reader = Reader::new(recipient.name(), wrap.to.clone());
            if wrapped.readers.add(reader) {
                wrapped.wraps.push(wrap);
            }
        }
        Ok(wrapped)
    }
}

impl Recipient {
    /// What people call it, unless that is the key itself.
    fn name(&self) -> Option<String> {
        let written = self.written.to_ascii_lowercase();
        let to = self.to().map(|to| to.as_str().to_ascii_lowercase());
        let is_key = to.is_some_and(|to| written.ends_with(&to));
        let written = (!is_key).then(|| self.written.clone());
        self.name.clone().or(written)
    }
}
