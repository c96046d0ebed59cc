//! A file: its text, its documents, what of them is looked at.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::bytes::Regex;
use seal_manifest::{Document, Node, Part, ReadError, SyntaxReason};

use super::catalog::{
    CONFLICT, Check, DUPLICATE_KEY, EMPTY, IN_LIST, NO_SEALED_SECRET, NOT_YAML, TWICE, UNRENDERED,
};
use super::certificate::{self, Target};
use super::finding::Finding;
use super::kind::{Kind, Meant};
use super::object::Object;
use super::values::Values;
use super::{
    annotations, exception, helm, listed, placeholder, plaintext, readers, structure, templates,
};
use crate::rules::RuleReaders;

/// Without one of these there is neither a Secret nor a SealedSecret, nor what was meant to be one.
static OF_INTEREST: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let pattern = r#"(?-u)Secret|encryptedData|bitnami\.com/|(?i:\bkind["']?[ \t]*:[ \t]*["']?[a-z_ -]*secret)"#;
    Regex::new(pattern).ok()
});
/// What cannot be read is none of ours without this one: a chart, a configuration with comments.
const OURS: &[u8] = b"SealedSecret";
/// Lists in lists in lists are no manifests.
const DEEPEST_LIST: usize = 4;

/// What values are compared with, as far as it is known.
#[derive(Default)]
pub(super) struct Surroundings<'a> {
    /// `--cert`.
    pub(super) cert: Option<&'a Target>,
    /// The rule for the file.
    pub(super) rule: Option<&'a RuleReaders>,
    /// The certificates of the rule, if all are in files.
    pub(super) of_rule: Vec<Target>,
    /// Every SealedSecret is told of.
    pub(super) lists: bool,
    /// kustomize lays the file over others.
    pub(super) is_patch: bool,
}

/// Where an object was found.
struct In<'a> {
    /// `None` for one in a list.
    document: Option<&'a Document>,
    /// The kind of that list.
    list: Option<&'a str>,
    depth: usize,
}

/// What a file comes to.
#[derive(Default)]
pub(super) struct Checked {
    pub(super) found: Vec<Finding>,
    /// SealedSecrets in it.
    pub(super) objects: usize,
    /// Plain Secrets in it, sealed by others or not.
    secrets: usize,
    /// Findings that comments in the file except.
    pub(super) excepted: usize,
    /// Where the SealedSecrets are, with their lines.
    places: BTreeMap<String, usize>,
}

impl Checked {
    /// Whether it is none of ours.
    pub(super) fn is_nothing(&self) -> bool {
        self.objects + self.secrets == 0
            && self
                .found
                .iter()
                .all(|found| *found.check == NO_SEALED_SECRET)
    }
}

/// Whether there can be anything to look at in a file. UTF-16 hides the words, and is told of.
pub(super) fn is_of_interest(bytes: &[u8]) -> bool {
    let words = OF_INTEREST.as_ref();
    bytes.contains(&0) || words.is_none_or(|words| words.is_match(bytes))
}

fn mentions(bytes: &[u8], word: &[u8]) -> bool {
    bytes.contains(&0) || bytes.windows(word.len()).any(|window| window == word)
}

/// Whether something should be in it, though it cannot be read: a SealedSecret, or a Secret that no program has
/// still to render.
fn is_ours(bytes: &[u8]) -> bool {
    let is_kind = |line: &[u8]| {
        let words: Vec<_> = line
            .split(|byte| b" \t\r\"',:{}".contains(byte))
            .filter(|word| !word.is_empty())
            .collect();
        words.starts_with(&[b"kind", b"Secret"])
    };
    let mut lines = bytes.split(|byte| *byte == b'\n');
    mentions(bytes, OURS) || (!mentions(bytes, b"{{") && lines.any(is_kind))
}

/// Looks at everything in a file.
pub(super) fn check(bytes: &[u8], around: &Surroundings<'_>) -> Checked {
    let mut checked = Checked::default();
    if is_blank(bytes) {
        let message = "the file is empty; was something meant to be written into it?";
        checked.add(Finding::of_file(&EMPTY, None, message.to_owned()));
    } else if !is_of_interest(bytes) {
        checked.add(nothing_sealed());
    } else if let Some(line) = conflict(bytes).filter(|_| is_ours(bytes)) {
        let message = "git left a conflict here; keep one line for each item of encryptedData, and all dataKeys of both sides";
        checked.add(Finding::of_file(&CONFLICT, Some(line), message.to_owned()));
    } else {
        checked.documents(bytes, around);
    }
    checked.excepted = exception::apply(bytes, &mut checked.found);
    checked
        .found
        .sort_by_key(|found| (found.line, found.check.severity, found.check.id));
    checked
}

