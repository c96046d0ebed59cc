//! Secrets that are not sealed: in a Secret beside, in templates, in annotations.

use seal_manifest::{Node, NodeKind};

use super::catalog::{LAST_APPLIED, MAYBE_PLAINTEXT, PLAIN_SECRET, PLAINTEXT};
use super::finding::Finding;
use super::object::Object;
use super::placeholder;
use super::secret_shape::{known_secret, looks_random};
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
        let entries = object.mapping(path).into_iter().flat_map(Node::entries);
        for (key, value) in entries {
            let Some(text) = value.as_str() else { continue };
            let place = format!("{}.{}", path.join("."), in_line(key));
            if COPIES.contains(&key) {
                found.extend(copy(object, &place, text, value.line()));
            } else if let Some(kind) = known_secret(text) {
                let message = format!("{place} looks like {kind}; {NEXT}");
                found.push(object.finding(&PLAINTEXT, value.line(), message));
            } else if !sealed && looks_random(text) {
                let message = format!(
                    "{place} has a word that looks random, as passwords and keys do; if it is one, change it, and seal the new one"
                );
                found.push(object.finding(&MAYBE_PLAINTEXT, value.line(), message));
            }
        }
    }
    found.extend(string_data(object));
    found
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
    let fields = ["data", "stringData"];
    let values = || {
        let fields = fields.into_iter().filter_map(|field| root.get(field));
        fields.flat_map(Node::entries)
    };
    // Where another program puts the secrets in, what stands beside them is mostly none.
    let is_filled = values().any(|(_, value)| value.as_str().is_some_and(placeholder::is_whole));
    fields.into_iter().find_map(|field| {
        let there = |item: &str, value: &Node| match value.as_str() {
            Some(text) if is_filled && field == "stringData" => is_open_beside(item, text),
            Some(text) => {
                let by_sops = by_sops && text.starts_with("ENC[");
                !(text.is_empty() || by_sops || will_be_filled(text))
            }
            None => value.kind() != NodeKind::Null,
        };
        let mut entries = root.get(field)?.entries();
        entries
            .any(|(item, value)| there(item, value))
            .then(|| (field, root.key_line(field).unwrap_or(root.line())))
    })
}

/// What stays of a value is no secret, as far as can be told: a URL whose password comes from elsewhere.
fn will_be_filled(text: &str) -> bool {
    let is_line = !text.trim_end().contains('\n');
    let says_so = || known_secret(text).is_some() || looks_random(text);
    placeholder::is_whole(text) || (is_line && placeholder::has(text) && !says_so())
}

/// Parts of names that people give to secrets.
const SECRET_NAMES: [&str; 8] = [
    "pass", "pwd", "secret", "token", "key", "cred", "auth", "cert",
];

/// Whether a value beside placeholders is one that should be sealed.
fn is_open_beside(item: &str, text: &str) -> bool {
    let item = item.to_lowercase();
    let named = SECRET_NAMES.iter().any(|name| item.contains(name));
    let is_text = text.trim_end().contains('\n');
    let suspicious = named || is_text || known_secret(text).is_some() || looks_random(text);
    suspicious && !text.is_empty() && !will_be_filled(text)
}
