//! Which sealed values may stay: those that open to the value of now, and are for whoever they would be
//! sealed for now.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use seal_api::DataKeyEntry;
use seal_format::se1::{DataKeyBlock, MAX_DATA_KEYS, RecipientName, ValueFormat, value_format};
use seal_format::{Envelope, SessionKey};
use sealing::{Se1Object, SealedDocument};
use zeroize::Zeroizing;

use crate::identity::{Identities, Reach};
use crate::recipient::{OneCertificate, Recipients};
use crate::rules::RuleKms;
use crate::title::Title;

/// Values of a Secret by item.
pub(super) type Data = BTreeMap<String, Zeroizing<Vec<u8>>>;

/// Whom the Secret would be sealed for.
#[derive(Clone, Copy)]
pub(super) enum Now<'a> {
    Legacy(OneCertificate<'a>),
    Se1(&'a Recipients),
}

/// What opens old values.
pub(super) struct Was<'a> {
    pub(super) identities: &'a Identities,
    pub(super) kms: &'a RuleKms,
}

/// What stays of one object.
#[derive(Default)]
pub(super) struct Kept {
    /// Sealed values by item.
    pub(super) values: BTreeMap<String, String>,
    /// The data keys that they name.
    pub(super) data_keys: BTreeMap<String, DataKeyEntry>,
    /// Why other values do not, although they may be the same.
    pub(super) why: BTreeSet<Why>,
}

/// Why a value is sealed anew.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    NotThere,
    Whole,
    Format,
    Certificate,
    Readers,
    Alias,
    NoPrivateKey,
    Shut(String),
    Damaged,
    DataKeys,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotThere => {
                "it is not there, or more than once, in this namespace, with this name and scope"
            }
            Self::Whole => "it is there as one value (spec.data)",
            Self::Format => "it is there in another format (--format-version)",
            Self::Certificate => "it is for another certificate than the one that is sealed for now",
            Self::Readers => "it is for other readers than those that are sealed for now",
            Self::Alias => {
                "a reader is an alias of KMS, and only KMS knows of which key; name the key by its ARN to keep values"
            }
            Self::NoPrivateKey => {
                "no private key here opens it, so it cannot be compared; name that of the cluster with --private-key"
            }
            Self::Shut(reason) => {
                return write!(
                    f,
                    "it cannot be compared: {reason}; name your key with --identity, --private-key or --kms-key"
                );
            }
            Self::Damaged => "it is not as its writer left it",
            Self::DataKeys => "it has as many data keys as there can be",
        })
    }
}

impl Kept {
    fn not(why: Why) -> Self {
        Self {
            why: [why].into(),
            ..Self::default()
        }
    }

    /// Leaves what is to be sealed.
    pub(super) fn take_from(&self, data: &mut Data) {
        data.retain(|item, _| !self.values.contains_key(item));
    }
}

