//! Documents → SealedSecrets, strictly, with lines: step 1 of a reader (docs/format.md).

use std::collections::BTreeMap;

use seal_api::{DataKeyEntry, SealedSecretSpec, SecretTemplate, WrapEntry};
use seal_format::Scope;
use seal_manifest::{Document, Node, NodeKind};

use crate::scope::scope_of;

/// A SealedSecret as a file holds it. Nothing in it is secret.
#[derive(Clone, Debug)]
pub struct SealedDocument {
    /// Number among the documents of the file, from 1.
    pub index: usize,
    /// First line, from 1.
    pub line: usize,
    /// `metadata.name`.
    pub name: String,
    /// `metadata.namespace`.
    pub namespace: Option<String>,
    /// What the annotations say.
    pub scope: Scope,
    /// Values, data keys and template.
    pub spec: SealedSecretSpec,
    /// The line of each item of `encryptedData`.
    pub lines: BTreeMap<String, usize>,
}

/// A document is no well-formed SealedSecret.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("document {document}, line {line}: {reason}")]
pub struct ReadSealedError {
    /// Number of the document, from 1.
    pub document: usize,
    /// Line, from 1.
    pub line: usize,
    /// What is wrong.
    pub reason: SealedReason,
}

/// What is wrong with a document that should be a SealedSecret.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SealedReason {
    /// Another kind, or another version of the API.
    #[error("this is no SealedSecret of bitnami.com/v1alpha1")]
    OtherKind,
    /// A field has another type.
    #[error("{path} must be {expected}")]
    FieldType {
        /// Path of the field.
        path: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A field is missing.
    #[error("{0} is missing")]
    Missing(String),
    /// A field that the format does not have.
    #[error("{0} is no field of the format")]
    Unknown(String),
}

/// Reads one document.
///
/// # Errors
/// [`ReadSealedError`], for the first thing that is wrong.
pub fn read_sealed(document: &Document) -> Result<SealedDocument, ReadSealedError> {
    let reader = Reader {
        document: document.index(),
    };
    reader.document(document)
}

struct Reader {
    document: usize,
}

impl Reader {
    fn document(&self, document: &Document) -> Result<SealedDocument, ReadSealedError> {
        let root = document.root();
        let says = |field: &str, text: &str| root.get(field).and_then(Node::as_str) == Some(text);
        if !says("kind", "SealedSecret") || !says("apiVersion", "bitnami.com/v1alpha1") {
            return Err(self.error(root, SealedReason::OtherKind));
        }
        let metadata = self.mapping(root, "metadata", "metadata")?;
        let annotations = given(metadata, "annotations")
            .map(|node| self.texts(node, "metadata.annotations"))
            .transpose()?;
        let name = self.text_of(metadata, "name", "metadata.name")?;
        let namespace = match given(metadata, "namespace") {
            None => None,
            Some(node) => Some(self.text(node, "metadata.namespace")?),
        };
        let spec = self.mapping(root, "spec", "spec")?;
        let items = spec.get("encryptedData");
        let lines = items
            .into_iter()
            .flat_map(Node::entries)
            .map(|(item, node)| (item.to_owned(), node.line()));
        Ok(SealedDocument {
            index: document.index(),
            line: document.line(),
            name,
            namespace: namespace.filter(|namespace| !namespace.is_empty()),
            scope: scope_of(annotations.as_ref()),
            lines: lines.collect(),
            spec: self.spec(spec)?,
        })
    }

    fn spec(&self, spec: &Node) -> Result<SealedSecretSpec, ReadSealedError> {
        let mut data_keys = BTreeMap::new();
        if let Some(keys) = spec.get("dataKeys") {
            self.expect(keys, NodeKind::Mapping, "spec.dataKeys", "a mapping")?;
            for (id, entry) in keys.entries() {
                let entry = self.data_key(entry, &format!("spec.dataKeys.{id}"))?;
                data_keys.insert(id.to_owned(), entry);
            }
        }
        let encrypted_data = match spec.get("encryptedData") {
            None => BTreeMap::new(),
            Some(node) if node.kind() == NodeKind::Null => BTreeMap::new(),
            Some(node) => self.texts(node, "spec.encryptedData")?,
        };
        let data = match spec.get("data") {
            None => None,
            Some(node) => Some(self.text(node, "spec.data")?),
        };
        Ok(SealedSecretSpec {
            template: self.template(spec)?,
            data,
            data_keys,
            encrypted_data,
        })
    }

    fn data_key(&self, entry: &Node, path: &str) -> Result<DataKeyEntry, ReadSealedError> {
        self.fields(entry, path, &["boundTo", "commit", "mac", "wraps"])?;
        let text = |field: &str| self.text_of(entry, field, &format!("{path}.{field}"));
        let wraps = format!("{path}.wraps");
        let Some(list) = entry.get("wraps") else {
            return Err(self.error(entry, SealedReason::Missing(wraps)));
        };
        self.expect(list, NodeKind::Sequence, &wraps, "a list")?;
        let read = |(index, wrap): (usize, &Node)| {
            let path = format!("{wraps}[{index}]");
            self.fields(wrap, &path, &["to", "enc"])?;
            Ok(WrapEntry {
                to: self.text_of(wrap, "to", &format!("{path}.to"))?,
                enc: self.text_of(wrap, "enc", &format!("{path}.enc"))?,
            })
        };
        Ok(DataKeyEntry {
            bound_to: text("boundTo")?,
            commit: text("commit")?,
            mac: text("mac")?,
            wraps: list
                .items()
                .iter()
                .enumerate()
                .map(read)
                .collect::<Result<_, _>>()?,
        })
    }

