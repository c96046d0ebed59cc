//! Documents → Secrets, with kubeseal's coercions (contract §3.4).

use std::collections::BTreeMap;

use seal_api::TemplateMetadata;
use seal_format::go_base64;
use seal_manifest::{Document, Node, NodeKind};
use zeroize::Zeroizing;

use crate::plain_secret::PlainSecret;

/// The Secrets of one document, and what was coerced on the way.
pub struct SecretList {
    /// One Secret, or the items of a `List`.
    pub secrets: Vec<PlainSecret>,
    /// Whether the document is a `List`.
    pub is_list: bool,
    /// Scalars that were no strings where strings are wanted.
    pub coerced: Vec<CoercedScalar>,
}

/// A scalar that YAML reads as something else than the string that Kubernetes wants there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoercedScalar {
    /// Line in the input, from 1.
    pub line: usize,
    /// Path of the field, such as `stringData.port`.
    pub path: String,
}

/// Why a document holds no Secret that could be sealed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("document {document}, line {line}: {reason}")]
pub struct ReadSecretError {
    /// Which document of the input, from 1.
    pub document: usize,
    /// Line in the input, from 1.
    pub line: usize,
    /// What is wrong there.
    pub reason: Reason,
}

/// What is wrong with a document.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// Sealed already.
    #[error("this is a SealedSecret, which is sealed already; give the Secret it was made from")]
    AlreadySealed,
    /// Another kind of object.
    #[error("expected a Secret, but this is kind {0:?}")]
    OtherKind(String),
    /// An item of a `List` is another kind of object.
    #[error("item {index} of the List is kind {kind:?}, expected a Secret")]
    ListItem {
        /// Position in `items`, from 1.
        index: usize,
        /// Its kind.
        kind: String,
    },
    /// The document is a scalar or a list.
    #[error("expected a Secret, but this document is not an object")]
    NotAnObject,
    /// A field is not of the type that a Secret has there.
    #[error("{path} must be {expected}")]
    FieldType {
        /// Path of the field.
        path: String,
        /// What belongs there.
        expected: &'static str,
    },
    /// A value below `data` is not base64.
    #[error("{path} is not valid base64; plain text belongs under stringData")]
    Base64 {
        /// Path of the field.
        path: String,
    },
}

/// Reads the Secret, or the Secrets of the `List`, that a document holds.
pub fn read_secrets(document: &Document) -> Result<SecretList, ReadSecretError> {
    let mut reader = Reader {
        document: document.index(),
        coerced: Vec::new(),
    };
    let root = document.root();
    if root.kind() != NodeKind::Mapping {
        return Err(reader.error(root, Reason::NotAnObject));
    }
    let kind = kind_of(root);
    let secrets = match kind {
        "List" | "SecretList" => reader.list(root)?,
        "" | "Secret" => vec![reader.secret(root)?],
        "SealedSecret" => return Err(reader.error(root, Reason::AlreadySealed)),
        other => return Err(reader.error(root, Reason::OtherKind(other.to_owned()))),
    };
    Ok(SecretList {
        secrets,
        is_list: matches!(kind, "List" | "SecretList"),
        coerced: reader.coerced,
    })
}

fn kind_of(object: &Node) -> &str {
    object
        .get("kind")
        .and_then(Node::as_str)
        .unwrap_or_default()
}

struct Reader {
    document: usize,
    coerced: Vec<CoercedScalar>,
}

impl Reader {
    fn list(&mut self, list: &Node) -> Result<Vec<PlainSecret>, ReadSecretError> {
        let Some(items) = list.get("items") else {
            return Ok(Vec::new());
        };
        if !matches!(items.kind(), NodeKind::Sequence | NodeKind::Null) {
            return Err(self.field_type(items, "items", "a list"));
        }
        let in_secret_list = kind_of(list) == "SecretList";
        items
            .items()
            .iter()
            .enumerate()
            .map(|(index, item)| match kind_of(item) {
                "Secret" => self.secret(item),
                "" if in_secret_list => self.secret(item),
                other => Err(self.error(
                    item,
                    Reason::ListItem {
                        index: index + 1,
                        kind: other.to_owned(),
                    },
                )),
            })
            .collect()
    }

    fn secret(&mut self, object: &Node) -> Result<PlainSecret, ReadSecretError> {
        let metadata = match object.get("metadata") {
            None => TemplateMetadata::default(),
            Some(node) => self.metadata(node)?,
        };
        let mut data = BTreeMap::new();
        for (name, node) in self.mapping(object, "data")? {
            let path = format!("data.{name}");
            data.insert(name.to_owned(), self.base64(node, path)?);
        }
        for (name, node) in self.mapping(object, "stringData")? {
            let text = self.string(node, &format!("stringData.{name}"))?;
            data.insert(name.to_owned(), Zeroizing::new(text.as_bytes().to_vec()));
        }
        Ok(PlainSecret {
            metadata,
            secret_type: self.plain_string(object, "type")?,
            immutable: self.boolean(object, "immutable")?,
            data,
        })
    }

