//! Templates: whether they can be rendered, and whether what they use is there. Their text is never
//! told, only positions in it: a password that lost its quotes may stand there.

use std::collections::BTreeSet;

use gotmpl::parse::{BranchNode, Expr, ListNode, Node as Part, Parser, PipeNode, Pos};
use seal_manifest::NodeKind;
use template::{Engine as _, GoTemplate};

use super::catalog::{BAD_TEMPLATE, MISSING_ITEM, SHADOWED_TEMPLATE};
use super::finding::Finding;
use super::object::{Object, did_you_mean};
use super::placeholder;
use crate::ui::in_line;

/// Nested deeper than this, a template is not looked into.
const DEEPEST: usize = 100;

/// Names that a wrong one is compared with, and wrong ones that are.
const MOST_COMPARED: usize = 100;

/// Syntax, functions, items.
pub(super) fn findings(object: &Object<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let items = object.item_names();
    let engine = GoTemplate::default();
    // Templates see each other's text.
    let siblings = object
        .templates()
        .filter(|(_, node)| node.kind() != NodeKind::Null);
    let known: BTreeSet<&str> = siblings
        .map(|(name, _)| name)
        .chain(items.iter().copied())
        .collect();
    for (name, node) in object.templates() {
        let Some(text) = node.as_str() else { continue };
        let (line, called) = (node.line(), in_line(name));
        if items.contains(name) {
            let message = format!(
                "template {called:?} is never rendered, as the sealed item of that name is used; remove it, or rename one of the two"
            );
            found.push(object.finding(&SHADOWED_TEMPLATE, line, message));
            continue;
        }
        if placeholder::is_of_helm(text) {
            continue;
        }
        if let Err(error) = engine.check(text) {
            let message = format!("template {called:?}: {error}; the controller makes no Secret");
            found.push(object.finding(&BAD_TEMPLATE, line, message));
            continue;
        }
        if object.is_patch {
            continue;
        }
        for field in fields(text) {
            if known.contains(field.name.as_str()) {
                continue;
            }
            // Nobody reads more, and somebody may have written a million.
            let near = if found.len() < MOST_COMPARED {
                did_you_mean(&field.name, known.iter().copied().take(MOST_COMPARED))
            } else {
                String::new()
            };
            let message = format!(
                "template {called:?} uses, in its line {}, an item that is neither sealed nor a template{near}",
                field.line
            );
            found.push(object.finding(&MISSING_ITEM, line, message));
        }
    }
    found
}

/// An item that a template uses.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Field {
    line: usize,
    name: String,
}

/// The items that a template certainly takes from its root.
fn fields(text: &str) -> BTreeSet<Field> {
    let mut seen = Seen {
        fields: BTreeSet::new(),
    };
    let parsed = Parser::new(text, "{{", "}}").and_then(Parser::parse);
    if let Ok((main, defined)) = parsed {
        seen.list(&main, Dot::Root, 0);
        // What `.` is in these is said where they are used.
        for define in &defined {
            seen.list(&define.body, Dot::Other, 0);
        }
    }
    seen.fields
}

/// What `.` stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dot {
    /// The items.
    Root,
    /// Something else, and `$` is the items.
    Inner,
    /// Nobody knows, and nothing of `$`.
    Other,
}

impl Dot {
    fn inner(self) -> Self {
        match self {
            Self::Root | Self::Inner => Self::Inner,
            Self::Other => Self::Other,
        }
    }
}

struct Seen {
    fields: BTreeSet<Field>,
}

impl Seen {
    fn list(&mut self, list: &ListNode, dot: Dot, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        for part in &list.nodes {
            match part {
                Part::List(list) => self.list(list, dot, depth + 1),
                Part::Action(action) => self.pipe(&action.pipe, dot, depth),
                Part::If(branch) => self.branch(branch, dot, dot, depth),
                Part::Range(branch) | Part::With(branch) => {
                    self.branch(branch, dot, dot.inner(), depth);
                }
                Part::Template(used) => {
                    if let Some(pipe) = &used.pipe {
                        self.pipe(pipe, dot, depth);
                    }
                }
                Part::Text(_) | Part::Define(_) | Part::Break(_) | Part::Continue(_) => {}
            }
        }
    }

    fn branch(&mut self, branch: &BranchNode, dot: Dot, body: Dot, depth: usize) {
        self.pipe(&branch.pipe, dot, depth);
        self.list(&branch.body, body, depth + 1);
        if let Some(list) = &branch.else_body {
            self.list(list, dot, depth + 1);
        }
    }

    fn pipe(&mut self, pipe: &PipeNode, dot: Dot, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        for command in &pipe.commands {
            if let [Expr::Identifier(_, name), root, Expr::String(at, item), ..] =
                command.args.as_slice()
            {
                let of_root = match root {
                    Expr::Dot(_) => dot == Dot::Root,
                    Expr::Variable(_, name, fields) => {
                        name == "$" && fields.is_empty() && dot != Dot::Other
                    }
                    _ => false,
                };
                if name == "index" && of_root {
                    self.add(*at, item);
                }
            }
            for argument in &command.args {
                self.expression(argument, dot, depth);
            }
        }
    }

    fn expression(&mut self, expression: &Expr, dot: Dot, depth: usize) {
        match expression {
            Expr::Field(at, fields) if dot == Dot::Root => {
                if let Some(name) = fields.first() {
                    self.add(*at, name);
                }
            }
            Expr::Variable(at, name, fields) if name == "$" && dot != Dot::Other => {
                if let Some(name) = fields.first() {
                    self.add(*at, name);
                }
            }
            Expr::Pipe(_, pipe) => self.pipe(pipe, dot, depth + 1),
            Expr::Chain(_, inner, _) if depth < DEEPEST => self.expression(inner, dot, depth + 1),
            _ => {}
        }
    }

    fn add(&mut self, at: Pos, name: &str) {
        self.fields.insert(Field {
            line: at.line,
            name: name.to_owned(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_of_the_root_are_found_and_no_others() {
        for (text, expected) in [
            ("{{ .a }} {{ .b | quote }}", &["1 a", "1 b"][..]),
            ("x\n{{ printf \"%s\" (.a | trim) }}", &["2 a"]),
            (
                "{{ index . \"a.b\" }}{{ index $ \"c\" }}",
                &["1 a.b", "1 c"],
            ),
            (
                "{{ with .a }}{{ .b }}{{ $.c }}{{ else }}{{ .d }}{{ end }}",
                &["1 a", "1 c", "1 d"],
            ),
            (
                "{{ range .a }}{{ .b }}{{ index . \"x\" }}{{ end }}",
                &["1 a"],
            ),
            ("{{ if .a }}{{ .b }}{{ end }}", &["1 a", "1 b"]),
            ("{{ $x := .a }}{{ $x.b }}", &["1 a"]),
            (
                "{{ define \"t\" }}{{ .a }}{{ $.b }}{{ end }}{{ template \"t\" . }}",
                &[],
            ),
            ("no template", &[]),
            ("{{ broken", &[]),
        ] {
            let found: Vec<_> = fields(text)
                .iter()
                .map(|field| format!("{} {}", field.line, field.name))
                .collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
