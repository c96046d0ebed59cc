//! What is already where a result goes: it is replaced only if nothing of it is lost.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use seal_manifest::Node;

use super::folders_error::FoldersError;
use crate::error::CliError;
use crate::sealed_file::conflict;
use crate::{input, output};

/// The place of a result.
#[derive(Debug)]
pub(super) struct Present {
    path: PathBuf,
    /// The whole file, if there is one.
    text: Option<Vec<u8>>,
}

impl Present {
    /// Looks.
    ///
    /// # Errors
    /// [`FoldersError::Occupied`] if it is no file, [`CliError::Input`].
    pub(super) fn at(path: &Path) -> Result<Self, CliError> {
        let text = match path.metadata() {
            // Why it cannot be looked at is told when it cannot be written.
            Err(_) => None,
            Ok(present) if present.is_file() => Some(input::sealed_bytes(path)?),
            Ok(_) => return Err(FoldersError::Occupied(path.to_owned()).into()),
        };
        let path = path.to_owned();
        Ok(Self { path, text })
    }

    /// Whether a result with Secrets of these names may take the place: whoever has something else there
    /// does not want it gone.
    ///
    /// # Errors
    /// [`FoldersError::Occupied`], [`FoldersError::Lost`], [`CliError::Conflict`].
    pub(super) fn admit<'n>(&self, names: impl Iterator<Item = &'n str>) -> Result<(), CliError> {
        let Some(text) = self.text.as_deref().filter(|text| !text.is_empty()) else {
            return Ok(());
        };
        let occupied = || FoldersError::Occupied(self.path.clone());
        let documents = seal_manifest::read(text).map_err(|_| match conflict(text) {
            Some(line) => CliError::Conflict {
                from: self.path.display().to_string(),
                line,
            },
            None => occupied().into(),
        })?;
        let mut present = Vec::new();
        for document in &documents {
            present.extend(sealed(document.root()).ok_or_else(occupied)?);
        }
        if present.is_empty() {
            return Err(occupied().into());
        }
        // Names may be there more than once, in several namespaces. One object may move to another.
        let mut left: BTreeMap<&str, usize> = BTreeMap::new();
        for name in names {
            *left.entry(name).or_default() += 1;
        }
        for name in present {
            match left.get_mut(name) {
                Some(count) if *count > 0 => *count -= 1,
                _ => {
                    return Err(FoldersError::Lost {
                        path: self.path.clone(),
                        name: name.to_owned(),
                    }
                    .into());
                }
            }
        }
        Ok(())
    }

    /// Puts the result there, if the file is still what was looked at. `durable` waits for the disk.
    ///
    /// # Errors
    /// [`CliError::Changed`], [`CliError::Output`].
    pub(super) fn replace(&self, documents: &[String], durable: bool) -> Result<(), CliError> {
        match &self.text {
            Some(before) => {
                let after = documents.concat();
                output::exchange(&self.path, before, after.as_bytes(), durable)
            }
            None => output::create(&self.path, documents, durable),
        }
    }
}

/// The names of the SealedSecrets that an object is; `None` if it is, or holds, anything else.
fn sealed(object: &Node) -> Option<Vec<&str>> {
    let kind = object.get("kind").and_then(Node::as_str)?;
    if kind == "SealedSecret" {
        let name = object.get("metadata").and_then(|it| it.get("name"));
        return Some(vec![name.and_then(Node::as_str).unwrap_or_default()]);
    }
    let items = object.get("items").filter(|_| kind.ends_with("List"))?;
    let names = items.items().iter().map(|item| {
        // Lists of lists are nobody's results.
        let is_one = item.get("kind").and_then(Node::as_str) == Some("SealedSecret");
        sealed(item).filter(|_| is_one)
    });
    Some(names.collect::<Option<Vec<_>>>()?.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, names: &[&str]) -> Result<(), String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.yaml");
        std::fs::write(&path, text).unwrap();
        let present = Present::at(&path).unwrap();
        let admitted = present.admit(names.iter().copied());
        admitted.map_err(|error| match error {
            CliError::Folders(FoldersError::Occupied(_)) => "occupied".to_owned(),
            CliError::Folders(FoldersError::Lost { name, .. }) => name,
            CliError::Conflict { line, .. } => format!("conflict {line}"),
            other => other.to_string(),
        })
    }

    #[test]
    fn only_what_comes_back_is_replaced() {
        let of =
            |kind: &str, name: &str| format!("---\nkind: {kind}\nmetadata: {{name: {name}}}\n");
        let sealed = |name: &str| of("SealedSecret", name);
        let list = |kind: &str| {
            format!(
                "kind: List\nitems:\n- {{kind: SealedSecret, metadata: {{name: a}}}}\n- {{kind: {kind}, metadata: {{name: b}}}}\n"
            )
        };
        let config_map = of("ConfigMap", "a");
        for (text, names, refused) in [
            (String::new(), &["a"][..], None),
            (sealed("a"), &["a"], None),
            (sealed("a"), &["a", "b"], None),
            (sealed("a") + &sealed("b"), &["b", "a"], None),
            (sealed("a") + &sealed("b"), &["a"], Some("b")),
            // Of two namespaces, one would be gone.
            (sealed("a") + &sealed("a"), &["a", "b"], Some("a")),
            (sealed("a") + &config_map, &["a"], Some("occupied")),
            (config_map, &["a"], Some("occupied")),
            (of("Secret", "a"), &["a"], Some("occupied")),
            ("# by hand\n".to_owned(), &["a"], Some("occupied")),
            ("{{ a }}".to_owned(), &["a"], Some("occupied")),
            (list("SealedSecret"), &["a", "b"], None),
            (list("SealedSecret"), &["a"], Some("b")),
            (list("ConfigMap"), &["a", "b"], Some("occupied")),
            (sealed("a") + "<<<<<<< HEAD\n", &["a"], Some("conflict 4")),
        ] {
            let expected = refused.map_or(Ok(()), |it: &str| Err(it.to_owned()));
            assert_eq!(at(&text, names), expected, "{text} {names:?}");
        }
        let folder = tempfile::tempdir().unwrap();
        assert!(Present::at(folder.path()).is_err(), "a folder");
    }

    #[test]
    fn what_somebody_saved_meanwhile_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.yaml");
        let new = ["new".to_owned()];
        let before = Present::at(&path).unwrap();
        std::fs::write(&path, "theirs").unwrap();
        let error = before.replace(&new, false).unwrap_err();
        assert!(matches!(error, CliError::Changed(_)), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"theirs");
        std::fs::remove_file(&path).unwrap();
        before.replace(&new, false).unwrap();
        let names = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(names, 1, "no temporary file is left");
        let present = Present::at(&path).unwrap();
        std::fs::write(&path, "theirs").unwrap();
        let error = present.replace(&new, false).unwrap_err();
        assert!(matches!(error, CliError::Changed(_)), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"theirs");
        Present::at(&path).unwrap().replace(&new, true).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
    }
}
