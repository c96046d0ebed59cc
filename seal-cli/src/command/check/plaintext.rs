//! Secrets that are not sealed: in a Secret beside, in templates, in annotations.

use seal_manifest::{Node, NodeKind};

use super::catalog::{LAST_APPLIED, MAYBE_PLAINTEXT, PLAIN_SECRET, PLAINTEXT};
use super::finding::Finding;
use super::object::Object;
use super::placeholder::{self, OpenPart};
use super::secret_shape::{known_secret, looks_random};
use super::setting;
use crate::ui::in_line;

/// Where kubectl and others keep what was applied before, values and all.
const COPIES: [&str; 2] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    "kubecfg.ksonnet.io/last-applied-configuration",
];
const NEXT: &str = "everybody with the file can read it: change the secret, and seal the new one";

/// What lies open in a SealedSecret.
pub(super) fn findings(object: &Object<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for path in [
        &["metadata", "annotations"][..],
        &["metadata", "labels"],
        &["spec", "template", "metadata", "annotations"],
        &["spec", "template", "metadata", "labels"],
        &["spec", "template", "data"],
        &["spec", "encryptedData"],
    ] {
        let sealed = path.ends_with(&["encryptedData"]);
        let is_template = path.ends_with(&["data"]);
        let entries = object.mapping(path).into_iter().flat_map(Node::entries);
        for (key, value) in entries {
            let Some(text) = value.as_str() else { continue };
            let place = format!("{}.{}", path.join("."), in_line(key));
            if COPIES.contains(&key) {
                found.extend(copy(object, &place, text, value.line()));
            } else if let Some(kind) = known_secret(text) {
                let message = format!("{place} looks like {kind}; {NEXT}");
                found.push(object.finding(&PLAINTEXT, value.line(), message));
            } else if let Some(why) = maybe(key, text, is_template).filter(|_| !sealed) {
                let message =
                    format!("{place} {why}; if it is one, change it, and seal the new one");
                found.push(object.finding(&MAYBE_PLAINTEXT, value.line(), message));
            }
        }
    }
    found.extend(string_data(object));
    found
}

/// Why a value may be a secret.
fn maybe(key: &str, text: &str, is_template: bool) -> Option<String> {
    if setting::is_open(key, text) {
        return Some("is called as secrets are, and its value stands in the file".to_owned());
    }
    if let Some(line) = setting::open_line(text) {
        return Some(format!(
            "sets, in its line {line}, what is called as secrets are, and the value stands in the file"
        ));
    }
    // Other programs annotate digests.
    let is_random = looks_random(text) || (is_template && setting::has_hex_key(key, text));
    is_random.then(|| "has a word that looks random, as passwords and keys do".to_owned())
}

/// `stringData` and the like have no place in a template, and no other content than plaintext.
fn string_data(object: &Object<'_>) -> Option<Finding> {
    let node = ["spec", "template", "stringData"];
    let in_template = object.mapping(&node);
    let at = in_template.or_else(|| object.mapping(&["spec", "stringData"]))?;
    at.entries().next()?;
    let message = format!("stringData is not sealed, and no Secret is made of it; {NEXT}");
    Some(object.finding(&PLAINTEXT, at.line(), message))
}

fn copy(object: &Object<'_>, place: &str, text: &str, line: usize) -> Option<Finding> {
    let documents = seal_manifest::read(text.as_bytes()).ok()?;
    let is_open = documents.iter().any(|document| {
        let root = document.root();
        root.get("kind").and_then(Node::as_str) == Some("Secret") && holds_data(root).is_some()
    });
    let message = format!(
        "{place} holds a copy of the Secret as it was before it was sealed; {NEXT}, without this annotation"
    );
    is_open.then(|| object.finding(&LAST_APPLIED, line, message))
}

/// A Secret beside SealedSecrets; values that sops has encrypted are none of ours.
pub(super) fn secret(root: &Node) -> Option<Finding> {
    let (field, line) = holds_data(root)?;
    let metadata = root.get("metadata");
    let text = |field: &str| metadata?.get(field)?.as_str();
    let name = in_line(text("name").unwrap_or("(no name)"));
    let title = match text("namespace") {
        Some(namespace) => format!("{}/{name}", in_line(namespace)),
        None => name,
    };
    Some(Finding {
        check: &PLAIN_SECRET,
        line: Some(line),
        object: Some(title),
        message: format!(
            "a Secret with {field}, which is not sealed: everybody with the file can read it; seal it, and if it was committed, change its secrets"
        ),
    })
}

