//! Fields of a Secret by name, as Go's `encoding/json` finds them for kubeseal: capitals do not
//! matter, and of several spellings the one that is read last wins (contract §3.4).

use std::collections::BTreeMap;
use std::fmt;

use seal_manifest::{Format, Node};

/// What a Secret has.
const OF_SECRET: &[&str] = &[
    "apiVersion",
    "data",
    "immutable",
    "kind",
    "metadata",
    "stringData",
    "type",
];
/// What its metadata has; the last two in clusters of some years ago.
const OF_METADATA: &[&str] = &[
    "annotations",
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generateName",
    "generation",
    "labels",
    "managedFields",
    "name",
    "namespace",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
    "clusterName",
    "initializers",
];
/// Unknown fields of one object that are told: what has more is no Secret.
const MOST_TOLD: usize = 10;
/// No field has a longer name, in bytes.
const LONGEST: usize = 40;

/// A field that the API server does not know, and drops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownField {
    /// Line of its name in the input, from 1.
    pub line: usize,
    /// Path as it is written, such as `metadata.nameSpace`; what cannot be the name of a field may
    /// be a piece of a value, and is not told.
    pub path: Option<String>,
    /// The field that kubeseal takes it for, as capitals do not matter to it.
    pub taken_as: Option<&'static str>,
    /// A field of the Secret that stands in its metadata.
    pub outside: Option<&'static str>,
}

impl fmt::Display for UnknownField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(f, "`{path}` is not a field of a Secret"),
            None => f.write_str("this is not a field of a Secret"),
        }
    }
}

/// The values of the known fields, in the order in which Go reads them.
pub(crate) struct Fields<'n> {
    values: BTreeMap<&'static str, Vec<&'n Node>>,
}

impl<'n> Fields<'n> {
    pub(crate) fn of_secret(
        object: &'n Node,
        format: Format,
        unknown: &mut Vec<UnknownField>,
    ) -> Self {
        let mut reader = Reader {
            known: OF_SECRET,
            inside: "",
            unknown,
            told: 0,
            values: BTreeMap::new(),
        };
        reader.read(object, format);
        Self {
            values: reader.values,
        }
    }

    /// Of all of the metadata that the object has: Go reads the second into the first.
    pub(crate) fn of_metadata(
        objects: &[&'n Node],
        format: Format,
        unknown: &mut Vec<UnknownField>,
    ) -> Self {
        let mut reader = Reader {
            known: OF_METADATA,
            inside: "metadata.",
            unknown,
            told: 0,
            values: BTreeMap::new(),
        };
        for object in objects {
            reader.read(object, format);
        }
        Self {
            values: reader.values,
        }
    }

    /// Every value of a field.
    pub(crate) fn all(&self, field: &str) -> &[&'n Node] {
        self.values
            .get(field)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }
}

/// The values of one field of any object.
pub(crate) fn named<'n>(object: &'n Node, field: &str, format: Format) -> Vec<&'n Node> {
    let entries = in_order(object, format);
    entries
        .into_iter()
        .filter(|(key, ..)| *key == field || fold(key) == fold(field))
        .map(|(_, value, _)| value)
        .collect()
}

struct Reader<'n, 'u> {
    known: &'static [&'static str],
    /// Begins every path.
    inside: &'static str,
    unknown: &'u mut Vec<UnknownField>,
    told: usize,
    values: BTreeMap<&'static str, Vec<&'n Node>>,
}

impl<'n> Reader<'n, '_> {
    fn read(&mut self, object: &'n Node, format: Format) {
        for (key, value, line) in in_order(object, format) {
            let exact = self.known.iter().find(|field| **field == key);
            let field = exact.or_else(|| like(self.known, key)).copied();
            if let Some(field) = field {
                self.values.entry(field).or_default().push(value);
            }
            if exact.is_none() && self.told < MOST_TOLD {
                self.told += 1;
                let is_inside = !self.inside.is_empty();
                let outside = like(OF_SECRET, key).filter(|_| is_inside && field.is_none());
                self.unknown.push(UnknownField {
                    line,
                    path: is_name(key).then(|| format!("{}{key}", self.inside)),
                    taken_as: field,
                    outside: outside.copied(),
                });
            }
        }
    }
}

/// Keys, values and lines. JSON is read as it stands; YAML becomes JSON first, by which its keys are
/// sorted.
fn in_order(object: &Node, format: Format) -> Vec<(&str, &Node, usize)> {
    let mut entries: Vec<_> = object
        .entries()
        .zip(object.key_lines())
        .map(|((key, value), line)| (key, value, line))
        .collect();
    if format == Format::Yaml {
        entries.sort_by_key(|(key, ..)| *key);
    }
    entries
}

fn like(known: &'static [&'static str], key: &str) -> Option<&'static &'static str> {
    let key = fold(key);
    known.iter().find(|field| fold(field) == key)
}

/// As Go folds: the long s and the sign of the kelvin are letters like others.
fn fold(key: &str) -> String {
    let small = |c| match c {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        c => c.to_ascii_lowercase(),
    };
    key.chars().map(small).collect()
}

fn is_name(key: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '$' | '\u{17f}');
    !key.is_empty() && key.len() <= LONGEST && key.chars().all(legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown(text: &str) -> Vec<UnknownField> {
        let documents = seal_manifest::read(text.as_bytes()).unwrap();
        let mut unknown = Vec::new();
        let root = documents[0].root();
        let fields = Fields::of_secret(root, Format::Yaml, &mut unknown);
        Fields::of_metadata(fields.all("metadata"), Format::Yaml, &mut unknown);
        unknown
    }

    #[test]
    fn unknown_fields_are_told_with_what_they_may_be() {
        let all = "kind: Secret\nmetadata: {name: a, uid: b}\ndata: {}\nstringData: {}\ntype: x\nimmutable: true\n";
        assert_eq!(unknown(all), []);
        for (text, line, path, taken_as, outside) in [
            (
                "stringdata: {}",
                1,
                Some("stringdata"),
                Some("stringData"),
                None,
            ),
            ("kind: x\nDATA: {}", 2, Some("DATA"), Some("data"), None),
            ("datas: {}", 1, Some("datas"), None, None),
            ("two words: {}", 1, None, None, None),
            (
                "metadata:\n  nameSpace: x",
                2,
                Some("metadata.nameSpace"),
                Some("namespace"),
                None,
            ),
            (
                "metadata:\n  stringData: {}",
                2,
                Some("metadata.stringData"),
                None,
                Some("stringData"),
            ),
        ] {
            let expected = UnknownField {
                line,
                path: path.map(str::to_owned),
                taken_as,
                outside,
            };
            assert_eq!(unknown(text), [expected], "{text}");
        }
        let many: Vec<_> = (0..50).map(|n| format!("a{n}: b\n")).collect();
        assert_eq!(unknown(&many.concat()).len(), MOST_TOLD);
    }

    #[test]
    fn letters_are_folded_as_go_folds_them() {
        for (key, expected) in [
            ("StringData", Some(&"stringData")),
            ("\u{17f}tringData", Some(&"stringData")),
            ("\u{212a}IND", Some(&"kind")),
            ("string-data", None),
            ("däta", None),
        ] {
            assert_eq!(like(OF_SECRET, key), expected, "{key}");
        }
    }
}
