//! The marks by which controllers know their own work (contract §1.1): SHA3-224 over a rendering of Go
//! values, byte for byte upstream's, so that taking over writes nothing.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha3::{Digest as _, Sha3_224};
use zeroize::Zeroizing;

use crate::SecretData;

/// Annotation `data-hash` of a Secret with these data.
pub fn data_hash(data: &SecretData) -> String {
    let mut hasher = Sha3_224::new();
    hasher.update("map[");
    for (index, (key, value)) in data.iter().enumerate() {
        hasher.update(if index == 0 { "" } else { " " });
        hasher.update(key);
        hasher.update(":[");
        let mut digits = Zeroizing::new(String::with_capacity(value.len() * 4));
        for (index, byte) in value.iter().enumerate() {
            // Writing to a string cannot fail.
            let _ = write!(digits, "{}{byte}", if index == 0 { "" } else { " " });
        }
        hasher.update(digits.as_bytes());
        hasher.update("]");
    }
    hasher.update("]");
    hex(hasher)
}

/// Label `created-by` of a Secret that an ExternalSecret owns.
pub fn owner_hash(namespace: &str, name: &str) -> String {
    hex(Sha3_224::new_with_prefix(format!("{namespace}/{name}")))
}

/// `status.syncedResourceVersion`: changes whenever the specification, a label or an annotation does.
pub fn synced_resource_version(
    generation: i64,
    annotations: &BTreeMap<String, String>,
    labels: &BTreeMap<String, String>,
) -> String {
    let rendered = format!(
        "{{annotations:{} labels:{}}}",
        map(annotations),
        map(labels)
    );
    format!("{generation}-{}", hex(Sha3_224::new_with_prefix(rendered)))
}

fn map(entries: &BTreeMap<String, String>) -> String {
    let entries: Vec<_> = entries
        .iter()
        .map(|(key, value)| format!("{key}:{value}"))
        .collect();
    format!("map[{}]", entries.join(" "))
}

fn hex(hasher: Sha3_224) -> String {
    let digest = hasher.finalize();
    digest
        .iter()
        .fold(String::with_capacity(56), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(entries: &[(&str, &[u8])]) -> SecretData {
        let entries = entries.iter();
        entries
            .map(|(key, value)| ((*key).to_owned(), Zeroizing::new(value.to_vec())))
            .collect()
    }

    fn strings(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
        let entries = entries.iter();
        entries
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    /// Contract §1.1; made by upstream's own function.
    #[test]
    fn golden_hashes() {
        for (entries, hash) in [
            (
                data(&[]),
                "74a974446e359fb3e6baff9bd0058950e6edd0f040888d9989b0a11b",
            ),
            (
                data(&[("foo", b"bar")]),
                "f2a604b87eb0cf673761e8cfea850f901fe73a3d1b2f338802107f36",
            ),
            (
                data(&[("a", b""), ("a.b", b"\x00\xff"), ("b", b"hi")]),
                "9c2721157f1398baac4bb2bf1ad69f71bcc2d4708eb00311e9275f36",
            ),
            (
                data(&[("foo", b"value1"), ("bar", b"value2")]),
                "1bed8bcbcb4547ffe19a19cd47d9078e84aa6598266d86b99f992d64",
            ),
        ] {
            assert_eq!(data_hash(&entries), hash);
        }
        assert_eq!(
            owner_hash("default", "example"),
            "5b1224068cc3cca5aa3071e518838346f821fe1761229559d4959980"
        );
    }

    #[test]
    fn golden_versions() {
        let none = BTreeMap::new();
        assert_eq!(
            synced_resource_version(2, &none, &none),
            "2-f47fe3c0b255b6dd8047cdffa772587bb829efe7a1cb70febeda2eb2"
        );
        let (annotations, labels) = (strings(&[("force-sync", "1")]), strings(&[("app", "x")]));
        assert_eq!(
            synced_resource_version(1, &annotations, &labels),
            "1-3d12e408db6c49a3ee395b931be03fd96e1d0d404684799ef4cd01b4"
        );
    }
}
