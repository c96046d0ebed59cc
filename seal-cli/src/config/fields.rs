//! Strict reading: each field is known, and of the kind it should be.

use seal_manifest::{Node, NodeKind};

use super::fault::{Fault, Faults};

/// One mapping of a file and what messages call it.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    node: &'a Node,
    what: &'a str,
}

impl<'a> Fields<'a> {
    /// Refuses other kinds, and fields besides the known ones.
    pub(crate) fn of(
        node: &'a Node,
        what: &'a str,
        known: &[&str],
        faults: &mut Faults,
    ) -> Option<Self> {
        let fields = Self::any_of(node, what, faults)?;
        for (field, value) in node.entries() {
            if !known.contains(&field) {
                let known = known.join(", ");
                let text = format!("unknown field {field:?} in {what} (there are {known})");
                faults.add(Fault::new(value.line(), text));
            }
        }
        Some(fields)
    }

    /// Refuses other kinds.
    pub(crate) fn any_of(node: &'a Node, what: &'a str, faults: &mut Faults) -> Option<Self> {
        if node.kind() == NodeKind::Mapping {
            return Some(Self { node, what });
        }
        wrong_kind(node, what, "keys and values", faults);
        None
    }

    pub(crate) fn get(self, field: &str) -> Option<&'a Node> {
        self.node.get(field)
    }

    /// A field that must be there.
    pub(crate) fn wanted(self, field: &str, faults: &mut Faults) -> Option<&'a Node> {
        let found = self.get(field);
        if found.is_none() {
            let text = format!("{} has no {field}", self.what);
            faults.add(Fault::new(self.node.line(), text));
        }
        found
    }
}

/// Text that is not empty.
pub(crate) fn text<'a>(node: &'a Node, what: &str, faults: &mut Faults) -> Option<&'a str> {
    match node.as_str().map(str::trim) {
        Some("") => faults.add(Fault::new(node.line(), format!("{what} is empty"))),
        Some(text) => return Some(text),
        None => wrong_kind(node, what, "text", faults),
    }
    None
}

/// A list, empty or not.
pub(crate) fn list<'a>(node: &'a Node, what: &str, faults: &mut Faults) -> Option<&'a [Node]> {
    if node.kind() == NodeKind::Sequence {
        return Some(node.items());
    }
    wrong_kind(node, what, "a list", faults);
    None
}

/// Notes that a value is of another kind than it should be.
pub(crate) fn wrong_kind(node: &Node, what: &str, wanted: &str, faults: &mut Faults) {
    let found = match node.kind() {
        NodeKind::Null => "nothing",
        NodeKind::Bool => "a truth value (put it in quotes if it is a name)",
        NodeKind::Number => "a number (put it in quotes if it is a name)",
        NodeKind::String => "text",
        NodeKind::Sequence => "a list",
        NodeKind::Mapping => "keys and values",
    };
    let text = format!("{what} should be {wanted} and is {found}");
    faults.add(Fault::new(node.line(), text));
}
