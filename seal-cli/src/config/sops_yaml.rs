//! The creation rules of `.sops.yaml` (contract sops-age-kms §1.6), as far as they name recipients
//! that we have: age and AWS KMS. Which values SOPS would encrypt is not our question, and what a
//! rule has besides is refused only when that rule matches.

use std::path::Path;

use seal_manifest::{Node, NodeKind};

use super::fault::{Fault, Faults};
use super::fields;
use super::pattern::Pattern;
use super::recipient_kind::RecipientKind;
use super::rule::{Configuration, NamedRecipient, RecipientSource, Rule};
use super::target::Target;

/// Fields with keys of kinds that we do not have.
const FOREIGN: [&str; 7] = [
    "pgp",
    "gcp_kms",
    "azure_keyvault",
    "hc_vault",
    "hc_vault_transit_uri",
    "hckms",
    "plugins",
];

/// Reads the first document of a file.
pub(crate) fn read(path: &Path, root: &Node, faults: &mut Faults) -> Configuration {
    let items = list(root, "creation_rules", faults);
    let rules = items.iter().filter_map(|item| rule(item, faults));
    Configuration {
        path: path.to_owned(),
        names: Vec::new(),
        rules: rules.collect(),
    }
}

fn rule(node: &Node, faults: &mut Faults) -> Option<Rule> {
    fields::Fields::any_of(node, "a creation rule", faults)?;
    let pattern = match node.get("path_regex") {
        Some(regex) => {
            let Some(text) = regex.coerced() else {
                fields::wrong_kind(regex, "path_regex", "text", faults);
                return None;
            };
            Pattern::regex(&text.text)
                .map_err(|reason| faults.add(Fault::new(regex.line(), reason)))
                .ok()?
        }
        None => Pattern::Every,
    };
    let mut keys = Keys::default();
    match list(node, "key_groups", faults) {
        [] => keys.add_rule(node, faults),
        [group] => keys.add_group(group, faults),
        groups => {
            let count = groups.len();
            keys.refuse(&format!("key_groups ({count} of them share the key)"));
        }
    }
    if keys.recipients.is_empty() && keys.refused.is_none() {
        keys.refused = Some("it names no recipient".to_owned());
    }
    Some(Rule {
        pattern,
        line: node.line(),
        recipients: keys.recipients,
        scope: None,
        target: Target::default(),
        format: None,
        refused: keys.refused,
        passed_over: keys.passed_over,
    })
}

/// What a rule comes to.
#[derive(Default)]
struct Keys {
    recipients: Vec<NamedRecipient>,
    refused: Option<String>,
    passed_over: Vec<String>,
}

impl Keys {
    /// Keys are lists, or words between commas.
    fn add_rule(&mut self, rule: &Node, faults: &mut Faults) {
        self.look_for_foreign(rule);
        for field in ["age", "kms"] {
            for (line, text) in words(rule, field, faults) {
                self.add(field, line, text, faults);
            }
        }
        self.pass_over(rule, "aws_profile");
    }

    /// A group's KMS keys are mappings.
    fn add_group(&mut self, group: &Node, faults: &mut Faults) {
        if fields::Fields::any_of(group, "a key group", faults).is_none() {
            return;
        }
        self.look_for_foreign(group);
        if is_given(group, "merge") {
            self.refuse("merge");
        }
        for (line, text) in words(group, "age", faults) {
            self.add("age", line, text, faults);
        }
        for key in list(group, "kms", faults) {
            match key.get("arn").and_then(Node::as_str) {
                Some(arn) => self.add("kms", key.line(), arn.trim(), faults),
                None => faults.add(Fault::new(key.line(), "a KMS key of a group has no arn")),
            }
            for field in ["role", "context", "aws_profile"] {
                self.pass_over(key, field);
            }
        }
    }

    fn add(&mut self, field: &str, line: usize, text: &str, faults: &mut Faults) {
        let key = match text.split_once('+') {
            Some((arn, _)) if field == "kms" => {
                self.note("role");
                arn
            }
            _ => text,
        };
        match RecipientKind::of(key) {
            Ok(kind) if kind.is_kms() == (field == "kms") => {}
            Ok(_) => {
                let text = format!("{field}: a recipient of another kind");
                return faults.add(Fault::new(line, text));
            }
            Err(reason) => return faults.add(Fault::new(line, format!("{field}: {reason}"))),
        }
        let recipient = NamedRecipient {
            name: None,
            source: RecipientSource::Text(key.to_owned()),
        };
        if !self.recipients.contains(&recipient) {
            self.recipients.push(recipient);
        }
    }

    fn look_for_foreign(&mut self, keys: &Node) {
        for field in FOREIGN {
            if is_given(keys, field) {
                self.refuse(field);
            }
        }
    }

    /// Leaving one of the recipients out would lock somebody out.
    fn refuse(&mut self, field: &str) {
        let reason = || format!("it has {field}, which this program cannot encrypt to");
        self.refused.get_or_insert_with(reason);
    }

    fn pass_over(&mut self, keys: &Node, field: &str) {
        if is_given(keys, field) {
            self.note(field);
        }
    }

    fn note(&mut self, field: &str) {
        let instead = match field {
            "context" => "ours is made from the Secret's place",
            _ => "the credentials of whoever runs this program count",
        };
        let text = format!("{field} of a KMS key is passed over: {instead}");
        if !self.passed_over.contains(&text) {
            self.passed_over.push(text);
        }
    }
}

/// Older files carry empty lists.
fn is_given(node: &Node, field: &str) -> bool {
    node.get(field).is_some_and(|value| match value.kind() {
        NodeKind::Null => false,
        NodeKind::Sequence => !value.items().is_empty(),
        NodeKind::Mapping => value.entries().next().is_some(),
        _ => value.as_str() != Some(""),
    })
}

/// The items of a field that is not there, empty, or a list.
fn list<'a>(node: &'a Node, field: &str, faults: &mut Faults) -> &'a [Node] {
    node.get(field)
        .filter(|value| value.kind() != NodeKind::Null)
        .and_then(|value| fields::list(value, field, faults))
        .unwrap_or_default()
}

/// Words between commas, of a text or of each text in a list.
fn words<'a>(node: &'a Node, field: &str, faults: &mut Faults) -> Vec<(usize, &'a str)> {
    let Some(value) = node.get(field) else {
        return Vec::new();
    };
    let texts = match value.kind() {
        NodeKind::Null => &[][..],
        NodeKind::Sequence => value.items(),
        _ => std::slice::from_ref(value),
    };
    let mut found = Vec::new();
    for node in texts {
        match node.as_str() {
            Some(text) => found.extend(text.split(',').map(|word| (node.line(), word.trim()))),
            None => fields::wrong_kind(node, field, "text", faults),
        }
    }
    found.retain(|(_, word)| !word.is_empty());
    found
}