/// The field with values, and its line.
fn holds_data(root: &Node) -> Option<(&'static str, usize)> {
    let by_sops = root.get("sops").is_some();
    let fields = fields(root);
    let values = || fields.iter().flat_map(|(_, field, _)| field.entries());
    // Where another program puts the secrets in, what stands beside them is mostly none.
    let is_filled =
        values().any(|(item, value)| value.as_str().is_some_and(|text| is_filled(item, text)));
    let found = fields.iter().find(|(name, field, _)| {
        let there = |item: &str, value: &Node| match value.as_str() {
            Some(text) if is_filled && *name == "stringData" => is_open_beside(item, text),
            Some(text) => {
                let by_sops = by_sops && text.starts_with("ENC[");
                !(text.is_empty() || by_sops || will_be_filled(item, text))
            }
            None => value.kind() != NodeKind::Null,
        };
        field.entries().any(|(item, value)| there(item, value))
    });
    found.map(|(name, _, line)| (*name, *line))
}

/// The fields for values, with their lines: in any capitals, as kubeseal takes them so, and also if they were
/// indented below the metadata by mistake.
fn fields(root: &Node) -> Vec<(&'static str, &Node, usize)> {
    let metadata = root.get("metadata");
    let mut found = Vec::new();
    for name in ["data", "stringData"] {
        for object in [Some(root), metadata].into_iter().flatten() {
            let entries = object.entries().zip(object.key_lines());
            let named = entries.filter(|((key, _), _)| key.eq_ignore_ascii_case(name));
            found.extend(named.map(|((_, value), line)| (name, value, line)));
        }
    }
    found
}

/// Whether nothing of a value stands in the file.
fn is_filled(item: &str, text: &str) -> bool {
    placeholder::is_whole(text) && will_be_filled(item, text)
}

/// What stays of a value is no secret, as far as can be told: a URL whose password comes from elsewhere.
fn will_be_filled(item: &str, text: &str) -> bool {
    let Some(parts) = placeholder::open_parts(text) else {
        return false;
    };
    // Charts fill in whole files of settings.
    let is_line = !text.trim_end().contains('\n') || placeholder::has_numbered(text);
    let says_so = || known_secret(text).is_some() || looks_random(text);
    let is_open = parts.iter().any(|part| is_open_part(item, text, part));
    !is_open && (placeholder::is_whole(text) || (is_line && !says_so()))
}

/// Characters of a word that may be one half of a secret; fewer are `app` or `db1`.
const WORD: usize = 6;
/// The same of a word with digits that stands apart: hosts have such names.
const LONG_WORD: usize = 12;

/// Whether what stays of a value is a secret, or one half of one.
fn is_open_part(item: &str, text: &str, part: &OpenPart) -> bool {
    if part.is_default {
        return true;
    }
    // Addresses and settings have words of their own.
    if text.contains("://") || text.contains(['=', '\n']) || text.trim().contains(' ') {
        return false;
    }
    let mut words = part.text.split(|c: char| !c.is_alphanumeric());
    let is_mixed = |word: &str| {
        let has = |is: fn(&u8) -> bool| word.bytes().any(|byte| is(&byte));
        has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic)
    };
    words.any(|word| {
        let is_half = (part.touches || is_named(item)) && word.len() >= WORD;
        is_half || (word.len() >= LONG_WORD && is_mixed(word))
    })
}

/// Parts of names that people give to secrets.
const SECRET_NAMES: [&str; 8] = [
    "pass", "pwd", "secret", "token", "key", "cred", "auth", "cert",
];

/// Whether an item is called as secrets are.
fn is_named(item: &str) -> bool {
    let item = item.to_lowercase();
    SECRET_NAMES.iter().any(|name| item.contains(name))
}

/// Whether a value beside placeholders is one that should be sealed.
fn is_open_beside(item: &str, text: &str) -> bool {
    let is_text = text.trim_end().contains('\n');
    let is_open = |part: OpenPart| !part.is_default && is_open_part(item, text, &part);
    let is_half = placeholder::open_parts(text).is_some_and(|it| it.into_iter().any(is_open));
    let suspicious =
        is_named(item) || is_text || known_secret(text).is_some() || looks_random(text);
    (suspicious || is_half) && !text.is_empty() && !will_be_filled(item, text)
}