impl Checked {
    fn add(&mut self, finding: Finding) {
        self.found.push(finding);
    }

    fn documents(&mut self, bytes: &[u8], around: &Surroundings<'_>) {
        let mut errors = Vec::new();
        match seal_manifest::parts(bytes) {
            // One that cannot be read hides none of the others.
            Ok(parts) => {
                for part in &parts {
                    match Part::read(part) {
                        Ok(documents) => documents.iter().for_each(|it| self.document(it, around)),
                        Err(error) => errors.push(error),
                    }
                }
                if !errors.is_empty() {
                    self.template(bytes);
                }
            }
            Err(error) => errors.push(error),
        }
        if is_ours(bytes) {
            // A list of operations is a patch, too.
            let is_wrong = |error: &&ReadError| {
                !(around.is_patch && matches!(error, ReadError::NotAMapping { .. }))
            };
            let errors = errors.iter().filter(is_wrong);
            self.found.extend(errors.map(unread));
        }
        if self.objects + self.secrets + self.found.len() == 0 {
            let text = std::str::from_utf8(bytes).unwrap_or_default();
            self.add(if helm::makes_secret(text) {
                nothing_known()
            } else {
                nothing_sealed()
            });
        }
    }

    /// What stands in the Secrets that a template makes, whatever is filled in. Those that could be read
    /// were looked at already.
    fn template(&mut self, bytes: &[u8]) {
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        if !helm::makes_secret(text) {
            return;
        }
        let text = helm::without_actions(text);
        let known: Vec<_> = self.found.iter().map(|found| found.line).collect();
        let parts = seal_manifest::parts(text.as_bytes()).unwrap_or_default();
        let documents = parts
            .iter()
            .filter_map(|part| Part::read(part).ok())
            .flatten();
        for document in documents {
            let is_secret = |meant: &Meant| meant.kind == Kind::Secret;
            let secret = Meant::of(document.root(), None).filter(is_secret);
            let found = secret.and_then(|_| plaintext::secret(document.root()));
            if let Some(mut found) = found.filter(|found| !known.contains(&found.line)) {
                // The placeholder in a name is ours, not the file's.
                found.object = found.object.filter(|it| !placeholder::has_numbered(it));
                self.secrets += 1;
                self.add(found);
            }
        }
    }

    fn document(&mut self, document: &Document, around: &Surroundings<'_>) {
        let found = In {
            document: Some(document),
            list: None,
            depth: 0,
        };
        self.node(document.root(), &found, around);
    }

    fn node(&mut self, node: &Node, found: &In<'_>, around: &Surroundings<'_>) {
        match Meant::of(node, found.list) {
            Some(meant) if meant.kind == Kind::SealedSecret => {
                let object = Object::new(node, found.document, around.is_patch);
                if !meant.is_exact {
                    self.add(structure::kind(&object));
                }
                self.sealed(&object, around);
            }
            Some(_) => {
                self.secrets += 1;
                self.found.extend(plaintext::secret(node));
            }
            None if found.depth < DEEPEST_LIST => {
                let within = In {
                    document: None,
                    list: node.get("kind").and_then(Node::as_str),
                    depth: found.depth + 1,
                };
                let items = node.get("items").map(Node::items).unwrap_or_default();
                for item in items {
                    self.node(item, &within, around);
                }
            }
            None => {}
        }
    }

    /// One object of the file overwrites the other in the cluster.
    fn twice(&mut self, object: &Object<'_>) {
        let title = object.title();
        if object.is_patch || object.name.is_none() || placeholder::has(&title) {
            return;
        }
        let line = object.root.line();
        if let Some(first) = self.places.get(&title) {
            let message = format!(
                "the file has this object on line {first} already, and in a cluster only one of them stays; remove one, or seal both Secrets as one"
            );
            let found = object.finding(&TWICE, line, message);
            self.add(found);
        } else {
            self.places.insert(title, line);
        }
    }

