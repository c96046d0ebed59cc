//! An edit of one SealedSecret in a file, by someone who need not be able to open it. The bytes of
//! everything else stay.

use std::collections::{BTreeMap, BTreeSet};

use seal_format::Scope;
use seal_format::se1::{DataKeyBlock, MAX_DATA_KEYS, RecipientName, SealedValue};
use seal_manifest::BlockEdit;
use sealing::{FinishedItems, OpenError, Se1Object, SealedDocument, read_sealed};

use crate::error::CliError;
use crate::output;
use crate::recipient::Readers;
use crate::sealed_file::SealedFile;
use crate::title::Title;
use crate::which::Which;

/// What is to change. Nothing is written but by [`Self::write`].
pub(crate) struct SealedEdit<'f> {
    file: &'f SealedFile,
    sealed: &'f SealedDocument,
    title: Title,
    object: Option<Se1Object>,
    /// `encryptedData` as it shall be.
    values: BTreeMap<String, String>,
    edits: Vec<BlockEdit>,
    added: BTreeSet<String>,
}

/// What is to change, as a whole.
pub(crate) struct PlannedEdit<'f> {
    file: &'f SealedFile,
    sealed: &'f SealedDocument,
    pub(crate) title: Title,
    pub(crate) edits: Vec<BlockEdit>,
}

impl PlannedEdit<'_> {
    /// Its number among the documents of the file.
    pub(crate) fn index(&self) -> usize {
        self.sealed.index
    }
}

impl<'f> SealedEdit<'f> {
    /// Reads the object as strictly as its readers will.
    ///
    /// # Errors
    /// [`CliError::Unreadable`], [`CliError::WholeSecret`], [`CliError::NoNamespace`].
    pub(crate) fn new(file: &'f SealedFile, which: Which<'f>) -> Result<Self, CliError> {
        let Which { sealed, title } = which;
        let from = || file.path.display().to_string();
        if sealed.spec.data.is_some() {
            return Err(CliError::WholeSecret(from()));
        }
        if title.namespace.is_empty() && title.scope != Scope::ClusterWide {
            return Err(CliError::NoNamespace(from()));
        }
        let object = object(sealed, &title);
        let object = object.map_err(|reason| CliError::Unreadable {
            from: from(),
            document: sealed.index,
            reason,
        })?;
        Ok(Self {
            file,
            sealed,
            title,
            object,
            values: sealed.spec.encrypted_data.clone(),
            edits: Vec::new(),
            added: BTreeSet::new(),
        })
    }

    /// What is edited.
    pub(crate) fn title(&self) -> &Title {
        &self.title
    }

    /// Whether any of it is in SE1.
    pub(crate) fn has_se1(&self) -> bool {
        self.object.is_some()
    }

    /// Whether an entry with this id is there.
    pub(crate) fn has_data_key(&self, id: &str) -> bool {
        self.sealed.spec.data_keys.contains_key(id)
    }

    /// Who can read the file's other values, as the file says, and is not among `readers`.
    pub(crate) fn other_readers(&self, readers: &Readers) -> BTreeSet<&RecipientName> {
        let named = self.named();
        let blocks = self
            .object
            .iter()
            .flat_map(|object| object.blocks().values());
        blocks
            .filter(|block| named.contains(block.id().as_str()))
            .flat_map(DataKeyBlock::wraps)
            .map(|wrap| &wrap.to)
            .filter(|to| !readers.holds(to))
            .collect()
    }

    /// Gives an item a value in the legacy format.
    pub(crate) fn set(&mut self, item: &str, value: String) {
        self.values.insert(item.to_owned(), value.clone());
        self.edits.push(BlockEdit::SetItem {
            item: item.to_owned(),
            value,
        });
    }

    /// Gives items values under a data key of their own.
    pub(crate) fn set_under(&mut self, items: FinishedItems) -> Result<(), CliError> {
        let Some(first) = items.values.keys().next().cloned() else {
            return Ok(());
        };
        for (item, value) in items.values {
            self.set(&item, value);
        }
        let entry = serde_json::to_value(&items.entry);
        self.edits.push(BlockEdit::SetDataKey {
            id: items.id.clone(),
            item: first,
            entry: entry.map_err(|_| CliError::EncodeSecret(self.sealed.index))?,
        });
        self.added.insert(items.id);
        Ok(())
    }

