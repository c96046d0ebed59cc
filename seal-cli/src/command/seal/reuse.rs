//! `--reuse`: values that did not change keep their bytes, so that Git shows what did.
//!
//! Two sealings of one value never look alike, so somebody has to open the old one: that needs a key.
//! Where there is none, or where the old value would not be right any more, it is sealed anew, and said.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use seal_format::se1::SealedValue;
use seal_manifest::BlockEdit;
use sealing::{SealedDocument, SealedManifest};
use serde_json::Value;

use super::folders_error::FoldersError;
use super::kept::{Data, Kept, Now, Was};
use crate::context::Context;
use crate::error::CliError;
use crate::identity::{Identities, IdentityKeys};
use crate::output::Format;
use crate::rules::{RuleKms, RuleReaders, Rules};
use crate::sealed_file::SealedFile;
use crate::title::Title;

/// What to keep, and what opens it.
#[derive(clap::Args, Debug, Default)]
pub(crate) struct ReuseArgs {
    /// Keep the sealed values of this file that have not changed. Comparing needs a key that opens them.
    /// Of many inputs: a folder with such files under the same paths
    #[arg(long, value_name = "FILE|FOLDER", help_heading = "Input and output")]
    reuse: Option<PathBuf>,

    #[command(flatten)]
    keys: IdentityKeys,
}

/// The same, read.
pub(super) struct Reuse {
    path: PathBuf,
    identities: Identities,
    rules: Rules,
}

/// The file with the old values of one result.
pub(super) struct OldFile<'r> {
    path: PathBuf,
    identities: &'r Identities,
    /// KMS keys that the rule names.
    kms: RuleKms,
}

/// What could be read of it.
pub(super) struct OldValues<'r> {
    old: &'r OldFile<'r>,
    file: Option<SealedFile>,
}

impl ReuseArgs {
    /// Reads the keys, if anything is to be kept. `folder` tells which form it is.
    pub(super) fn resolve(
        &self,
        context: &Context,
        folder: bool,
    ) -> Result<Option<Reuse>, CliError> {
        let Some(path) = &self.reuse else {
            return match self.keys.file_flag() {
                // Who wants old values kept would get none, and no word of it.
                Some(flag) => Err(FoldersError::KeysAlone(flag).into()),
                None => Ok(None),
            };
        };
        if path.exists() && path.is_dir() != folder {
            let path = path.clone();
            return Err(FoldersError::Reuse { path, folder }.into());
        }
        Ok(Some(Reuse {
            path: path.clone(),
            identities: Identities::new(&self.keys, context.recipients.kms())?,
            rules: context.rules.rules(),
        }))
    }
}

impl Reuse {
    /// For one result. `below` is its path below the folder, where there are many.
    pub(super) fn of(&self, below: Option<&Path>, output: Option<&Path>) -> OldFile<'_> {
        let rule = output.and_then(|output| self.rules.of_what_is_there(output));
        OldFile {
            path: below.map_or_else(|| self.path.clone(), |below| self.path.join(below)),
            identities: &self.identities,
            kms: rule.as_ref().map(RuleReaders::kms_keys).unwrap_or_default(),
        }
    }
}

impl OldFile<'_> {
    /// Reads it. What cannot be read is told, and everything is sealed.
    pub(super) fn read(&self, notes: &mut Vec<String>) -> OldValues<'_> {
        let file = SealedFile::read_to_edit(&self.path);
        let file = file.map_err(|error| {
            let from = self.path.display();
            notes.push(match &error {
                CliError::Input { reason, .. } if reason.kind() == ErrorKind::NotFound => {
                    format!("{from}: it is not there yet, so there is nothing to keep")
                }
                error => format!("{error}. Nothing of it is kept: all is sealed anew"),
            });
        });
        let file = file.ok();
        OldValues { old: self, file }
    }
}

