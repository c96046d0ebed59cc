//! What a file holds that was found in a folder, among others.

use std::path::Path;

use seal_manifest::{Document, Node};

use super::{InputSecret, bytes, documents, name, of_documents};
use crate::error::CliError;
use crate::sealed_file::lists_sealed;

/// What no manifest of a Secret is without.
const WORD: &[u8] = b"Secret";

/// What a file holds that was found among others.
pub(crate) enum Content {
    Secrets(Vec<InputSecret>),
    /// SealedSecrets, and no Secret.
    Sealed,
    /// Neither.
    Other,
}

/// The same without the Secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    Secrets,
    Sealed,
    Other,
}

impl Content {
    /// Nothing of a Secret is left.
    pub(crate) fn holds(self) -> Holds {
        match self {
            Self::Secrets(_) => Holds::Secrets,
            Self::Sealed => Holds::Sealed,
            Self::Other => Holds::Other,
        }
    }
}

/// Reads a file that need not hold Secrets. If it does, they are read as [`super::secrets`] reads them, and
/// the other objects beside them are refused likewise.
pub(crate) fn content(path: &Path) -> Result<Content, CliError> {
    let from = name(Some(path));
    let bytes = bytes(Some(path)).map_err(|reason| CliError::Input {
        from: from.clone(),
        reason,
    })?;
    let marks = Marks::of(&bytes);
    if !marks.plain && !marks.sealed {
        return Ok(Content::Other);
    }
    let documents = match documents(&bytes) {
        Ok(documents) => documents,
        // Such as a template of Helm that makes no Secret.
        Err(_) if !marks.plain => return Ok(Content::Other),
        Err(reason) => return Err(CliError::Manifest { from, reason }),
    };
    let mut roots = documents.iter().map(Document::root);
    if roots.clone().any(holds_secret) {
        return of_documents(documents, &from, false).map(Content::Secrets);
    }
    Ok(if roots.any(holds_sealed) {
        Content::Sealed
    } else {
        Content::Other
    })
}

/// The words that tell what a text may hold.
struct Marks {
    /// `Secret` or `SecretList`, or an encoding in which they cannot be looked for.
    plain: bool,
    sealed: bool,
}

impl Marks {
    fn of(bytes: &[u8]) -> Self {
        let is_word = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let mut marks = Self {
            // UTF-16 is refused by the reader, which says so.
            plain: bytes
                .iter()
                .take(4)
                .any(|byte| matches!(byte, 0 | 0xfe | 0xff)),
            sealed: false,
        };
        let mut rest = bytes;
        while let Some(start) = rest.windows(WORD.len()).position(|window| window == WORD) {
            let (before, after) = rest.split_at(start);
            rest = after.get(WORD.len()..).unwrap_or_default();
            let after = rest.strip_prefix(b"List").unwrap_or(rest);
            if is_word(after.first()) {
                continue;
            }
            if before.ends_with(b"Sealed") {
                marks.sealed = true;
            } else if !is_word(before.last()) {
                marks.plain = true;
            }
        }
        marks.plain |= has_slip(bytes);
        marks
    }
}

/// `kind: secret` and the like: no Secret, but meant to be one.
fn has_slip(bytes: &[u8]) -> bool {
    const KIND: &[u8] = b"kind";
    let is_between = |byte: &u8| matches!(byte, b' ' | b':' | b'"' | b'\'');
    let mut rest = bytes;
    while let Some(start) = rest
        .windows(KIND.len())
        .position(|window| window.eq_ignore_ascii_case(KIND))
    {
        rest = rest.get(start + KIND.len()..).unwrap_or_default();
        let between = rest.iter().take_while(|byte| is_between(byte)).count();
        let named = rest.get(between..between + WORD.len());
        if between > 0 && named.is_some_and(|named| named.eq_ignore_ascii_case(WORD)) {
            return true;
        }
    }
    false
}

fn kind(object: &Node) -> &str {
    // A slip is refused where the Secret is read.
    let mut entries = object.entries();
    let mut slip = || entries.find(|(key, _)| key.eq_ignore_ascii_case("kind"));
    let kind = object.get("kind").or_else(|| slip().map(|(_, kind)| kind));
    kind.and_then(Node::as_str).unwrap_or_default()
}

/// A Secret, or what somebody meant to be one: it is refused where it is read.
fn holds_secret(object: &Node) -> bool {
    let items = object.get("items").map(Node::items).unwrap_or_default();
    let kind = kind(object);
    if kind.eq_ignore_ascii_case("List") {
        return items.iter().any(holds_secret);
    }
    let is_secret = ["Secret", "SecretList"]
        .iter()
        .any(|one| kind.eq_ignore_ascii_case(one));
    is_secret && !is_of_another_group(object)
}

/// Such as a Secret of Crossplane, which describes one in a cloud.
fn is_of_another_group(object: &Node) -> bool {
    let version = object.get("apiVersion").and_then(Node::as_str);
    let group = version.and_then(|version| version.split_once('/'));
    group.is_some_and(|(group, _)| group.contains('.'))
}

fn holds_sealed(object: &Node) -> bool {
    kind(object) == "SealedSecret" || lists_sealed(object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_among_others_are_told_by_their_kinds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.yaml");
        let secret = "kind: Secret\nmetadata: {name: a}\nstringData: {b: c}\n";
        let list = |kind: &str| format!("kind: List\nitems:\n- kind: {kind}\n");
        for (text, expected) in [
            (secret, "secrets"),
            ("{\"kind\": \"SecretList\", \"items\": []}", "error"),
            (&list("Secret"), "secrets"),
            (&list("SealedSecret"), "sealed"),
            (&list("ConfigMap"), "other"),
            ("kind: SealedSecret\n# of the Secret a\n", "sealed"),
            (&format!("{secret}---\nkind: SealedSecret\n"), "error"),
            (&format!("{secret}---\nkind: ConfigMap\n"), "error"),
            ("kind: ConfigMap\ndata: {a: kind is Secret}\n", "other"),
            ("KIND: secret\nstringData: {b: c}\n", "error"),
            ("imagePullSecrets: {{ a }}", "other"),
            ("kind: SealedSecret\nspec: {{ a }}", "other"),
            ("kind: Secret\ndata: {{ a }}", "error"),
            ("", "other"),
        ] {
            std::fs::write(&path, text).unwrap();
            let found = match content(&path) {
                Ok(Content::Secrets(_)) => "secrets",
                Ok(Content::Sealed) => "sealed",
                Ok(Content::Other) => "other",
                Err(_) => "error",
            };
            assert_eq!(found, expected, "{text}");
        }
        let utf16 = secret.encode_utf16().flat_map(u16::to_le_bytes);
        std::fs::write(&path, utf16.collect::<Vec<_>>()).unwrap();
        assert!(content(&path).is_err(), "not passed over");
    }
}
