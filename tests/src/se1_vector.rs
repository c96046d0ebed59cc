//! The files of `tests/vectors/se1`; `tests/oracles/se1/vectors.py` describes them.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use seal_format::se1::Fault;
use serde_json::Value;

/// One object, its reader, and what must come of it.
pub struct Se1Vector {
    /// The file's name without its end.
    pub name: String,
    path: PathBuf,
    /// A result class, or `legacy`.
    pub expect: String,
    /// Files under `vectors`, or ARNs.
    pub identities: Vec<String>,
    /// The object, `repeat` carried out.
    pub text: String,
    /// Whether parts of the text are repeated: it is large.
    pub repeats: bool,
    /// SHA-256 of each plaintext.
    digests: BTreeMap<String, Vec<u8>>,
}

impl Se1Vector {
    /// All of them, in the order of their names.
    pub fn all() -> Vec<Self> {
        let files = fs::read_dir(vectors().join("se1")).unwrap();
        let mut vectors: Vec<_> = files
            .map(|file| file.unwrap().path())
            .filter(|path| path.extension().is_some_and(|end| end == "txt"))
            .map(Self::read)
            .collect();
        vectors.sort_by(|a, b| a.name.cmp(&b.name));
        assert!(vectors.len() > 400, "{} vectors", vectors.len());
        vectors
    }

    fn read(path: PathBuf) -> Self {
        let text = fs::read_to_string(&path).unwrap();
        let (head, object) = text.split_once("\n\n").unwrap();
        let mut vector = Self {
            name: String::new(),
            path,
            expect: String::new(),
            identities: Vec::new(),
            text: object.to_owned(),
            repeats: false,
            digests: BTreeMap::new(),
        };
        for line in head.lines() {
            let (field, value) = line.split_once(": ").unwrap();
            vector.header(field, value);
        }
        assert_eq!(vector.path.file_stem().unwrap(), vector.name.as_str());
        vector
    }

    fn header(&mut self, field: &str, value: &str) {
        match field {
            "name" => value.clone_into(&mut self.name),
            "comment" => {}
            "expect" => value.clone_into(&mut self.expect),
            "identity" => self.identities.push(value.to_owned()),
            "item" => {
                let (item, text) = value.rsplit_once(" =").unwrap();
                let plaintext = STANDARD.decode(text.trim()).unwrap();
                self.digests.insert(item.to_owned(), sha256(&plaintext));
            }
            "item-sha256" => {
                let (item, text) = value.split_once(" = ").unwrap();
                self.digests.insert(item.to_owned(), unhex(text));
            }
            "repeat" => {
                let mut parts = value.splitn(3, ' ');
                let token = format!("@{}@", parts.next().unwrap());
                let count: usize = parts.next().unwrap().parse().unwrap();
                let unit = parts.next().unwrap();
                let numbered = |number: usize| unit.replace("{n}", &number.to_string());
                let text: String = (0..count).map(numbered).collect();
                self.repeats = true;
                self.text = self.text.replace(&token, &text);
            }
            other => panic!("{}: unknown header {other}", self.path.display()),
        }
    }

    /// What an outcome is, if it is not as the vector says.
    pub fn differs(&self, outcome: &Result<BTreeMap<String, Vec<u8>>, String>) -> Option<String> {
        let class = match outcome {
            Ok(_) => "success",
            Err(class) => class,
        };
        if class != self.expect {
            return Some(format!("{}: {class} for {}", self.name, self.expect));
        }
        let items = outcome.as_ref().ok()?;
        (!self.holds(items)).then(|| format!("{}: other plaintexts", self.name))
    }

    /// Namespace and name, where the object has them.
    pub fn place(&self) -> Option<(String, String)> {
        let object: Value = serde_json::from_str(&self.text).ok()?;
        let text = |field: &str| Some(object["metadata"][field].as_str()?.to_owned());
        Some((text("namespace")?, text("name")?))
    }

    /// Whether these are the plaintexts.
    pub fn holds(&self, items: &BTreeMap<String, Vec<u8>>) -> bool {
        let digests = items.iter().map(|(item, value)| (item, sha256(value)));
        digests.eq(self
            .digests
            .iter()
            .map(|(item, digest)| (item, digest.clone())))
    }
}

/// The class that a message of the controller has: of its lines, that of the earliest step.
pub fn fault_in(message: &str) -> Option<Fault> {
    let faults = message.lines().filter_map(|line| {
        let mut all = ALL.into_iter();
        all.find(|fault| line.starts_with(&fault.to_string()))
    });
    faults.min_by_key(|fault| fault.step())
}

/// The folder of all vectors and their keys.
pub fn vectors() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/vectors"))
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA256, bytes).as_ref().to_vec()
}

fn unhex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
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