    fn metadata(&mut self, node: &Node) -> Result<TemplateMetadata, ReadSecretError> {
        if node.kind() == NodeKind::Null {
            return Ok(TemplateMetadata::default());
        }
        if node.kind() != NodeKind::Mapping {
            return Err(self.field_type(node, "metadata", "an object"));
        }
        // What the server set, owner references, and what Kubernetes does not know is left out.
        let other = node
            .get("managedFields")
            .filter(|fields| fields.kind() != NodeKind::Null)
            .map(|fields| ("managedFields".to_owned(), fields.to_json()))
            .into_iter()
            .collect();
        Ok(TemplateMetadata {
            name: self.plain_string(node, "name")?,
            generate_name: self.plain_string(node, "generateName")?,
            namespace: self.plain_string(node, "namespace")?,
            labels: self.strings(node, "labels")?,
            annotations: self.strings(node, "annotations")?,
            finalizers: self.finalizers(node)?,
            other,
        })
    }

    fn finalizers(&mut self, metadata: &Node) -> Result<Option<Vec<String>>, ReadSecretError> {
        let Some(node) = metadata.get("finalizers") else {
            return Ok(None);
        };
        let finalizers = node
            .items()
            .iter()
            .map(|item| Ok(self.string(item, "metadata.finalizers")?.to_string()))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Some(finalizers).filter(|finalizers| !finalizers.is_empty()))
    }

    fn strings(
        &mut self,
        metadata: &Node,
        field: &str,
    ) -> Result<Option<BTreeMap<String, String>>, ReadSecretError> {
        let strings = self
            .mapping(metadata, field)?
            .into_iter()
            .map(|(name, node)| {
                let text = self.string(node, &format!("metadata.{field}.{name}"))?;
                Ok((name.to_owned(), text.to_string()))
            })
            .collect::<Result<BTreeMap<_, _>, _>>()?;
        Ok(Some(strings).filter(|strings| !strings.is_empty()))
    }

    /// The entries of an object-valued field; none when it is missing or null.
    fn mapping<'n>(
        &self,
        object: &'n Node,
        field: &str,
    ) -> Result<Vec<(&'n str, &'n Node)>, ReadSecretError> {
        match object.get(field) {
            None => Ok(Vec::new()),
            Some(node) if node.kind() == NodeKind::Null => Ok(Vec::new()),
            Some(node) if node.kind() == NodeKind::Mapping => Ok(node.entries().collect()),
            Some(node) => Err(self.field_type(node, field, "an object of strings")),
        }
    }

    fn plain_string(
        &mut self,
        object: &Node,
        field: &str,
    ) -> Result<Option<String>, ReadSecretError> {
        let Some(node) = object.get(field) else {
            return Ok(None);
        };
        let text = self.string(node, field)?;
        Ok(Some(text.to_string()).filter(|text| !text.is_empty()))
    }

    fn string(&mut self, node: &Node, path: &str) -> Result<Zeroizing<String>, ReadSecretError> {
        let Some(coerced) = node.coerced() else {
            return Err(self.field_type(node, path, "a string"));
        };
        // Null where a string is wanted is the empty string in every client: no surprise to tell.
        if coerced.changed && node.kind() != NodeKind::Null {
            self.coerced.push(CoercedScalar {
                line: node.line(),
                path: path.to_owned(),
            });
        }
        Ok(Zeroizing::new(coerced.text.to_string()))
    }

    fn boolean(&self, object: &Node, field: &str) -> Result<Option<bool>, ReadSecretError> {
        match object.get(field) {
            None => Ok(None),
            Some(node) if node.kind() == NodeKind::Null => Ok(None),
            Some(node) => node
                .as_bool()
                .map(Some)
                .ok_or_else(|| self.field_type(node, field, "true or false")),
        }
    }

    /// Null is nothing; a number is no base64, even if its digits could be.
    fn base64(&self, node: &Node, path: String) -> Result<Zeroizing<Vec<u8>>, ReadSecretError> {
        let text = match node.as_str() {
            Some(text) => text,
            None if node.kind() == NodeKind::Null => "",
            None => return Err(self.field_type(node, &path, "a string in base64")),
        };
        match go_base64::decode(text) {
            Ok(bytes) => Ok(Zeroizing::new(bytes)),
            Err(_) => Err(self.error(node, Reason::Base64 { path })),
        }
    }

    fn field_type(&self, node: &Node, path: &str, expected: &'static str) -> ReadSecretError {
        let path = path.to_owned();
        self.error(node, Reason::FieldType { path, expected })
    }

    fn error(&self, node: &Node, reason: Reason) -> ReadSecretError {
        ReadSecretError {
            document: self.document,
            line: node.line(),
            reason,
        }
    }
}
