//! A SealedSecret as its file has it, well-formed or not.

use std::collections::BTreeSet;

use seal_api::{CLUSTER_WIDE, NAMESPACE_WIDE};
use seal_format::Scope;
use seal_manifest::{Document, Node, NodeKind};

use super::catalog::Check;
use super::finding::Finding;
use super::{patch, placeholder};
use crate::ui::in_line;

/// What rules look at.
pub(super) struct Object<'a> {
    pub(super) root: &'a Node,
    /// `None` for one in a list.
    pub(super) document: Option<&'a Document>,
    /// What is legal of `metadata.name`.
    pub(super) name: Option<&'a str>,
    /// The same of `metadata.namespace`.
    pub(super) namespace: Option<&'a str>,
    pub(super) scope: Scope,
    /// Not an object but what is laid over one: what it lacks is elsewhere.
    pub(super) is_patch: bool,
}

impl<'a> Object<'a> {
    /// `is_patch`: kustomize says so.
    pub(super) fn new(root: &'a Node, document: Option<&'a Document>, is_patch: bool) -> Self {
        let text = |field: &str| {
            let text = root.get("metadata")?.get(field)?.as_str()?;
            Some(text).filter(|text| !text.is_empty())
        };
        let annotations = root
            .get("metadata")
            .and_then(|metadata| metadata.get("annotations"));
        Self {
            root,
            document,
            name: text("name"),
            namespace: text("namespace"),
            scope: scope_in(annotations),
            is_patch: is_patch || patch::has_directive(root),
        }
    }

    /// A mapping by its path from the top; `None` if it is missing, or none.
    pub(super) fn mapping(&self, path: &[&str]) -> Option<&'a Node> {
        let node = path
            .iter()
            .try_fold(self.root, |node, field| node.get(field))?;
        (node.kind() == NodeKind::Mapping).then_some(node)
    }

    /// The sealed items, in the file's order.
    pub(super) fn items(&self) -> impl Iterator<Item = (&'a str, &'a Node)> + use<'a> {
        let items = self.mapping(&["spec", "encryptedData"]);
        items.into_iter().flat_map(Node::entries)
    }

    /// The sealed items that are strings.
    pub(super) fn values(&self) -> impl Iterator<Item = (&'a str, &'a str, usize)> + use<'a> {
        self.items()
            .filter_map(|(item, node)| Some((item, node.as_str()?, node.line())))
    }

    /// The templates; `None` for those that leave an item out.
    pub(super) fn templates(&self) -> impl Iterator<Item = (&'a str, &'a Node)> + use<'a> {
        let templates = self.mapping(&["spec", "template", "data"]);
        templates.into_iter().flat_map(Node::entries)
    }

    /// Names of the sealed items.
    pub(super) fn item_names(&self) -> BTreeSet<&'a str> {
        self.items().map(|(item, _)| item).collect()
    }

    /// Whether its name or namespace is not known yet.
    pub(super) fn will_be_elsewhere(&self) -> bool {
        let places = [self.name, self.namespace];
        places.into_iter().flatten().any(placeholder::has)
    }

    /// The line on which a field stands, or else the object.
    pub(super) fn line(&self, path: &[&str]) -> usize {
        let line = path
            .split_last()
            .and_then(|(field, above)| self.mapping(above)?.key_line(field));
        line.unwrap_or(self.root.line())
    }

    /// The line of a data key.
    pub(super) fn data_key_line(&self, id: &str) -> usize {
        self.line(&["spec", "dataKeys", id])
    }

    /// How messages call it.
    pub(super) fn title(&self) -> String {
        let name = in_line(self.name.unwrap_or("(no name)"));
        match self.namespace {
            Some(namespace) => format!("{}/{name}", in_line(namespace)),
            None => name,
        }
    }

    /// A finding about it.
    pub(super) fn finding(&self, check: &'static Check, line: usize, message: String) -> Finding {
        Finding {
            check,
            line: Some(line),
            object: Some(self.title()),
            message,
        }
    }
}

/// Whether the node is there and not `null`.
pub(super) fn is_there(node: Option<&Node>) -> bool {
    node.is_some_and(|node| node.kind() != NodeKind::Null)
}

/// The scope that annotations ask for.
pub(super) fn scope_in(annotations: Option<&Node>) -> Scope {
    let says = |key: &str| {
        annotations
            .and_then(|it| it.get(key))
            .and_then(Node::as_str)
            == Some("true")
    };
    if says(CLUSTER_WIDE) {
        Scope::ClusterWide
    } else if says(NAMESPACE_WIDE) {
        Scope::NamespaceWide
    } else {
        Scope::Strict
    }
}

/// `, did you mean …?` for a word that is nearly one of these.
pub(super) fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let distance =
        |known: &&str| strsim::damerau_levenshtein(&word.to_lowercase(), &known.to_lowercase());
    let near = known
        .into_iter()
        .filter(|known| known.len().abs_diff(word.len()) < 4)
        .map(|known| (distance(&known), known))
        .filter(|(distance, known)| *distance * 3 <= known.len())
        .min();
    near.map_or_else(String::new, |(_, known)| {
        format!("; did you mean {}?", in_line(known))
    })
}
