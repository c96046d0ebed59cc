//! Whether an object is built as a SealedSecret is.

use seal_format::Scope;
use seal_format::se1::Binding;
use seal_manifest::{Node, NodeKind};
use sealing::{is_item_name, read_sealed};

use super::catalog::{
    BAD_ITEM_NAME, BAD_NAME, BOTH_FORMS, COERCED_NAME, MALFORMED, MISSING_FIELD, NO_ITEMS,
    OTHER_KIND, OTHER_VERSION, Severity, UNKNOWN_FIELD, WHOLE_SECRET, WRONG_TYPE,
};
use super::finding::Finding;
use super::object::{Object, did_you_mean, is_there};
use super::{patch, placeholder};
use crate::ui::in_line;

const VERSION: &str = "bitnami.com/v1alpha1";
const ROOT: &[&str] = &["apiVersion", "kind", "metadata", "spec", "status"];
const SPEC: &[&str] = &["data", "dataKeys", "encryptedData", "template"];
const TEMPLATE: &[&str] = &["data", "immutable", "metadata", "type"];
const METADATA: &[&str] = &[
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
];

/// Fields, types and names.
pub(super) fn findings(object: &Object<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    version(object, &mut found);
    types(object, &mut found);
    unknown(object, &mut found);
    names(object, &mut found);
    coerced_names(object, &mut found);
    if object.is_patch {
        return found;
    }
    missing(object, &mut found);
    what_is_sealed(object, &mut found);
    let is_wrong = found
        .iter()
        .any(|found| found.check.severity == Severity::Error);
    // Whatever else the other verbs would stop at.
    let has_kind = object.root.get("kind").and_then(Node::as_str) == Some("SealedSecret");
    let immutable = at(object, &["spec", "template", "immutable"]);
    let is_filled = object.will_be_elsewhere() || immutable.is_some_and(is_replaced);
    let is_known = !is_wrong && has_kind && !is_filled;
    if let (true, Some(Err(error))) = (is_known, object.document.map(read_sealed)) {
        let message = format!(
            "{}; restore the object from Git, or seal it again",
            error.reason
        );
        found.push(object.finding(&MALFORMED, error.line, in_line(&message)));
    }
    found
}

/// A kind with a slip.
pub(super) fn kind(object: &Object<'_>) -> Finding {
    let message = "the kind is another, though the rest is that of a SealedSecret, and no controller reads it; write kind: SealedSecret";
    object.finding(&OTHER_KIND, object.line(&["kind"]), message.to_owned())
}

fn version(object: &Object<'_>, found: &mut Vec<Finding>) {
    let version = object.root.get("apiVersion");
    if version.and_then(Node::as_str) != Some(VERSION) {
        let line = version.map_or(object.root.line(), Node::line);
        let message = format!("no controller reads this version; write apiVersion: {VERSION}");
        found.push(object.finding(&OTHER_VERSION, line, message));
    }
}

fn missing(object: &Object<'_>, found: &mut Vec<Finding>) {
    let mut lacks = |above: &str, path: &str, next: &str| {
        let message = format!("{path} is missing; {next}");
        found.push(object.finding(&MISSING_FIELD, object.line(&[above]), message));
    };
    let root = object.root;
    let name = root.get("metadata").and_then(|it| it.get("name"));
    if !is_there(name) || name.and_then(Node::as_str) == Some("") {
        lacks(
            "metadata",
            "metadata.name",
            "write the name of the Secret that was sealed",
        );
    }
    match root.get("spec").filter(|spec| is_there(Some(spec))) {
        None => lacks("spec", "spec", "seal the Secret again"),
        Some(spec) if spec.kind() == NodeKind::Mapping && !is_there(spec.get("encryptedData")) => {
            lacks(
                "spec",
                "spec.encryptedData",
                "the API server asks for it, also where it is empty ({}); if this is a patch, a kustomization.yaml has to name it",
            );
        }
        Some(_) => {}
    }
}

/// The fields that have one type, where they are not `null`.
fn types(object: &Object<'_>, found: &mut Vec<Finding>) {
    for (path, kind, expected) in [
        (&["metadata"][..], NodeKind::Mapping, "a mapping"),
        (&["metadata", "name"], NodeKind::String, "a string"),
        (&["metadata", "namespace"], NodeKind::String, "a string"),
        (&["spec"], NodeKind::Mapping, "a mapping"),
        (&["spec", "data"], NodeKind::String, "a string"),
        (&["spec", "template"], NodeKind::Mapping, "a mapping"),
        (
            &["spec", "template", "metadata"],
            NodeKind::Mapping,
            "a mapping",
        ),
        (&["spec", "template", "type"], NodeKind::String, "a string"),
        (
            &["spec", "template", "immutable"],
            NodeKind::Bool,
            "true or false",
        ),
    ] {
        let other = at(object, path).filter(|node| node.kind() != kind && !is_replaced(node));
        if let Some(node) = other {
            found.push(wrong_type(object, node, &path.join("."), expected));
        }
    }
    let texts: [(&[&str], bool); 6] = [
        (&["metadata", "annotations"], false),
        (&["metadata", "labels"], false),
        (&["spec", "encryptedData"], false),
        (&["spec", "template", "metadata", "annotations"], false),
        (&["spec", "template", "metadata", "labels"], false),
        (&["spec", "template", "data"], true),
    ];
    for (path, may_be_null) in texts {
        let Some(node) = at(object, path) else {
            continue;
        };
        let path = path.join(".");
        if node.kind() != NodeKind::Mapping {
            found.push(wrong_type(object, node, &path, "a mapping"));
        }
        for (key, value) in node.entries() {
            // In a patch it takes the key away.
            let null = (may_be_null || object.is_patch) && value.kind() == NodeKind::Null;
            if value.kind() != NodeKind::String && !null {
                let path = format!("{path}.{}", in_line(key));
                found.push(wrong_type(object, value, &path, "a string"));
            }
        }
    }
}

