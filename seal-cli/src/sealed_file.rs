//! A file of SealedSecrets, as the verbs read and change it.

use std::path::{Path, PathBuf};

use seal_manifest::{BlockEdit, Node};
use sealing::{Se1Object, SealedDocument, read_sealed};

use crate::error::CliError;
use crate::input;
use crate::readers_error::ReadersError;
use crate::verified::KeyError;

/// The text, and the SealedSecrets in it.
pub(crate) struct SealedFile {
    /// As it was given; `-` is stdin.
    pub(crate) path: PathBuf,
    /// The whole file: edits splice it.
    pub(crate) text: String,
    /// Every document that is a SealedSecret, in the file's order; there is one at least.
    pub(crate) sealed: Vec<SealedDocument>,
}

impl SealedFile {
    /// Reads a file; documents of other kinds are passed over, a malformed SealedSecret is an error.
    pub(crate) fn read(path: &Path) -> Result<Self, CliError> {
        let bytes = input::sealed_bytes(path)?;
        let sealed = sealed_in(&bytes, path)?;
        let from = || path.display().to_string();
        let text = String::from_utf8(bytes).map_err(|_| CliError::NotText(from()))?;
        if sealed.is_empty() {
            return Err(CliError::NoSealedSecrets(from()));
        }
        Ok(Self {
            path: path.to_owned(),
            text,
            sealed,
        })
    }

    /// Reads a file that will be replaced: not stdin, no pipe, no device.
    pub(crate) fn read_to_edit(path: &Path) -> Result<Self, CliError> {
        let metadata = std::fs::metadata(path).map_err(|reason| CliError::Input {
            from: path.display().to_string(),
            reason,
        })?;
        if !metadata.is_file() {
            return Err(CliError::NoFile(path.to_owned()));
        }
        Self::read(path)
    }

    /// The one SealedSecret, or the one that `document` names by its number in the file.
    pub(crate) fn only(&self, document: Option<usize>) -> Result<&SealedDocument, CliError> {
        match (document, self.sealed.as_slice()) {
            (None, [one]) => Ok(one),
            (None, _) => Err(CliError::WhichDocument(self.path.display().to_string())),
            (Some(index), all) => {
                all.iter()
                    .find(|sealed| sealed.index == index)
                    .ok_or_else(|| CliError::NoSuchDocument {
                        from: self.path.display().to_string(),
                        index,
                    })
            }
        }
    }

    /// The text after edits, as `plan` gives them for each SealedSecret and its part in SE1 (`None`
    /// if there is nothing in SE1). Readers will read it.
    pub(crate) fn edited(
        &self,
        mut plan: impl FnMut(&SealedDocument, Option<Se1Object>) -> Result<Vec<BlockEdit>, CliError>,
    ) -> Result<String, CliError> {
        let mut edits = Vec::new();
        for sealed in &self.sealed {
            let planned = plan(sealed, self.object(sealed)?)?;
            if !planned.is_empty() {
                edits.push((sealed.index, planned));
            }
        }
        let edited = seal_manifest::edit_all(&self.text, &edits);
        let text = edited.map_err(|reason| CliError::Edit {
            from: self.path.display().to_string(),
            reason,
        })?;
        if text != self.text {
            // One reader more may be more than an object can hold.
            for sealed in sealed_in(text.as_bytes(), &self.path)? {
                self.object(&sealed)?;
            }
        }
        Ok(text)
    }

    /// The part of a SealedSecret that is in SE1, read strictly.
    pub(crate) fn object(&self, sealed: &SealedDocument) -> Result<Option<Se1Object>, CliError> {
        let namespace = sealed.namespace.as_deref().unwrap_or_default();
        Se1Object::read(&sealed.spec, sealed.scope, namespace, &sealed.name).map_err(|reason| {
            CliError::Unreadable {
                from: self.path.display().to_string(),
                document: sealed.index,
                reason,
            }
        })
    }

    /// A fault of data keys, with its place.
    pub(crate) fn of_keys(&self, sealed: &SealedDocument) -> impl Fn(KeyError) -> CliError {
        let (from, document) = (self.path.display().to_string(), sealed.index);
        move |reason| CliError::DataKey {
            from: from.clone(),
            document,
            reason,
        }
    }

    /// A refusal to give somebody values, or to take them, with its place.
    pub(crate) fn of_readers(&self, sealed: &SealedDocument) -> impl Fn(ReadersError) -> CliError {
        let (from, document) = (self.path.display().to_string(), sealed.index);
        move |reason| CliError::Readers {
            from: from.clone(),
            document,
            reason,
        }
    }
}

/// The SealedSecrets of a text, in order.
fn sealed_in(bytes: &[u8], path: &Path) -> Result<Vec<SealedDocument>, CliError> {
    let from = || path.display().to_string();
    // It says better what other encodings are.
    let documents = seal_manifest::read(bytes).map_err(|reason| match conflict(bytes) {
        Some(line) => CliError::Conflict { from: from(), line },
        None => CliError::Manifest {
            from: from(),
            reason,
        },
    })?;
    let mut sealed = Vec::new();
    for document in &documents {
        if is_sealed(document.root()) {
            let read = read_sealed(document).map_err(|reason| CliError::Sealed {
                from: from(),
                reason,
            })?;
            sealed.push(read);
        } else if lists_sealed(document.root()) {
            return Err(CliError::SealedList(from()));
        }
    }
    Ok(sealed)
}

/// The line where git left a conflict, from one.
pub(crate) fn conflict(bytes: &[u8]) -> Option<usize> {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let line = lines.position(|line| line.starts_with(b"<<<<<<< "))?;
    Some(line + 1)
}

fn is_sealed(node: &Node) -> bool {
    node.get("kind").and_then(Node::as_str) == Some("SealedSecret")
}

/// As `kubectl get -o yaml` writes them.
pub(crate) fn lists_sealed(node: &Node) -> bool {
    let items = node.get("items").map(Node::items).unwrap_or_default();
    items.iter().any(is_sealed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conflict_of_git_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.yaml");
        let text =
            "kind: SealedSecret\nspec:\n<<<<<<< HEAD\n  a: b\n=======\n  a: c\n>>>>>>> mail\n";
        std::fs::write(&path, text).unwrap();
        let error = SealedFile::read(&path).map(|_| ()).unwrap_err();
        assert!(
            matches!(error, CliError::Conflict { line: 3, .. }),
            "{error}"
        );
    }

    /// Passed over, its readers would stay.
    #[test]
    fn a_list_is_told_and_not_taken_for_a_file_without() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.yaml");
        let list = |kind: &str| format!("kind: List\nitems:\n- kind: {kind}\n");
        for (kind, is_list) in [("SealedSecret", true), ("Secret", false)] {
            std::fs::write(&path, list(kind)).unwrap();
            let error = SealedFile::read(&path).map(|_| ()).unwrap_err();
            let told = matches!(error, CliError::SealedList(_));
            assert_eq!(told, is_list, "{error}");
        }
    }

    #[test]
    fn another_encoding_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.yaml");
        let bytes: Vec<u8> = "\u{feff}kind: SealedSecret\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        std::fs::write(&path, bytes).unwrap();
        let error = SealedFile::read(&path).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("UTF-16"), "{error}");
    }
}
