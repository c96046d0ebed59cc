//! The published vectors of SE1: `tests/vectors/se1`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use seal_format::se1::Fault;
use serde_json::Value;

/// One vector: an object, who reads it, and what comes of it.
pub struct Se1Vector {
    /// Its name.
    pub name: String,
    /// Files and ARNs of the reader's keys, below `tests/vectors`.
    pub identities: Vec<String>,
    /// `success`, or the class of the failure.
    pub expect: String,
    /// What the items hold.
    pub items: BTreeMap<String, Vec<u8>>,
    /// Whether parts of the text stand for many.
    pub repeats: bool,
    /// The object, as the file has it.
    pub text: String,
}

impl Se1Vector {
    /// Every vector.
    pub fn all() -> Vec<Self> {
        let entries = std::fs::read_dir(vectors().join("se1")).unwrap();
        let files = entries.map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = files
            .filter(|path| path.extension().is_some_and(|it| it == "txt"))
            .collect();
        files.sort();
        files.iter().map(|path| Self::read(path)).collect()
    }

    fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        let (head, text) = text.split_once("\n\n").unwrap();
        let fields: Vec<_> = head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .collect();
        let all = |name: &'static str| {
            let fields = fields.iter();
            fields
                .filter(move |(field, _)| *field == name)
                .map(|it| it.1)
        };
        let items = all("item").map(|item| {
            let (name, value) = item.split_once(" =").unwrap();
            let value = STANDARD.decode(value.trim()).unwrap();
            (name.to_owned(), value)
        });
        Self {
            name: all("name").next().unwrap().to_owned(),
            identities: all("identity").map(ToOwned::to_owned).collect(),
            expect: all("expect").next().unwrap().to_owned(),
            items: items.collect(),
            repeats: all("repeat").next().is_some(),
            text: text.to_owned(),
        }
    }

    /// Namespace and name, where the object has them.
    pub fn place(&self) -> Option<(String, String)> {
        let object: Value = serde_json::from_str(&self.text).ok()?;
        let text = |field: &str| Some(object["metadata"][field].as_str()?.to_owned());
        Some((text("namespace")?, text("name")?))
    }

    /// The class that is expected of values in SE1.
    pub fn fault(&self) -> Option<Fault> {
        ALL.into_iter().find(|fault| fault.class() == self.expect)
    }
}

/// The folder of all vectors and their keys.
pub fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

const ALL: [Fault; 18] = [
    Fault::BadValue,
    Fault::MovedObject,
    Fault::WrongScope,
    Fault::BadMac,
    Fault::BadCommitment,
    Fault::BadId,
    Fault::BadWrap,
    Fault::MissingDataKey,
    Fault::NoIdentity,
    Fault::Unavailable,
    Fault::UnknownVersion,
    Fault::UnknownRecipient,
    Fault::TooMany,
    Fault::TooLarge,
    Fault::Truncated,
    Fault::NotCanonical,
    Fault::Duplicate,
    Fault::Malformed,
];
