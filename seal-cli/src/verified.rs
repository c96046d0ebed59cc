//! A SealedSecret whose data keys are known: what rule W3 (docs/format.md) asks before readers or
//! data keys change. Every data key that a value uses was unwrapped, is what its entry commits to,
//! and authenticates its list of readers for this object.

use std::collections::{BTreeMap, BTreeSet};

use seal_format::se1::{
    Binding, DataKey, DataKeyBlock, DataKeyId, Fault, MAX_WRAPS, RecipientName, Wrap,
};
use seal_manifest::BlockEdit;
use sealing::{Random, Se1Object, SealError, SealedDocument, SealedItems, entry};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::error::CliError;
use crate::fresh_bytes::FreshBytes;
use crate::identity::{Identities, Reach};
use crate::recipient::Recipients;
use crate::rules::RuleKms;
use crate::sealed_file::SealedFile;

/// Bytes of a value's nonce.
const NONCE: usize = 12;

/// Why data keys are not changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    #[error(
        "data key {id} ({}): {}{} [{}]", .items.join(", "), .fault, said(.detail.as_ref()), .fault.class()
    )]
    Shut {
        id: DataKeyId,
        items: Vec<String>,
        fault: Fault,
        detail: Option<String>,
    },
    #[error("item {item:?}: {fault} [{}]", .fault.class())]
    Value { item: String, fault: Fault },
    #[error("{0}")]
    Seal(SealError),
    #[error("data key {id} would have {count} readers; it can have {MAX_WRAPS}")]
    TooMany { id: DataKeyId, count: usize },
    #[error("there are no random bytes to be had; try again")]
    Random,
}

fn said(detail: Option<&String>) -> String {
    detail
        .map(|detail| format!(": {detail}"))
        .unwrap_or_default()
}

impl KeyError {
    /// The class of what a reader would refuse.
    pub(crate) fn fault(&self) -> Option<Fault> {
        match self {
            Self::Shut { fault, .. } | Self::Value { fault, .. } => Some(*fault),
            Self::Seal(_) | Self::TooMany { .. } | Self::Random => None,
        }
    }
}

/// One object with its data keys.
pub(crate) struct Verified<'a> {
    sealed: &'a SealedDocument,
    object: Se1Object,
    keys: BTreeMap<DataKeyId, DataKey>,
}

/// Values under a fresh data key, not wrapped yet, and what they replace.
struct Resealed {
    items: SealedItems,
    /// The first item that the data key seals.
    first: String,
    replaced: Vec<DataKeyId>,
}

impl<'a> Verified<'a> {
    /// Opens and verifies the data keys that `wanted` chooses, of those that values use. `object` is
    /// what [`Se1Object::read`] made of `sealed`.
    ///
    /// # Errors
    /// [`KeyError::Shut`], for the first that fails.
    pub(crate) fn of(
        sealed: &'a SealedDocument,
        object: Se1Object,
        identities: &Identities,
        rule: &RuleKms,
        wanted: impl Fn(&DataKeyBlock) -> bool,
    ) -> Result<Self, KeyError> {
        let mut keys = BTreeMap::new();
        for block in object.referenced() {
            if !wanted(block) {
                continue;
            }
            let shut = |fault, detail| KeyError::Shut {
                id: block.id().clone(),
                items: owned(&object.items_of(block.id())),
                fault,
                detail,
            };
            let unwrapped = identities
                .unwrap(block, object.object(), rule, Reach::Full)
                .map_err(|unopened| shut(unopened.fault, unopened.detail))?;
            let key = object
                .verify(block, &unwrapped)
                .map_err(|fault| shut(fault, None))?;
            keys.insert(block.id().clone(), key);
        }
        Ok(Self {
            sealed,
            object,
            keys,
        })
    }

    pub(crate) fn binding(&self) -> &Binding {
        self.object.object()
    }