fn wrong_type(object: &Object<'_>, node: &Node, path: &str, expected: &str) -> Finding {
    let next = match node.kind() {
        NodeKind::Bool | NodeKind::Number if expected == "a string" => "; put it in quotes",
        _ => "",
    };
    let message = format!("{path} must be {expected}{next}");
    object.finding(&WRONG_TYPE, node.line(), message)
}

/// Another program puts a value there.
fn is_replaced(node: &Node) -> bool {
    node.as_str().is_some_and(placeholder::is_whole)
}

/// A field that is there and not `null`.
fn at<'a>(object: &Object<'a>, path: &[&str]) -> Option<&'a Node> {
    let node = path
        .iter()
        .try_fold(object.root, |node, field| node.get(field))?;
    is_there(Some(node)).then_some(node)
}

fn unknown(object: &Object<'_>, found: &mut Vec<Finding>) {
    for (path, known) in [
        (&[][..], ROOT),
        (&["metadata"], METADATA),
        (&["spec"], SPEC),
        (&["spec", "template"], TEMPLATE),
        (&["spec", "template", "metadata"], METADATA),
    ] {
        let fields = object.mapping(path).into_iter().flat_map(Node::entries);
        let is_known = |field: &str| known.contains(&field) || patch::is_directive(field);
        for (field, node) in fields.filter(|(field, _)| !is_known(field)) {
            let mut path = path.to_vec();
            path.push(field);
            let path = in_line(&path.join("."));
            let next = match did_you_mean(field, known.iter().copied()) {
                next if next.is_empty() => "; remove it".to_owned(),
                next => next,
            };
            let message = format!("{path} is no field of a SealedSecret and is dropped{next}");
            found.push(object.finding(&UNKNOWN_FIELD, node.line(), message));
        }
    }
}

fn names(object: &Object<'_>, found: &mut Vec<Finding>) {
    let mut bad = |field: &str, what: &str| {
        let message = format!(
            "metadata.{field} is not legal: {what}, with a letter or digit at both ends; sealed values are bound to it, so seal the Secret again under a legal one"
        );
        let line = object.line(&["metadata", field]);
        found.push(object.finding(&BAD_NAME, line, message));
    };
    let replaced = |name: Option<&str>| name.is_some_and(placeholder::has);
    if !object.has_legal_name() && !replaced(object.name) {
        bad("name", "up to 253 of a-z, 0-9, - and .");
    }
    if !object.has_legal_namespace() && !replaced(object.namespace) {
        bad("namespace", "up to 63 of a-z, 0-9 and -");
    }
    let is_name =
        |item: &str| is_item_name(item) || placeholder::has(item) || patch::is_directive(item);
    for (item, node) in object.items().filter(|(item, _)| !is_name(item)) {
        let message = format!(
            "no Secret can have an item called {:?}: names are letters, digits, -, _ and ., at most 253 of them; seal it under another name",
            in_line(item)
        );
        found.push(object.finding(&BAD_ITEM_NAME, node.line(), message));
    }
}

/// The mappings in which names are the user's.
const NAMED: [&[&str]; 6] = [
    &["metadata", "annotations"],
    &["metadata", "labels"],
    &["spec", "encryptedData"],
    &["spec", "template", "metadata", "annotations"],
    &["spec", "template", "metadata", "labels"],
    &["spec", "template", "data"],
];

/// Names that are another word to every reader than to who wrote them.
fn coerced_names(object: &Object<'_>, found: &mut Vec<Finding>) {
    for path in NAMED {
        let names = object
            .mapping(path)
            .into_iter()
            .flat_map(Node::coerced_keys);
        for (name, line) in names {
            let message = format!(
                "this name is not a string in YAML, and everybody reads {}.{}; write the name that is meant, in quotes",
                path.join("."),
                in_line(name)
            );
            found.push(object.finding(&COERCED_NAME, line, message));
        }
    }
}

impl Object<'_> {
    /// Also if there is none.
    pub(super) fn has_legal_name(&self) -> bool {
        let name = self.name.unwrap_or("x");
        Binding::new(Scope::Strict, "x", name).is_ok()
    }

    /// Also if there is none.
    pub(super) fn has_legal_namespace(&self) -> bool {
        let namespace = self.namespace.unwrap_or("x");
        Binding::new(Scope::NamespaceWide, namespace, "").is_ok()
    }
}

fn what_is_sealed(object: &Object<'_>, found: &mut Vec<Finding>) {
    let whole = at(object, &["spec", "data"]);
    let count = object.items().count();
    if let Some(whole) = whole {
        let (check, message) = if count > 0 {
            let message = "spec.data and spec.encryptedData cannot be used at the same time; remove spec.data";
            (&BOTH_FORMS, message)
        } else {
            let message = "spec.data, a whole Secret as one value, is deprecated; seal the Secret again, item by item";
            (&WHOLE_SECRET, message)
        };
        found.push(object.finding(check, whole.line(), message.to_owned()));
    } else if count == 0 && object.mapping(&["spec", "encryptedData"]).is_some() {
        let message = if object.templates().next().is_some() {
            "nothing is sealed: the Secret is made of the templates alone, which everybody can read; use a ConfigMap if that is meant"
        } else {
            "nothing is sealed, and the Secret will be empty; seal the Secret again, or remove the object"
        };
        let line = object.line(&["spec", "encryptedData"]);
        found.push(object.finding(&NO_ITEMS, line, message.to_owned()));
    }
}
