//! Values sealed under a data key of their own: rule W1 of SE1 (docs/format.md).

use std::collections::BTreeMap;

use seal_api::{DataKeyEntry, WrapEntry};
use seal_format::se1::{Binding, DataKey, DataKeyBlock, SealedValue, Wrap};
use zeroize::Zeroizing;

use crate::seal::SealError;

/// Fills a buffer with fresh random bytes; false if there are none.
pub type Random<'a> = dyn FnMut(&mut [u8]) -> bool + 'a;

/// Values under a fresh data key, which is not wrapped yet.
pub struct SealedItems {
    key: DataKey,
    object: Binding,
    values: BTreeMap<String, SealedValue>,
}

/// What goes into `spec`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinishedItems {
    /// The data key's key in `spec.dataKeys`.
    pub id: String,
    /// The data key's entry.
    pub entry: DataKeyEntry,
    /// Values of `spec.encryptedData`.
    pub values: BTreeMap<String, String>,
}

impl SealedItems {
    /// Draws a data key and seals every value for its item of `object`.
    ///
    /// # Errors
    /// [`SealError::Random`], [`SealError::ItemName`], [`SealError::Value`].
    pub fn seal(
        items: &BTreeMap<String, Zeroizing<Vec<u8>>>,
        object: Binding,
        random: &mut Random<'_>,
    ) -> Result<Self, SealError> {
        if let Some(item) = items.keys().find(|item| !is_item_name(item)) {
            return Err(SealError::ItemName(item.clone()));
        }
        Self::seal_named(items, object, random)
    }

    /// As [`Self::seal`], for any names: what no Secret may be made of is named so that none can be.
    pub(crate) fn seal_named(
        items: &BTreeMap<String, Zeroizing<Vec<u8>>>,
        object: Binding,
        random: &mut Random<'_>,
    ) -> Result<Self, SealError> {
        let mut secret = Zeroizing::new([0; DataKey::LEN]);
        if !random(secret.as_mut_slice()) {
            return Err(SealError::Random);
        }
        let key = DataKey::from_fresh_bytes(secret);
        let values = items.iter().map(|(item, value)| {
            let failed = |reason| SealError::Value {
                item: item.clone(),
                reason,
            };
            let mut nonce = [0; 12];
            if !random(&mut nonce) {
                return Err(SealError::Random);
            }
            let sealed = key.seal(&object, item, nonce, value).map_err(failed)?;
            Ok((item.clone(), sealed))
        });
        Ok(Self {
            values: values.collect::<Result<_, _>>()?,
            key,
            object,
        })
    }

    /// The data key's bytes, to be wrapped for each recipient.
    pub fn to_wrap(&self) -> Zeroizing<Vec<u8>> {
        self.key.to_wrap()
    }

    /// The data key's key in `spec.dataKeys`; one that is there already must not be used.
    pub fn id(&self) -> &str {
        self.key.id().as_str()
    }

    /// What the values are bound to.
    pub fn object(&self) -> &Binding {
        &self.object
    }

    /// Takes the wraps, in any order.
    ///
    /// # Errors
    /// [`SealError::Recipients`].
    pub fn finish(self, wraps: Vec<Wrap>) -> Result<FinishedItems, SealError> {
        let block =
            DataKeyBlock::new(&self.key, &self.object, wraps).map_err(SealError::Recipients)?;
        let values = self.values.into_iter();
        Ok(FinishedItems {
            id: block.id().to_string(),
            entry: entry(&block),
            values: values
                .map(|(item, value)| (item, value.to_string()))
                .collect(),
        })
    }
}

/// A data key's entry as objects hold it.
pub fn entry(block: &DataKeyBlock) -> DataKeyEntry {
    let wraps = block.wraps().iter().map(|wrap| WrapEntry {
        to: wrap.to.to_string(),
        enc: wrap.enc(),
    });
    DataKeyEntry {
        bound_to: block.bound_to().to_string(),
        commit: block.commitment().to_string(),
        mac: block.mac_text(),
        wraps: wraps.collect(),
    }
}

/// What Kubernetes takes as a key of a Secret's data.
pub fn is_item_name(name: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=253).contains(&name.len())
        && name.bytes().all(legal)
        && name != "."
        && !name.starts_with("..")
}
