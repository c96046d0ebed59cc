//! `.seal.yaml`, strictly: what is not known is refused with its line, and all faults are told at
//! once.

use std::path::{Path, PathBuf};

use seal_format::Scope;
use seal_format::se1::Binding;
use seal_manifest::{Node, NodeKind};

use super::fault::{Fault, Faults};
use super::fields::{self, Fields};
use super::pattern::Pattern;
use super::recipient_kind::{NotARecipient, RecipientKind};
use super::rule::{
    Configuration, Format, Name, NamedRecipient, Place, RecipientSource, Rule, needs_se1,
};
use super::target::Target;

/// Reads the one document of a file.
pub(crate) fn read(path: &Path, root: &Node, faults: &mut Faults) -> Configuration {
    let mut configuration = Configuration {
        path: path.to_owned(),
        names: Vec::new(),
        rules: Vec::new(),
    };
    let known = ["recipients", "rules"];
    let Some(root) = Fields::of(root, "the file", &known, faults) else {
        return configuration;
    };
    if let Some(recipients) = root.get("recipients") {
        configuration.names = names(configuration.folder(), recipients, faults);
    }
    let items = root
        .wanted("rules", faults)
        .and_then(|rules| fields::list(rules, "rules", faults))
        .unwrap_or_default();
    for item in items {
        let rule = rule(item, &configuration.names, faults);
        configuration.rules.extend(rule);
    }
    configuration
}

fn names(folder: &Path, node: &Node, faults: &mut Faults) -> Vec<Name> {
    if Fields::any_of(node, "recipients", faults).is_none() {
        return Vec::new();
    }
    let mut names: Vec<Name> = Vec::new();
    for (name, value) in node.entries() {
        // A name whose recipient is at fault is still a name: rules may use it.
        let source = source(folder, name, value, faults);
        if let Some(same) = names
            .iter()
            .find(|other| Some(&other.source) == source.as_ref())
        {
            let text = format!("recipient {name:?} is the same as {:?}", same.name);
            faults.add(Fault::new(value.line(), text));
        }
        names.push(Name {
            name: name.to_owned(),
            line: value.line(),
            source: source.unwrap_or_else(|| RecipientSource::Text(String::new())),
        });
    }
    names
}

fn source(folder: &Path, name: &str, value: &Node, faults: &mut Faults) -> Option<RecipientSource> {
    let what = format!("recipient {name:?}");
    if value.kind() != NodeKind::Mapping {
        let text = fields::text(value, &what, faults)?;
        return match RecipientKind::of(text) {
            Ok(_) => Some(RecipientSource::Text(text.to_owned())),
            Err(reason) => {
                faults.add(Fault::new(value.line(), format!("{what}: {reason}")));
                None
            }
        };
    }
    let fields = Fields::of(value, &what, &["certificate", "kmsPublicKey"], faults)?;
    match (fields.get("certificate"), fields.get("kmsPublicKey")) {
        (Some(place), None) => {
            let text = fields::text(place, &format!("{what}: certificate"), faults)?;
            if text.starts_with("https://") {
                let url = text.to_owned();
                return Some(RecipientSource::Certificate(Place::Url(url)));
            }
            let file = file(folder, &what, text, place.line(), faults)?;
            Some(RecipientSource::Certificate(Place::File(file)))
        }
        (None, Some(place)) => {
            let text = fields::text(place, &format!("{what}: kmsPublicKey"), faults)?;
            file(folder, &what, text, place.line(), faults).map(RecipientSource::KmsPublicKey)
        }
        _ => {
            let text = format!("{what} is either a certificate or a kmsPublicKey");
            faults.add(Fault::new(value.line(), text));
            None
        }
    }
}

/// Paths count from the folder of the configuration, wherever the program runs.
fn file(
    folder: &Path,
    what: &str,
    text: &str,
    line: usize,
    faults: &mut Faults,
) -> Option<PathBuf> {
    let reason = if text.contains("://") {
        "a URL begins with https://, so that nobody on the way can change what it gives"
    } else if Path::new(text).is_absolute() {
        "the path counts from the folder of this file, so that it is the same for everybody"
    } else {
        return Some(folder.join(text));
    };
    faults.add(Fault::new(line, format!("{what}: {reason}")));
    None
}