    fn template(&self, spec: &Node) -> Result<Option<SecretTemplate>, ReadSealedError> {
        let Some(node) = spec
            .get("template")
            .filter(|node| node.kind() != NodeKind::Null)
        else {
            return Ok(None);
        };
        serde_json::from_value(node.to_json())
            .map(Some)
            .map_err(|_| self.field_type(node, "spec.template", "the structure of a Secret"))
    }

    /// A mapping that has no other fields than these.
    fn fields(&self, node: &Node, path: &str, known: &[&str]) -> Result<(), ReadSealedError> {
        self.expect(node, NodeKind::Mapping, path, "a mapping")?;
        match node.entries().find(|(field, _)| !known.contains(field)) {
            None => Ok(()),
            Some((field, at)) => {
                Err(self.error(at, SealedReason::Unknown(format!("{path}.{field}"))))
            }
        }
    }

    fn texts(&self, node: &Node, path: &str) -> Result<BTreeMap<String, String>, ReadSealedError> {
        self.expect(node, NodeKind::Mapping, path, "a mapping")?;
        node.entries()
            .map(|(key, value)| {
                let text = self.text(value, &format!("{path}.{key}"))?;
                Ok((key.to_owned(), text))
            })
            .collect()
    }

    fn mapping<'a>(
        &self,
        node: &'a Node,
        field: &str,
        path: &str,
    ) -> Result<&'a Node, ReadSealedError> {
        let Some(found) = node.get(field) else {
            return Err(self.error(node, SealedReason::Missing(path.to_owned())));
        };
        self.expect(found, NodeKind::Mapping, path, "a mapping")?;
        Ok(found)
    }

    fn text_of(&self, node: &Node, field: &str, path: &str) -> Result<String, ReadSealedError> {
        match node.get(field) {
            Some(found) => self.text(found, path),
            None => Err(self.error(node, SealedReason::Missing(path.to_owned()))),
        }
    }

    fn text(&self, node: &Node, path: &str) -> Result<String, ReadSealedError> {
        node.as_str()
            .map(ToOwned::to_owned)
            .ok_or_else(|| self.field_type(node, path, "a string"))
    }

    fn expect(
        &self,
        node: &Node,
        kind: NodeKind,
        path: &str,
        expected: &'static str,
    ) -> Result<(), ReadSealedError> {
        if node.kind() == kind {
            Ok(())
        } else {
            Err(self.field_type(node, path, expected))
        }
    }

    fn field_type(&self, node: &Node, path: &str, expected: &'static str) -> ReadSealedError {
        let path = path.to_owned();
        self.error(node, SealedReason::FieldType { path, expected })
    }

    fn error(&self, node: &Node, reason: SealedReason) -> ReadSealedError {
        ReadSealedError {
            document: self.document,
            line: node.line(),
            reason,
        }
    }
}

/// A field of the metadata. Null is nothing, as for every reader of the Kubernetes API.
fn given<'n>(metadata: &'n Node, field: &str) -> Option<&'n Node> {
    let found = metadata.get(field);
    found.filter(|node| node.kind() != NodeKind::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata:\n  name: db\n  namespace: prod\nspec:\n  dataKeys:\n    # A\n    kqj3msyyrrst:\n      boundTo: strict/prod/db\n      commit: c\n      mac: m\n      wraps:\n      - to: t\n        enc: e\n  encryptedData:\n    A: se1.x\n  template:\n    type: Opaque\n";

    fn read(text: &str) -> Result<SealedDocument, ReadSealedError> {
        read_sealed(&seal_manifest::read(text.as_bytes()).unwrap()[0])
    }

    #[test]
    fn reads_what_is_written() {
        let sealed = read(GOOD).unwrap();
        assert_eq!(sealed.namespace.as_deref(), Some("prod"));
        assert_eq!(sealed.lines["A"], 17);
        assert_eq!(sealed.spec.data_keys["kqj3msyyrrst"].wraps[0].to, "t");
        assert_eq!(sealed.scope, Scope::Strict);
        let null = GOOD.replace("namespace: prod", "namespace: null\n  annotations:");
        let sealed = read(&null).unwrap();
        assert_eq!((sealed.namespace, sealed.scope), (None, Scope::Strict));
    }

    #[test]
    fn names_line_and_field() {
        for (from, to, message) in [
            (
                "mac: m",
                "mac: 1",
                "line 12: spec.dataKeys.kqj3msyyrrst.mac must be a string",
            ),
            (
                "mac: m",
                "max: m",
                "line 12: spec.dataKeys.kqj3msyyrrst.max is no field",
            ),
            (
                "      mac: m\n",
                "",
                "spec.dataKeys.kqj3msyyrrst.mac is missing",
            ),
            (
                "        enc: e",
                "        enc: null",
                "wraps[0].enc must be a string",
            ),
            (
                "A: se1.x",
                "A: ~",
                "line 17: spec.encryptedData.A must be a string",
            ),
            ("SealedSecret", "Secret", "line 1: this is no SealedSecret"),
        ] {
            let error = read(&GOOD.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }
}
