//! Documents → Secrets, with kubeseal's coercions (contract §3.4).

use std::collections::BTreeMap;
use std::fmt;

use seal_api::TemplateMetadata;
use seal_format::go_base64;
use seal_manifest::{Document, Format, Node, NodeKind};
use zeroize::Zeroizing;

use crate::fields::{Fields, UnknownField, named};
use crate::plain_secret::PlainSecret;

/// The Secrets of one document, and what was coerced on the way.
pub struct SecretList {
    /// One Secret, or the items of a `List`.
    pub secrets: Vec<PlainSecret>,
    /// Whether the document is a `List`.
    pub is_list: bool,
    /// Scalars that were no strings where strings are wanted.
    pub coerced: Vec<CoercedScalar>,
    /// Fields that no Secret has; of those that only differ in capitals, kubeseal takes the values.
    pub unknown: Vec<UnknownField>,
}

/// A scalar that YAML reads as something else than the string that Kubernetes wants there. Displayed, it
/// says what is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoercedScalar {
    /// Line in the input, from 1.
    pub line: usize,
    /// Path of the field, such as `stringData.port`; of a name, with what becomes of it.
    pub path: String,
    /// Which scalar of the field it is.
    pub coercion: Coercion,
}

/// What is no string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coercion {
    /// A value: a number, or true or false.
    Value,
    /// A value that is null: nothing stands there.
    Null,
    /// A name: an unquoted `n` is `false`.
    Name,
}

impl Coercion {
    /// What kubectl takes instead.
    pub fn read_as(self) -> &'static str {
        match self {
            Self::Value => "another text",
            Self::Null => "an empty text",
            Self::Name => "another name",
        }
    }

    /// What to do about it.
    pub fn next(self) -> &'static str {
        match self {
            Self::Value | Self::Name => "put it in quotes",
            Self::Null => "write \"\" if it shall be empty",
        }
    }
}

impl fmt::Display for CoercedScalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match self.coercion {
            Coercion::Value => write!(f, "{path} is not a string in YAML"),
            Coercion::Null => write!(f, "{path} has no value"),
            Coercion::Name => write!(f, "the name that becomes {path} is not a string in YAML"),
        }
    }
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
        format: document.format(),
        coerced: Vec::new(),
        unknown: Vec::new(),
    };
    let root = document.root();
    if root.kind() != NodeKind::Mapping {
        return Err(reader.error(root, Reason::NotAnObject));
    }
    let kind = reader.kind_of(root)?;
    let secrets = match kind {
        "List" | "SecretList" => reader.list(root, kind)?,
        "" | "Secret" => vec![reader.secret(root)?],
        "SealedSecret" => return Err(reader.error(root, Reason::AlreadySealed)),
        other => return Err(reader.error(root, Reason::OtherKind(other.to_owned()))),
    };
    reader.coerced.sort_by_key(|scalar| scalar.line);
    Ok(SecretList {
        secrets,
        is_list: matches!(kind, "List" | "SecretList"),
        coerced: reader.coerced,
        unknown: reader.unknown,
    })
}

struct Reader {
    document: usize,
    format: Format,
    coerced: Vec<CoercedScalar>,
    unknown: Vec<UnknownField>,
}

