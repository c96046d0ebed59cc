//! What an object is meant to be, also where its kind has a slip.

use seal_manifest::{Node, NodeKind};

/// The two kinds that are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    SealedSecret,
    Secret,
}

/// A kind, and whether it is written as the API server wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Meant {
    pub(super) kind: Kind,
    pub(super) is_exact: bool,
}

/// Letters that may be wrong in a kind.
const MOST_WRONG: usize = 3;

impl Meant {
    /// `list` is the kind of the list that the object stands in: its items need not repeat it.
    pub(super) fn of(node: &Node, list: Option<&str>) -> Option<Self> {
        // kubeseal takes fields in any capitals.
        let text = |field: &str| {
            let mut entries = node.entries();
            let mut folded = || entries.find(|(key, _)| key.eq_ignore_ascii_case(field));
            // The API server knows the exact one alone.
            let found = node.get(field).or_else(|| folded().map(|(_, value)| value));
            found.and_then(Node::as_str)
        };
        let kind = text("kind").filter(|kind| !kind.is_empty());
        let exact = |kind| {
            let is_exact = true;
            Some(Self { kind, is_exact })
        };
        match (kind, list) {
            (Some("SealedSecret"), _) | (None, Some("SealedSecretList")) => {
                return exact(Kind::SealedSecret);
            }
            (Some("Secret"), _) | (None, Some("SecretList")) => return exact(Kind::Secret),
            _ => {}
        }
        let version = text("apiVersion").unwrap_or_default().to_lowercase();
        let word = letters(kind.unwrap_or_default());
        let kind = if is_sealed(node, &word, &version) {
            Kind::SealedSecret
        } else if is_secret(node, &word, &version) {
            Kind::Secret
        } else {
            return None;
        };
        let is_exact = false;
        Some(Self { kind, is_exact })
    }
}

/// Nothing else is of that group, and nothing else has these fields.
fn is_sealed(node: &Node, word: &str, version: &str) -> bool {
    let items = node.get("spec").and_then(|spec| spec.get("encryptedData"));
    let has_items = items.is_some_and(|items| items.kind() == NodeKind::Mapping);
    let distance = strsim::damerau_levenshtein(word, "sealedsecret");
    let of_group = version.starts_with("bitnami.com/") && !word.ends_with("list");
    of_group || distance == 0 || ((word.is_empty() || distance <= MOST_WRONG) && has_items)
}

/// Many kinds have `data`: only a slip of the letters makes one a Secret.
fn is_secret(node: &Node, word: &str, version: &str) -> bool {
    let has_data = node
        .entries()
        .any(|(key, _)| key.eq_ignore_ascii_case("data") || key.eq_ignore_ascii_case("stringData"));
    let of_core = matches!(version, "" | "v1");
    of_core && has_data && strsim::damerau_levenshtein(word, "secret") <= 1
}

/// In small letters, without what is no letter.
fn letters(word: &str) -> String {
    let letters = word.chars().filter(char::is_ascii_alphanumeric);
    letters.collect::<String>().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_told_from_other_kinds() {
        let items = "spec: {encryptedData: {a: x}}";
        let ours = "apiVersion: bitnami.com/v1alpha1";
        for (text, expected) in [
            ("kind: SealedSecret", Some((Kind::SealedSecret, true))),
            ("kind: Sealedsecret", Some((Kind::SealedSecret, false))),
            ("kind: sealed-secret", Some((Kind::SealedSecret, false))),
            (
                &format!("kind: SaeldSecrets\n{items}"),
                Some((Kind::SealedSecret, false)),
            ),
            (items, Some((Kind::SealedSecret, false))),
            (
                &format!("{ours}\nkind: Sealed"),
                Some((Kind::SealedSecret, false)),
            ),
            (&format!("{ours}\nkind: SealedSecretList"), None),
            (&format!("kind: Deployment\n{items}"), None),
            ("kind: Secret", Some((Kind::Secret, true))),
            (
                "kind: secret\nstringData: {a: b}",
                Some((Kind::Secret, false)),
            ),
            (
                "apiVersion: v1\nkind: Secrets\ndata: {a: b}",
                Some((Kind::Secret, false)),
            ),
            ("kind: secret", None),
            ("Kind: Secret", Some((Kind::Secret, true))),
            (
                "kind: secret\nStringdata: {a: b}",
                Some((Kind::Secret, false)),
            ),
            ("kind: SecretStore", None),
            ("kind: ConfigMap\ndata: {a: b}", None),
            ("apiVersion: x.io/v1\nkind: Secrets\ndata: {a: b}", None),
        ] {
            let documents = seal_manifest::read(text.as_bytes()).unwrap();
            let found = Meant::of(documents[0].root(), None);
            let found = found.map(|meant| (meant.kind, meant.is_exact));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn items_of_typed_lists_need_no_kind() {
        let documents = seal_manifest::read(b"data: {a: b}").unwrap();
        let of = |list| Meant::of(documents[0].root(), Some(list)).map(|it| it.kind);
        assert_eq!(of("SecretList"), Some(Kind::Secret));
        assert_eq!(of("SealedSecretList"), Some(Kind::SealedSecret));
        assert_eq!(of("List"), None);
    }
}