    fn sealed(&mut self, object: &Object<'_>, around: &Surroundings<'_>) {
        self.objects += 1;
        if object.document.is_none() {
            let message = "kubectl takes it from a list, but no verb of seal changes it there; write it as a document of its own, after ---";
            let found = object.finding(&IN_LIST, object.root.line(), message.to_owned());
            self.add(found);
        }
        self.twice(object);
        self.found.extend(structure::findings(object));
        self.found.extend(annotations::findings(object));
        self.found.extend(templates::findings(object));
        self.found.extend(plaintext::findings(object));
        let mut values = Values::of(object);
        self.found.append(&mut values.found);
        let cert = around.cert.map(std::slice::from_ref);
        let targets = cert.unwrap_or(&around.of_rule);
        if around.lists {
            self.add(listed::finding(object, &values, targets));
        }
        self.found
            .extend(certificate::findings(object, &values, targets));
        if let Some(cert) = around.cert {
            self.found
                .extend(certificate::wrapped(object, &values, cert));
        }
        if let Some(rule) = around.rule {
            self.found.extend(readers::findings(object, &values, rule));
        }
    }
}

fn nothing_sealed() -> Finding {
    let message = "there is no SealedSecret in this file, and no Secret either";
    Finding::of_file(&NO_SEALED_SECRET, None, message.to_owned())
}

fn nothing_known() -> Finding {
    let message = "there is no SealedSecret in this file; what Secret the template makes is not known: render it first, for example with `helm template`";
    Finding::of_file(&NO_SEALED_SECRET, None, message.to_owned())
}

/// Nothing but blank lines, comments and separators.
fn is_blank(bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    lines.all(|line| line.is_empty() || line.starts_with(b"#") || line == b"---")
}

/// The line where git left a conflict. All three marks: what shows one mark may be a text about git.
fn conflict(bytes: &[u8]) -> Option<usize> {
    let mut marks = [&b"<<<<<<< "[..], b"=======", b">>>>>>> "]
        .into_iter()
        .peekable();
    let mut first = None;
    for (line, text) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        if marks.peek().is_some_and(|mark| text.starts_with(mark)) {
            first = first.or(Some(line));
            marks.next();
        }
    }
    first.filter(|_| marks.peek().is_none())
}

fn unread(error: &ReadError) -> Finding {
    let (check, line, message) = reason(error);
    Finding::of_file(check, line, message)
}

fn reason(error: &ReadError) -> (&'static Check, Option<usize>, String) {
    match error {
        ReadError::DuplicateKey {
            line, first_line, ..
        } => {
            let message = format!(
                "this key was already given on line {first_line}, and kubectl drops one of the two values; keep one"
            );
            (&DUPLICATE_KEY, Some(*line), message)
        }
        ReadError::Syntax {
            line,
            reason: SyntaxReason::TemplateBraces,
            ..
        } => {
            let message = "this is a template (`{{ … }}`), and what it will become is not known; render it first, for example with `helm template`";
            (&UNRENDERED, Some(*line), message.to_owned())
        }
        ReadError::Syntax {
            line,
            column,
            reason,
            ..
        } => (&NOT_YAML, Some(*line), format!("column {column}: {reason}")),
        ReadError::NotUtf8 { line } => {
            let message = "the file is not UTF-8 text; sealed values are text, base64-encoded";
            (&NOT_YAML, Some(*line), message.to_owned())
        }
        ReadError::NotAMapping { line, .. }
        | ReadError::TooDeep { line, .. }
        | ReadError::TooLarge { line, .. }
        | ReadError::TooManyAliases { line, .. } => (&NOT_YAML, Some(*line), error.to_string()),
        _ => (&NOT_YAML, None, error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conflicts_are_told_from_texts_about_them() {
        for (text, line) in [
            ("a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> mail\n", Some(2)),
            ("a: |\n  <<<<<<< HEAD\n  =======\n  >>>>>>> x\n", None),
            ("<<<<<<< HEAD\n", None),
            (">>>>>>> x\n=======\n<<<<<<< y\n", None),
        ] {
            assert_eq!(conflict(text.as_bytes()), line, "{text}");
        }
    }

    #[test]
    fn blank_files_are_told_from_others() {
        for (text, blank) in [
            ("", true),
            ("---\n# a\n\r\n  \n", true),
            ("{}\n", false),
            ("a: b", false),
        ] {
            assert_eq!(is_blank(text.as_bytes()), blank, "{text:?}");
        }
    }
}