    /// The data keys that were opened, with their verified lists.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = (&DataKeyBlock, &DataKey)> {
        let keys = self.keys.iter();
        keys.filter_map(|(id, key)| Some((self.object.blocks().get(id)?, key)))
    }

    /// The items of a data key, in order.
    pub(crate) fn items_of(&self, id: &DataKeyId) -> Vec<&str> {
        self.object.items_of(id)
    }

    /// The items of several.
    pub(crate) fn items_of_all(&self, ids: &[DataKeyId]) -> Vec<&str> {
        let mut items: Vec<_> = ids.iter().flat_map(|id| self.items_of(id)).collect();
        items.sort_unstable();
        items
    }

    /// Rule W1: puts a fresh data key, wrapped for `recipients`, in the place of others.
    ///
    /// # Errors
    /// Those of wrapping; [`KeyError`].
    pub(crate) fn replace(
        &self,
        file: &SealedFile,
        ids: Vec<DataKeyId>,
        recipients: &Recipients,
    ) -> Result<Vec<BlockEdit>, CliError> {
        let failed = file.of_keys(self.sealed);
        let resealed = self.resealed(ids).map_err(&failed)?;
        let wrapped = recipients.wrap_all(&resealed.to_wrap(), self.binding())?;
        resealed.edits(wrapped.wraps, self).map_err(&failed)
    }

    /// Rule W4: data keys that no value uses.
    fn unused(&self) -> Vec<&DataKeyId> {
        let used: BTreeSet<_> = self.object.values().values().map(|v| &v.id).collect();
        let all = self.object.blocks().keys();
        all.filter(|id| !used.contains(id)).collect()
    }

    /// The same data key for another list of readers: `keep` says who stays, `new` are wraps for
    /// others. What stays keeps its bytes.
    ///
    /// # Errors
    /// [`KeyError::TooMany`], [`KeyError::Seal`].
    pub(crate) fn relisted(
        &self,
        block: &DataKeyBlock,
        key: &DataKey,
        keep: impl Fn(&RecipientName) -> bool,
        new: Vec<Wrap>,
    ) -> Result<BlockEdit, KeyError> {
        let id = block.id();
        let kept = block.wraps().iter().filter(|wrap| keep(&wrap.to));
        let wraps: Vec<Wrap> = kept.cloned().chain(new).collect();
        let count = wraps.len();
        let refused = |fault| match fault {
            Fault::TooMany => KeyError::TooMany {
                id: id.clone(),
                count,
            },
            other => KeyError::Seal(SealError::Recipients(other)),
        };
        let listed = DataKeyBlock::new(key, self.binding(), wraps).map_err(refused)?;
        let mut entry = entry(&listed);
        if let Some(before) = self.sealed.spec.data_keys.get(id.as_str()) {
            for wrap in &mut entry.wraps {
                // The same blob may be written in more than one way.
                let same = before.wraps.iter().find(|before| before.to == wrap.to);
                if let Some(same) = same.filter(|_| {
                    let to = RecipientName::from_text(&wrap.to);
                    to.is_ok_and(|to| keep(&to))
                }) {
                    wrap.enc.clone_from(&same.enc);
                }
            }
        }
        let items = self.items_of(id);
        Ok(BlockEdit::SetDataKey {
            id: id.to_string(),
            item: items.first().copied().unwrap_or_default().to_owned(),
            entry: value(&entry),
        })
    }

    /// Rule W1: the values of these data keys under a fresh one.
    ///
    /// # Errors
    /// [`KeyError::Value`], [`KeyError::Seal`], [`KeyError::Random`].
    fn resealed(&self, replaced: Vec<DataKeyId>) -> Result<Resealed, KeyError> {
        let mut plain = BTreeMap::new();
        for (item, value) in self.object.values() {
            if !replaced.contains(&value.id) {
                continue;
            }
            let Some(key) = self.keys.get(&value.id) else {
                continue;
            };
            plain.insert(item.clone(), self.open(key, item)?);
        }
        let first = plain.keys().next().cloned().unwrap_or_default();
        let mut fresh = FreshBytes::draw(DataKey::LEN + plain.len() * NONCE);
        let random: &mut Random<'_> = &mut |buffer| fresh.fill(buffer);
        let items = SealedItems::seal(&plain, self.binding().clone(), random);
        Ok(Resealed {
            items: items.map_err(KeyError::Seal)?,
            first,
            replaced,
        })
    }

    fn open(&self, key: &DataKey, item: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let failed = |fault| KeyError::Value {
            item: item.to_owned(),
            fault,
        };
        let value = self.object.values().get(item);
        let value = value.ok_or_else(|| failed(Fault::BadValue))?;
        key.open(self.binding(), item, value).map_err(failed)
    }

    /// Takes out data keys that no value uses.
    pub(crate) fn drop_unused(&self) -> Vec<BlockEdit> {
        let unused = self.unused().into_iter();
        unused
            .map(|id| BlockEdit::RemoveDataKey { id: id.to_string() })
            .collect()
    }
}

impl Resealed {
    /// What is to be wrapped.
    fn to_wrap(&self) -> Zeroizing<Vec<u8>> {
        self.items.to_wrap()
    }

    /// Takes the wraps, and gives the edits that put the fresh data key in the place of the others.
    ///
    /// # Errors
    /// [`KeyError::Seal`], [`KeyError::Random`].
    fn edits(self, wraps: Vec<Wrap>, existing: &Verified<'_>) -> Result<Vec<BlockEdit>, KeyError> {
        let finished = self.items.finish(wraps).map_err(KeyError::Seal)?;
        // One in 2^55: not worth a second attempt.
        let mut ids = existing.object.blocks().keys();
        if ids.any(|id| id.as_str() == finished.id) {
            return Err(KeyError::Random);
        }
        let removed = self.replaced.iter();
        let mut edits: Vec<_> = removed
            .map(|id| BlockEdit::RemoveDataKey { id: id.to_string() })
            .collect();
        edits.push(BlockEdit::SetDataKey {
            id: finished.id,
            item: self.first,
            entry: value(&finished.entry),
        });
        let values = finished.values.into_iter();
        edits.extend(values.map(|(item, value)| BlockEdit::SetItem { item, value }));
        Ok(edits)
    }
}

/// Strings and lists of strings: this cannot fail.
fn value(entry: &impl serde::Serialize) -> Value {
    serde_json::to_value(entry).unwrap_or_default()
}

fn owned(items: &[&str]) -> Vec<String> {
    items.iter().map(|item| (*item).to_owned()).collect()
}
