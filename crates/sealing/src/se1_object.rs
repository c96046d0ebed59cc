//! The SE1 part of an object, read strictly: steps 1 to 4 of a reader (docs/format.md). No key is
//! touched here.

use std::collections::{BTreeMap, BTreeSet};

use seal_api::{DataKeyEntry, SealedSecretSpec};
use seal_format::Scope;
use seal_format::se1::{
    Binding, DataKey, DataKeyBlock, DataKeyId, Fault, MAX_DATA_KEYS, MAX_DOCUMENT, SealedValue,
    ValueFormat, value_format,
};

use crate::open_error::{ItemError, OpenError};
use crate::sealed_items::is_item_name;

/// Values and data keys of one object, well-formed and bound to it as they say.
pub struct Se1Object {
    object: Binding,
    values: BTreeMap<String, SealedValue>,
    blocks: BTreeMap<DataKeyId, DataKeyBlock>,
}

impl Se1Object {
    /// Reads what an object holds in this format; values of the legacy format are passed over.
    /// `None` if there is nothing.
    ///
    /// # Errors
    /// Every [`Fault`] of form, each with the items or data keys it holds for.
    pub fn read(
        spec: &SealedSecretSpec,
        scope: Scope,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Self>, OpenError> {
        Self::read_named(spec, scope, namespace, name, is_item_name)
    }

    /// As [`Self::read`], where items are called otherwise than those of Secrets.
    pub(crate) fn read_named(
        spec: &SealedSecretSpec,
        scope: Scope,
        namespace: &str,
        name: &str,
        is_item: fn(&str) -> bool,
    ) -> Result<Option<Self>, OpenError> {
        let sealed: Vec<_> = spec
            .encrypted_data
            .iter()
            .filter(|(_, text)| value_format(text) != ValueFormat::Legacy)
            .collect();
        if sealed.is_empty() && spec.data_keys.is_empty() {
            return Ok(None);
        }
        if size(spec) > MAX_DOCUMENT {
            return Err(OpenError::of(Fault::TooLarge.into(), "spec"));
        }
        if spec.data_keys.len() > MAX_DATA_KEYS {
            return Err(OpenError::of(Fault::TooMany.into(), "spec.dataKeys"));
        }
        let object = Binding::new(scope, namespace, name)
            .map_err(|fault| OpenError::of(fault.into(), "metadata"))?;
        let mut errors = OpenError::none();
        let mut values = BTreeMap::new();
        for (item, text) in sealed {
            let read = if is_item(item) {
                value(text, &spec.data_keys)
            } else {
                Err(Fault::Malformed)
            };
            match read {
                Ok(value) => {
                    values.insert(item.clone(), value);
                }
                Err(fault) => errors.add(fault.into(), item),
            }
        }
        let values = errors.or(values)?;
        let blocks = blocks(&spec.data_keys, &object)?;
        Ok(Some(Self {
            object,
            values,
            blocks,
        }))
    }

    /// What everything is bound to.
    pub fn object(&self) -> &Binding {
        &self.object
    }

    /// The values by item.
    pub fn values(&self) -> &BTreeMap<String, SealedValue> {
        &self.values
    }

    /// Every data key, also those that no value uses.
    pub fn blocks(&self) -> &BTreeMap<DataKeyId, DataKeyBlock> {
        &self.blocks
    }

    /// The data keys that values use, in the order of their ids: only these are ever unwrapped.
    pub fn referenced(&self) -> Vec<&DataKeyBlock> {
        let used: BTreeSet<_> = self.values.values().map(|value| &value.id).collect();
        used.into_iter()
            .filter_map(|id| self.blocks.get(id))
            .collect()
    }

    /// The items whose values use a data key.
    pub fn items_of(&self, id: &DataKeyId) -> Vec<&str> {
        self.values
            .iter()
            .filter(|(_, value)| value.id == *id)
            .map(|(item, _)| item.as_str())
            .collect()
    }

    /// Steps 6 to 8: the data key of a block, from what an identity unwrapped.
    ///
    /// # Errors
    /// [`Fault::BadWrap`], [`Fault::BadCommitment`], [`Fault::BadMac`].
    pub fn verify(&self, block: &DataKeyBlock, unwrapped: &[u8]) -> Result<DataKey, Fault> {
        block.verify(unwrapped, &self.object)
    }
}

fn value(text: &str, keys: &BTreeMap<String, DataKeyEntry>) -> Result<SealedValue, Fault> {
    let value = SealedValue::from_text(text)?;
    if keys.contains_key(value.id.as_str()) {
        Ok(value)
    } else {
        Err(Fault::MissingDataKey)
    }
}

fn blocks(
    entries: &BTreeMap<String, DataKeyEntry>,
    object: &Binding,
) -> Result<BTreeMap<DataKeyId, DataKeyBlock>, OpenError> {
    let mut errors = OpenError::none();
    let mut blocks = BTreeMap::new();
    for (id, entry) in entries {
        let read = block(id, entry).and_then(|block| {
            block.bound_to().admits(object)?;
            Ok(block)
        });
        match read {
            Ok(block) => {
                blocks.insert(block.id().clone(), block);
            }
            Err(fault) => errors.add(fault.into(), &format!("spec.dataKeys.{id}")),
        }
    }
    errors.or(blocks)
}

/// Reads one entry of `spec.dataKeys`.
///
/// # Errors
/// As [`DataKeyBlock::from_text`].
pub fn block(id: &str, entry: &DataKeyEntry) -> Result<DataKeyBlock, Fault> {
    let wraps = entry
        .wraps
        .iter()
        .map(|wrap| (wrap.to.as_str(), wrap.enc.as_str()));
    DataKeyBlock::from_text(id, &entry.bound_to, &entry.commit, &entry.mac, wraps)
}

/// Bytes of all strings in the two blocks.
pub(crate) fn size(spec: &SealedSecretSpec) -> usize {
    let values = spec.encrypted_data.iter();
    let values: usize = values.map(|(item, value)| item.len() + value.len()).sum();
    let keys: usize = spec
        .data_keys
        .iter()
        .map(|(id, entry)| {
            let wraps = entry.wraps.iter();
            let wraps: usize = wraps.map(|wrap| wrap.to.len() + wrap.enc.len()).sum();
            id.len() + entry.bound_to.len() + entry.commit.len() + entry.mac.len() + wraps
        })
        .sum();
    values + keys
}

impl From<Fault> for ItemError {
    fn from(fault: Fault) -> Self {
        Self::Se1(fault)
    }
}