    /// Removes an item.
    ///
    /// # Errors
    /// [`CliError::NoSuchItem`].
    pub(crate) fn remove(&mut self, item: &str) -> Result<(), CliError> {
        if self.values.remove(item).is_none() {
            return Err(CliError::NoSuchItem {
                from: self.file.path.display().to_string(),
                item: item.to_owned(),
            });
        }
        let item = item.to_owned();
        self.edits.push(BlockEdit::RemoveItem { item });
        Ok(())
    }

    /// Writes the file, if readers will read it, and if nobody else wrote it meanwhile. Data keys
    /// that no value names go (rule W4).
    ///
    /// # Errors
    /// Those of [`Self::apply`], [`CliError::Changed`], those of output.
    pub(crate) fn write(self) -> Result<(), CliError> {
        let file = self.file;
        let text = self.apply(&file.text)?;
        output::exchange(&file.path, file.text.as_bytes(), text.as_bytes(), true)
    }

    /// The file's text with these edits, if readers will read it. `text` may have had edits of other
    /// objects.
    ///
    /// # Errors
    /// [`CliError::Edit`], [`CliError::Unreadable`], [`CliError::DataKeys`].
    pub(crate) fn apply(self, text: &str) -> Result<String, CliError> {
        let planned = self.plan()?;
        let from = || planned.file.path.display().to_string();
        let text = seal_manifest::edit(text, planned.sealed.index, &planned.edits);
        let text = text.map_err(|reason| CliError::Edit {
            from: from(),
            reason,
        })?;
        check(
            planned.file,
            &[(planned.sealed.index, &planned.title)],
            &text,
        )?;
        Ok(text)
    }

    /// All that is to change. Data keys that no value names go (rule W4).
    ///
    /// # Errors
    /// [`CliError::DataKeys`].
    pub(crate) fn plan(mut self) -> Result<PlannedEdit<'f>, CliError> {
        let from = || self.file.path.display().to_string();
        let named = self.named();
        let present = self.sealed.spec.data_keys.keys();
        let (kept, unused): (Vec<_>, Vec<_>) =
            present.cloned().partition(|id| named.contains(id.as_str()));
        if kept.len() + self.added.len() > MAX_DATA_KEYS {
            return Err(CliError::DataKeys(from()));
        }
        for id in unused {
            self.edits.push(BlockEdit::RemoveDataKey { id });
        }
        Ok(PlannedEdit {
            file: self.file,
            sealed: self.sealed,
            title: self.title,
            edits: self.edits,
        })
    }

    /// Ids of the data keys that values name.
    fn named(&self) -> BTreeSet<String> {
        let values = self.values.values();
        values
            .filter_map(|value| SealedValue::from_text(value).ok())
            .map(|value| value.id.to_string())
            .collect()
    }
}

/// Objects as they will be read, each by its number among the documents of the edited text.
///
/// # Errors
/// [`CliError::Manifest`], [`CliError::NoSuchDocument`], [`CliError::Sealed`], [`CliError::Unreadable`].
pub(crate) fn check(
    file: &SealedFile,
    objects: &[(usize, &Title)],
    text: &str,
) -> Result<(), CliError> {
    let from = || file.path.display().to_string();
    let documents = seal_manifest::read(text.as_bytes()).map_err(|reason| CliError::Manifest {
        from: from(),
        reason,
    })?;
    for (index, title) in objects {
        let document = index.checked_sub(1).and_then(|place| documents.get(place));
        let document = document.ok_or_else(|| CliError::NoSuchDocument {
            from: from(),
            index: *index,
        })?;
        let sealed = read_sealed(document).map_err(|reason| CliError::Sealed {
            from: from(),
            reason,
        })?;
        let read = object(&sealed, title);
        read.map_err(|reason| CliError::Unreadable {
            from: from(),
            document: *index,
            reason,
        })?;
    }
    Ok(())
}

fn object(sealed: &SealedDocument, title: &Title) -> Result<Option<Se1Object>, OpenError> {
    Se1Object::read(&sealed.spec, title.scope, &title.namespace, &title.name)
}