impl OldValues<'_> {
    /// The values of a Secret that stay as they are.
    pub(super) fn kept(&self, title: &Title, data: &Data, now: Now<'_>) -> Kept {
        let Some(file) = &self.file else {
            return Kept::default();
        };
        let is_it = |sealed: &&SealedDocument| Title::of_sealed(sealed) == *title;
        let mut found = file.sealed.iter().filter(is_it);
        let (sealed, second) = (found.next(), found.next());
        let was = Was {
            identities: self.old.identities,
            kms: &self.old.kms,
        };
        was.kept(sealed.filter(|_| second.is_none()), title, data, now)
    }

    /// What people are told of it.
    pub(super) fn note(&self, title: &Title, kept: &Kept) -> Option<String> {
        let why: Vec<_> = kept.why.iter().map(ToString::to_string).collect();
        let from = self.old.path.display();
        let tells = self.file.is_some() && !why.is_empty();
        tells.then(|| format!("{from}: {title} is sealed anew: {}", why.join("; ")))
    }

    /// What a Secret cannot say, and goes with the old text.
    pub(super) fn lost(&self) -> Vec<String> {
        let sealed = self.file.iter().flat_map(|file| &file.sealed);
        let has_data = |sealed: &&SealedDocument| {
            let template = sealed.spec.template.as_ref();
            template.is_some_and(|template| template.data.is_some())
        };
        let from = self.old.path.display();
        let line = |sealed: &SealedDocument| {
            let title = Title::of_sealed(sealed);
            format!(
                "{from}: {title} had spec.template.data, which the Secret has not; to change items alone use seal merge"
            )
        };
        sealed.filter(has_data).map(line).collect()
    }

    /// The old text with nothing changed but what has changed: comments, order and layout stay. `None`
    /// if more is different than values.
    pub(super) fn text(&self, sealed: &[SealedManifest], format: Format) -> Option<String> {
        let file = self.file.as_ref()?;
        if Format::of(&file.text) != format || file.sealed.len() != sealed.len() {
            return None;
        }
        let mut edits = Vec::new();
        for (old, new) in file.sealed.iter().zip(sealed) {
            let changes = changes(old, new)?;
            if !changes.is_empty() {
                edits.push((old.index, changes));
            }
        }
        let text = seal_manifest::edit_all(&file.text, &edits).ok()?;
        let documents = seal_manifest::read(text.as_bytes()).ok()?;
        let same = documents.len() == sealed.len()
            && documents.iter().zip(sealed).all(|(document, sealed)| {
                let wanted = serde_json::to_value(sealed).map(without_nulls);
                wanted.is_ok_and(|wanted| without_nulls(document.root().to_json()) == wanted)
            });
        same.then_some(text)
    }
}

/// From the old values and data keys to the new ones.
fn changes(old: &SealedDocument, new: &SealedManifest) -> Option<Vec<BlockEdit>> {
    let (before, after) = (&old.spec, &new.spec);
    let mut edits = Vec::new();
    for item in before.encrypted_data.keys() {
        if !after.encrypted_data.contains_key(item) {
            let item = item.clone();
            edits.push(BlockEdit::RemoveItem { item });
        }
    }
    for (item, value) in &after.encrypted_data {
        if before.encrypted_data.get(item) != Some(value) {
            edits.push(BlockEdit::SetItem {
                item: item.clone(),
                value: value.clone(),
            });
        }
    }
    for id in before.data_keys.keys() {
        if !after.data_keys.contains_key(id) {
            let id = id.clone();
            edits.push(BlockEdit::RemoveDataKey { id });
        }
    }
    for (id, entry) in &after.data_keys {
        if before.data_keys.get(id) == Some(entry) {
            continue;
        }
        let mut values = after.encrypted_data.iter();
        let (item, _) = values.find(|(_, value)| {
            SealedValue::from_text(value).is_ok_and(|value| value.id.as_str() == id)
        })?;
        edits.push(BlockEdit::SetDataKey {
            id: id.clone(),
            item: item.clone(),
            entry: serde_json::to_value(entry).ok()?,
        });
    }
    Some(edits)
}

/// `creationTimestamp: null`, as kubeseal writes it, says nothing.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().filter(|(_, value)| !value.is_null());
            let fields = fields.map(|(key, value)| (key, without_nulls(value)));
            Value::Object(fields.collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_nulls).collect()),
        other => other,
    }
}
