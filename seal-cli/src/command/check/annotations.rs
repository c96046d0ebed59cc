//! Annotations that carry meaning, and those that look as if they did (docs/reference/annotations.md).

use seal_api::{CLUSTER_WIDE, MANAGED, NAMESPACE_WIDE, PATCH, SKIP_SET_OWNER_REFERENCES};
use seal_format::Scope;
use seal_format::se1::Binding;
use seal_manifest::Node;

use super::catalog::{
    MOVED, NO_EFFECT, NO_NAMESPACE, NOT_TRUE, SCOPE_IN_TEMPLATE, TWO_SCOPES, UNKNOWN_ANNOTATION,
};
use super::finding::Finding;
use super::object::{Object, did_you_mean, is_there, scope_in};
use super::placeholder;
use crate::ui::in_line;

const PREFIX: &str = "sealedsecrets.bitnami.com/";
const KNOWN: [&str; 5] = [
    CLUSTER_WIDE,
    MANAGED,
    NAMESPACE_WIDE,
    PATCH,
    SKIP_SET_OWNER_REFERENCES,
];
const OF_SCOPE: [&str; 2] = [CLUSTER_WIDE, NAMESPACE_WIDE];
const OWN: &[&str] = &["metadata", "annotations"];
const TEMPLATE: &[&str] = &["spec", "template", "metadata", "annotations"];

/// Scope, ownership, typing errors.
pub(super) fn findings(object: &Object<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    scope(object, &mut found);
    if !object.is_patch {
        namespace(object, &mut found);
    }
    moved(object, &mut found);
    for path in [OWN, TEMPLATE] {
        let entries = object.mapping(path).into_iter().flat_map(Node::entries);
        for (key, value) in entries.filter(|(key, _)| key.starts_with(PREFIX)) {
            let place = path.join(".");
            let is_own = path == OWN;
            found.extend(one(object, key, value, &place, is_own));
        }
    }
    for path in [
        &["metadata", "labels"][..],
        &["spec", "template", "metadata", "labels"],
    ] {
        let entries = object.mapping(path).into_iter().flat_map(Node::entries);
        for (key, node) in entries.filter(|(key, _)| KNOWN.contains(key)) {
            let message = format!("{key} is an annotation; as a label it does nothing");
            found.push(object.finding(&NO_EFFECT, node.line(), message));
        }
    }
    found
}

fn one(object: &Object<'_>, key: &str, value: &Node, place: &str, is_own: bool) -> Option<Finding> {
    let (check, message) = if !KNOWN.contains(&key) {
        let next = if key == "sealedsecrets.bitnami.com/scope" {
            "; write cluster-wide: \"true\" or namespace-wide: \"true\"".to_owned()
        } else {
            did_you_mean(key, KNOWN)
        };
        let message = format!("{} is not known and does nothing{next}", in_line(key));
        (&UNKNOWN_ANNOTATION, message)
    } else if is_own && !OF_SCOPE.contains(&key) {
        let message = format!(
            "{key} does nothing on the SealedSecret; it belongs into spec.template.metadata.annotations"
        );
        (&NO_EFFECT, message)
    } else if matches!(value.as_str(), Some("true" | "false") | None) {
        // What is no string is told of as such.
        return None;
    } else if value.as_str().is_some_and(placeholder::is_whole) {
        return None;
    } else {
        let message = format!(
            "{place}: {key} counts only with the exact value \"true\"; write that, or remove it"
        );
        (&NOT_TRUE, message)
    };
    Some(object.finding(check, value.line(), message))
}

fn scope(object: &Object<'_>, found: &mut Vec<Finding>) {
    let Some(own) = object.mapping(OWN) else {
        return in_template(object, found);
    };
    let says = |key: &str| own.get(key).filter(|node| node.as_str() == Some("true"));
    if let (Some(_), Some(narrow)) = (says(CLUSTER_WIDE), says(NAMESPACE_WIDE)) {
        let message = "marked as namespace-wide and as cluster-wide: cluster-wide counts; remove the other (the values open only with the one that they were sealed for)";
        found.push(object.finding(&TWO_SCOPES, narrow.line(), message.to_owned()));
    }
    in_template(object, found);
}

/// Only what stands on the SealedSecret counts. A template that says nothing contradicts nothing.
fn in_template(object: &Object<'_>, found: &mut Vec<Finding>) {
    let template = object.mapping(TEMPLATE);
    let (own, said) = (object.scope, scope_in(template));
    if said == Scope::Strict || said == own {
        return;
    }
    let message = format!(
        "the template says {said}, but the SealedSecret itself is {own}, and only that counts; if the values were sealed {said}, write the annotation into metadata.annotations, else remove it from the template"
    );
    found.push(object.finding(&SCOPE_IN_TEMPLATE, object.line(TEMPLATE), message));
}

/// kustomize may set it later, so this is no fault.
fn namespace(object: &Object<'_>, found: &mut Vec<Finding>) {
    let metadata = object.mapping(&["metadata"]);
    let said = metadata.and_then(|metadata| metadata.get("namespace"));
    // What is no string is told of as such.
    let is_said = is_there(said) && said.and_then(Node::as_str) != Some("");
    if is_said || object.scope == Scope::ClusterWide {
        return;
    }
    let scope = object.scope;
    let sealed_for = object.bound_to().filter(|to| !to.namespace().is_empty());
    let place = match sealed_for {
        Some(to) => format!("namespace {}", in_line(to.namespace())),
        None => "the one namespace that they were sealed for".to_owned(),
    };
    let message = format!(
        "metadata.namespace is missing, and {scope} values open only in {place}; write it, unless kustomize or kubectl sets it"
    );
    found.push(object.finding(&NO_NAMESPACE, object.line(&["metadata"]), message));
}

/// kubeseal and seal write the place that values are sealed for into the template, too, and nothing
/// else reads it there. Who moves the object by hand moves the one and not the other.
fn moved(object: &Object<'_>, found: &mut Vec<Finding>) {
    let Some(template) = object.mapping(&["spec", "template", "metadata"]) else {
        return;
    };
    let places = [
        ("name", object.name, object.scope == Scope::Strict),
        (
            "namespace",
            object.namespace,
            object.scope != Scope::ClusterWide,
        ),
    ];
    for (field, own, counts) in places {
        let of_template = template.get(field).and_then(Node::as_str);
        let (Some(own), Some(of_template)) = (own, of_template) else {
            continue;
        };
        let known = !placeholder::has(own) && !placeholder::has(of_template);
        if !counts || own == of_template || of_template.is_empty() || !known {
            continue;
        }
        let message = format!(
            "metadata.{field} is not the {field} of the template ({}), for which the values were probably sealed: {} values open nowhere else; change it back, or seal the Secret again",
            in_line(of_template),
            object.scope
        );
        found.push(object.finding(&MOVED, object.line(&["metadata", field]), message));
    }
}

impl Object<'_> {
    /// What the first data key of SE1 says where its values may be used.
    pub(super) fn bound_to(&self) -> Option<Binding> {
        let keys = self.mapping(&["spec", "dataKeys"])?;
        let bound = keys.entries().find_map(|(_, key)| key.get("boundTo"))?;
        Binding::from_text(bound.as_str()?).ok()
    }
}