fn rule(node: &Node, names: &[Name], faults: &mut Faults) -> Option<Rule> {
    let known = ["path", "recipients", "namespace", "name", "scope", "format"];
    let fields = Fields::of(node, "a rule", &known, faults)?;
    let path = fields.wanted("path", faults);
    let pattern = path.and_then(|path| pattern(path, faults));
    let listed = fields.wanted("recipients", faults);
    let recipients = listed.map(|listed| recipients(listed, names, faults));
    let scope = fields.get("scope").and_then(|node| {
        let words = "strict, namespace-wide or cluster-wide";
        word(
            node,
            "scope",
            words,
            |text| text.parse::<Scope>().ok(),
            faults,
        )
    });
    let target = target(fields, faults);
    let format = fields.get("format").and_then(|node| {
        let format = word(node, "format", "legacy or se1", Format::of, faults)?;
        if format == Format::Legacy && recipients.as_deref().is_some_and(needs_se1) {
            let text = "format legacy has one reader, a certificate; use se1";
            faults.add(Fault::new(node.line(), text));
        }
        Some(format)
    });
    Some(Rule {
        pattern: pattern?,
        line: node.line(),
        recipients: recipients?,
        scope,
        target,
        format,
        refused: None,
        passed_over: Vec::new(),
    })
}

/// A name alone would say little: whoever can write the file would choose the namespace.
fn target(fields: Fields<'_>, faults: &mut Faults) -> Target {
    let mut part = |field: &str, scope, what: &str| {
        let node = fields.get(field)?;
        let text = fields::text(node, field, faults)?;
        let legal = match scope {
            Scope::Strict => Binding::new(scope, "any", text),
            _ => Binding::new(scope, text, ""),
        };
        if legal.is_err() {
            let text = format!("{field} {text:?} is not the name of {what} in Kubernetes");
            faults.add(Fault::new(node.line(), text));
        }
        Some(text.to_owned())
    };
    let namespace = part("namespace", Scope::NamespaceWide, "a namespace");
    let name = part("name", Scope::Strict, "an object");
    if let (Some(node), None) = (fields.get("name"), fields.get("namespace")) {
        let text = "a rule with a name has a namespace, too";
        faults.add(Fault::new(node.line(), text));
    }
    Target { namespace, name }
}

fn pattern(node: &Node, faults: &mut Faults) -> Option<Pattern> {
    let text = fields::text(node, "path", faults)?;
    Pattern::glob(text)
        .map_err(|reason| faults.add(Fault::new(node.line(), reason)))
        .ok()
}

fn recipients(node: &Node, names: &[Name], faults: &mut Faults) -> Vec<NamedRecipient> {
    let items = fields::list(node, "recipients of a rule", faults).unwrap_or_default();
    if items.is_empty() && node.kind() == NodeKind::Sequence {
        faults.add(Fault::new(node.line(), "a rule without recipients"));
    }
    let mut found: Vec<NamedRecipient> = Vec::new();
    for item in items {
        let Some(text) = fields::text(item, "a recipient of a rule", faults) else {
            continue;
        };
        let Some(name) = names.iter().find(|name| name.name == text) else {
            let text = unknown(text, names);
            faults.add(Fault::new(item.line(), text));
            continue;
        };
        let recipient = NamedRecipient {
            name: Some(name.name.clone()),
            source: name.source.clone(),
        };
        if found.contains(&recipient) {
            let text = format!("recipient {text:?} is listed twice");
            faults.add(Fault::new(item.line(), text));
        }
        found.push(recipient);
    }
    found
}

/// A key where a name belongs is a mistake that is easily made; what else it may be is not shown.
fn unknown(text: &str, names: &[Name]) -> String {
    match RecipientKind::of(text) {
        Ok(_) => "a rule lists names: give this key one under recipients".to_owned(),
        Err(reason @ NotARecipient::PrivateKey) => reason.to_string(),
        Err(_) if names.is_empty() => "there are no names under recipients yet".to_owned(),
        Err(_) => {
            let names: Vec<_> = names.iter().map(|name| name.name.as_str()).collect();
            let known = names.join(", ");
            format!("no recipient is called {text:?} (there are {known})")
        }
    }
}

/// One of a few words.
fn word<T>(
    node: &Node,
    what: &str,
    words: &str,
    parse: impl Fn(&str) -> Option<T>,
    faults: &mut Faults,
) -> Option<T> {
    let text = fields::text(node, what, faults)?;
    let found = parse(text);
    if found.is_none() {
        let text = format!("unknown {what} {text:?} (use {words})");
        faults.add(Fault::new(node.line(), text));
    }
    found
}