impl Was<'_> {
    /// Compares the values of a Secret with those of the object that is there.
    pub(super) fn kept(
        &self,
        sealed: Option<&SealedDocument>,
        title: &Title,
        data: &Data,
        now: Now<'_>,
    ) -> Kept {
        match (sealed, now) {
            (None, _) => Kept::not(Why::NotThere),
            (Some(sealed), _) if sealed.spec.data.is_some() => Kept::not(Why::Whole),
            (Some(sealed), Now::Legacy(certificate)) => {
                self.legacy(sealed, title, data, certificate)
            }
            (Some(sealed), Now::Se1(recipients)) => self.se1(sealed, title, data, recipients),
        }
    }

    /// Each value has a session key of its own, and does not say for whom it is: the key that opens it
    /// does.
    fn legacy(
        &self,
        sealed: &SealedDocument,
        title: &Title,
        data: &Data,
        certificate: OneCertificate<'_>,
    ) -> Kept {
        let label = title.scope.label(&title.namespace, &title.name);
        let mut kept = Kept::default();
        for (item, value) in data {
            let Some(text) = sealed.spec.encrypted_data.get(item) else {
                continue;
            };
            match self.is_same_legacy(text, &label, value, certificate) {
                Ok(true) => {
                    kept.values.insert(item.clone(), text.clone());
                }
                Ok(false) => {}
                Err(why) => {
                    kept.why.insert(why);
                }
            }
        }
        kept
    }

    fn is_same_legacy(
        &self,
        text: &str,
        label: &[u8],
        value: &[u8],
        certificate: OneCertificate<'_>,
    ) -> Result<bool, Why> {
        if value_format(text) != ValueFormat::Legacy {
            return Err(Why::Format);
        }
        let envelope = Envelope::from_text(text).map_err(|_| Why::Damaged)?;
        let opened = self.identities.unwrap_legacy(&envelope.wrapped_key, label);
        let (by, key) = opened.ok_or(Why::NoPrivateKey)?;
        if by != certificate.name() {
            return Err(Why::Certificate);
        }
        let old = SessionKey::from_unwrapped(&key).and_then(|key| key.open(&envelope.payload));
        Ok(is_same(&old.map_err(|_| Why::Damaged)?, value))
    }

    /// Values stay under the data keys that they have.
    fn se1(
        &self,
        sealed: &SealedDocument,
        title: &Title,
        data: &Data,
        recipients: &Recipients,
    ) -> Kept {
        let Some(readers) = recipients.keys() else {
            return Kept::not(Why::Alias);
        };
        let readers: BTreeSet<_> = readers.iter().collect();
        let (scope, namespace, name) = (title.scope, &title.namespace, &title.name);
        let object = match Se1Object::read(&sealed.spec, scope, namespace, name) {
            Ok(Some(object)) => object,
            Ok(None) => return Kept::not(Why::Format),
            Err(_) => return Kept::not(Why::Damaged),
        };
        let mut kept = Kept::default();
        let there = sealed.spec.encrypted_data.iter();
        let mut there = there.filter(|(item, _)| data.contains_key(*item));
        if there.any(|(_, text)| value_format(text) == ValueFormat::Legacy) {
            kept.why.insert(Why::Format);
        }
        for block in object.referenced() {
            if let Err(why) = self.under(block, &readers, (sealed, &object), data, &mut kept) {
                kept.why.insert(why);
            }
        }
        let is_full = kept.data_keys.len() >= MAX_DATA_KEYS;
        if is_full && kept.values.len() < data.len() {
            return Kept::not(Why::DataKeys);
        }
        kept
    }

    /// The values of one data key.
    fn under(
        &self,
        block: &DataKeyBlock,
        readers: &BTreeSet<&RecipientName>,
        (sealed, object): (&SealedDocument, &Se1Object),
        data: &Data,
        kept: &mut Kept,
    ) -> Result<(), Why> {
        let mut items = object.items_of(block.id());
        items.retain(|item| data.contains_key(*item));
        if items.is_empty() {
            return Ok(());
        }
        let wraps = block.wraps().iter().map(|wrap| &wrap.to);
        if wraps.collect::<BTreeSet<_>>() != *readers {
            return Err(Why::Readers);
        }
        let unwrapped = self
            .identities
            .unwrap(block, object.object(), self.kms, Reach::Full)
            .map_err(|unopened| {
                Why::Shut(
                    unopened
                        .detail
                        .unwrap_or_else(|| unopened.fault.to_string()),
                )
            })?;
        let key = object.verify(block, &unwrapped).map_err(|_| Why::Damaged)?;
        for item in items {
            let (Some(old), Some(value)) = (object.values().get(item), data.get(item)) else {
                continue;
            };
            let old = key.open(object.object(), item, old);
            let old = old.map_err(|_| Why::Damaged)?;
            let (id, spec) = (block.id().as_str(), &sealed.spec);
            if is_same(&old, value)
                && let (Some(text), Some(entry)) =
                    (spec.encrypted_data.get(item), spec.data_keys.get(id))
            {
                kept.values.insert(item.to_owned(), text.clone());
                kept.data_keys.insert(id.to_owned(), entry.clone());
            }
        }
        Ok(())
    }
}

/// In a time that tells nothing of the values but their lengths.
fn is_same(old: &[u8], new: &[u8]) -> bool {
    verify_slices_are_equal(old, new).is_ok()
}