impl Reader {
    /// Null is nothing; whatever else is no string is refused, as Go's decoder does.
    fn kind_of<'n>(&self, object: &'n Node) -> Result<&'n str, ReadSecretError> {
        self.of_type(object, "apiVersion")?;
        self.of_type(object, "kind")
    }

    /// A field that says of which type an object is.
    fn of_type<'n>(&self, object: &'n Node, field: &str) -> Result<&'n str, ReadSecretError> {
        let mut said = "";
        for node in named(object, field, self.format) {
            match node.as_str() {
                Some(text) => said = text,
                None if node.kind() == NodeKind::Null => {}
                None => return Err(self.field_type(node, field, "a string")),
            }
        }
        Ok(said)
    }

    fn list(&mut self, list: &Node, kind: &str) -> Result<Vec<PlainSecret>, ReadSecretError> {
        let Some(items) = named(list, "items", self.format).pop() else {
            return Ok(Vec::new());
        };
        if !matches!(items.kind(), NodeKind::Sequence | NodeKind::Null) {
            return Err(self.field_type(items, "items", "a list"));
        }
        let in_secret_list = kind == "SecretList";
        items
            .items()
            .iter()
            .enumerate()
            .map(|(index, item)| match self.kind_of(item)? {
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
        let fields = Fields::of_secret(object, self.format, &mut self.unknown);
        let metadata = self.metadata(fields.all("metadata"))?;
        let mut data = BTreeMap::new();
        for (name, node) in self.mapping(&fields, "data", "")? {
            let path = format!("data.{name}");
            self.tell_null(node, &path);
            data.insert(name.to_owned(), self.base64(node, path)?);
        }
        for (name, node) in self.mapping(&fields, "stringData", "")? {
            let path = format!("stringData.{name}");
            self.tell_null(node, &path);
            let text = self.string(node, &path)?;
            data.insert(name.to_owned(), Zeroizing::new(text.as_bytes().to_vec()));
        }
        Ok(PlainSecret {
            metadata,
            secret_type: self.plain_string(&fields, "type")?,
            immutable: self.boolean(&fields, "immutable")?,
            data,
        })
    }

    fn metadata(&mut self, nodes: &[&Node]) -> Result<TemplateMetadata, ReadSecretError> {
        let legal = [NodeKind::Null, NodeKind::Mapping];
        if let Some(node) = nodes.iter().find(|node| !legal.contains(&node.kind())) {
            return Err(self.field_type(node, "metadata", "an object"));
        }
        let fields = Fields::of_metadata(nodes, self.format, &mut self.unknown);
        // What the server set, owner references, and what Kubernetes does not know is left out.
        let other = fields
            .all("managedFields")
            .last()
            .filter(|fields| fields.kind() != NodeKind::Null)
            .map(|fields| ("managedFields".to_owned(), fields.to_json()))
            .into_iter()
            .collect();
        Ok(TemplateMetadata {
            name: self.plain_string(&fields, "name")?,
            generate_name: self.plain_string(&fields, "generateName")?,
            namespace: self.plain_string(&fields, "namespace")?,
            labels: self.strings(&fields, "labels")?,
            annotations: self.strings(&fields, "annotations")?,
            finalizers: self.finalizers(&fields)?,
            other,
        })
    }

    fn finalizers(
        &mut self,
        metadata: &Fields<'_>,
    ) -> Result<Option<Vec<String>>, ReadSecretError> {
        let Some(node) = metadata.all("finalizers").last() else {
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
        metadata: &Fields<'_>,
        field: &str,
    ) -> Result<Option<BTreeMap<String, String>>, ReadSecretError> {
        let strings = self
            .mapping(metadata, field, "metadata.")?
            .into_iter()
            .map(|(name, node)| {
                let text = self.string(node, &format!("metadata.{field}.{name}"))?;
                Ok((name.to_owned(), text.to_string()))
            })
            .collect::<Result<BTreeMap<_, _>, _>>()?;
        Ok(Some(strings).filter(|strings| !strings.is_empty()))
    }

    /// The entries of an object-valued field, later ones over earlier ones; null takes away what
    /// came before it.
    fn mapping<'n>(
        &mut self,
        fields: &Fields<'n>,
        field: &str,
        above: &str,
    ) -> Result<Vec<(&'n str, &'n Node)>, ReadSecretError> {
        let mut entries = Vec::new();
        for &node in fields.all(field) {
            match node.kind() {
                NodeKind::Null => entries.clear(),
                NodeKind::Mapping => {
                    entries.extend(node.entries());
                    let names = node.coerced_keys().map(|(name, line)| CoercedScalar {
                        line,
                        path: format!("{above}{field}.{name}"),
                        coercion: Coercion::Name,
                    });
                    self.coerced.extend(names);
                }
                _ => return Err(self.field_type(node, field, "an object of strings")),
            }
        }
        Ok(entries)
    }

    fn plain_string(
        &mut self,
        fields: &Fields<'_>,
        field: &str,
    ) -> Result<Option<String>, ReadSecretError> {
        let mut text = String::new();
        for node in fields.all(field) {
            let said = self.string(node, field)?;
            if node.kind() != NodeKind::Null {
                text = said.to_string();
            }
        }
        Ok(Some(text).filter(|text| !text.is_empty()))
    }

    fn string(&mut self, node: &Node, path: &str) -> Result<Zeroizing<String>, ReadSecretError> {
        let Some(coerced) = node.coerced() else {
            return Err(self.field_type(node, path, "a string"));
        };
        // A field without a value is as if it were not there. Only items are sealed nevertheless.
        if coerced.changed && node.kind() != NodeKind::Null {
            self.coerced.push(CoercedScalar {
                line: node.line(),
                path: path.to_owned(),
                coercion: Coercion::Value,
            });
        }
        Ok(Zeroizing::new(coerced.text.to_string()))
    }

    /// An item without a value is an empty one to kubectl, and may be a secret that somebody forgot.
    fn tell_null(&mut self, node: &Node, path: &str) {
        if node.kind() == NodeKind::Null {
            self.coerced.push(CoercedScalar {
                line: node.line(),
                path: path.to_owned(),
                coercion: Coercion::Null,
            });
        }
    }

    fn boolean(&self, fields: &Fields<'_>, field: &str) -> Result<Option<bool>, ReadSecretError> {
        let mut value = None;
        for node in fields.all(field) {
            value = match node.kind() {
                NodeKind::Null => None,
                _ => match node.as_bool() {
                    Some(value) => Some(value),
                    None => return Err(self.field_type(node, field, "true or false")),
                },
            };
        }
        Ok(value)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<SecretList, ReadSecretError> {
        read_secrets(&seal_manifest::read(text.as_bytes()).unwrap()[0])
    }

    #[test]
    fn every_scalar_that_is_no_string_is_told() {
        let told = |text: &str| {
            let list = read(&format!("kind: Secret\n{text}\n")).unwrap();
            let told = list.coerced.iter();
            told.map(|scalar| format!("{}: {scalar}", scalar.line))
                .collect::<Vec<_>>()
        };
        let value = |path: &str| format!("2: {path} is not a string in YAML");
        let null = |path: &str| format!("2: {path} has no value");
        let name = |path: &str| format!("2: the name that becomes {path} is not a string in YAML");
        for (text, expected) in [
            (
                "stringData: {a: b, 'n': c, \"1\": d, e: '', f: \"\"}",
                vec![],
            ),
            ("stringData: {a: 1}", vec![value("stringData.a")]),
            ("stringData: {a: ~}", vec![null("stringData.a")]),
            ("stringData: {a: null}", vec![null("stringData.a")]),
            ("data: {a: Null}", vec![null("data.a")]),
            ("data: {a: }", vec![null("data.a")]),
            ("data: {a: ''}", vec![]),
            ("data:", vec![]),
            ("stringData: ~", vec![]),
            ("metadata: {namespace: ~, labels: {a: }}", vec![]),
            ("stringData: {n: b}", vec![name("stringData.false")]),
            ("data: {y: YQ==}", vec![name("data.true")]),
            (
                "stringData: {0x10: ~}",
                vec![name("stringData.16"), null("stringData.16")],
            ),
            (
                "metadata: {labels: {1e3: x}}",
                vec![name("metadata.labels.1000")],
            ),
            (
                "metadata: {annotations: {010: yes}}",
                vec![
                    name("metadata.annotations.8"),
                    value("metadata.annotations.8"),
                ],
            ),
            ("stringData: {1.10: x}", vec![name("stringData.1.1")]),
        ] {
            assert_eq!(told(text), expected, "{text}");
        }
        let json = "{\"stringData\": {\n\"1\": null}}";
        let list = read(json).unwrap();
        assert_eq!(list.coerced[0].coercion, Coercion::Null);
        assert_eq!((list.coerced.len(), list.coerced[0].line), (1, 2));
    }

    #[test]
    fn a_kind_is_a_string() {
        for (text, refused) in [
            ("kind: 1", Some("kind")),
            ("kind: true", Some("kind")),
            ("kind: [Secret]", Some("kind")),
            ("kind: Secret\nKind: 1.5", Some("kind")),
            ("kind: {}\napiVersion: v1", Some("kind")),
            ("kind: Secret\napiVersion: 1", Some("apiVersion")),
            ("kind: ~\napiVersion: ~", None),
            ("kind: ''", None),
            ("kind: Secret\nKind: ~", None),
            ("kind: List\nitems: [{kind: 1}]", Some("kind")),
        ] {
            let error = read(text).err().map(|error| error.reason);
            let expected = refused.map(|field| Reason::FieldType {
                path: field.to_owned(),
                expected: "a string",
            });
            assert_eq!(error, expected, "{text}");
        }
    }
}
