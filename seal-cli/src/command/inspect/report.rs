//! What can be said of a SealedSecret without any key.

use seal_age::stanza_type;
use seal_format::Envelope;
use seal_format::se1::{
    Binding, DataKeyBlock, RecipientKind, SealedValue, ValueFormat, Wrap, value_format,
};
use sealing::{ItemError, OpenError, Opening, SealedDocument, block};
use serde::Serialize;

use crate::rules::RuleReaders;

/// More data keys than this are worth folding.
const MANY: usize = 4;
/// Of a value in the legacy format.
const NO_ENVELOPE: &str = "cut short, or no sealed value at all: seal it again from its source";

/// One SealedSecret.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    pub(crate) file: String,
    pub(crate) document: usize,
    pub(crate) name: String,
    pub(crate) namespace: Option<String>,
    pub(crate) scope: &'static str,
    pub(crate) items: Vec<Item>,
    pub(crate) data_keys: Vec<DataKey>,
    /// Whether every copy of every value withstands a quantum computer; `false` where it is not known.
    pub(crate) post_quantum: bool,
    /// What any reader would refuse.
    pub(crate) faults: Vec<Fault>,
    /// What could be better.
    pub(crate) hints: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Item {
    pub(crate) item: String,
    pub(crate) line: usize,
    pub(crate) format: String,
    pub(crate) data_key: Option<String>,
    /// Length of the plaintext in bytes, which no format hides.
    pub(crate) bytes: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DataKey {
    pub(crate) id: String,
    pub(crate) bound_to: String,
    pub(crate) items: Vec<String>,
    /// Unverified: only who knows the data key can tell whether the list is as its writer left it.
    pub(crate) recipients: Vec<Recipient>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Recipient {
    /// What the configuration calls the key.
    pub(crate) name: Option<String>,
    pub(crate) to: String,
    pub(crate) kind: &'static str,
    pub(crate) post_quantum: bool,
    /// Length of the wrap.
    pub(crate) bytes: usize,
}

#[derive(Serialize)]
pub(crate) struct Fault {
    pub(crate) class: Option<&'static str>,
    pub(crate) text: String,
    pub(crate) at: Vec<String>,
}

pub(crate) fn of(file: &str, sealed: &SealedDocument, rule: Option<&RuleReaders>) -> Report {
    let namespace = sealed.namespace.as_deref().unwrap_or_default();
    let read = Opening::prepare(&sealed.spec, sealed.scope, namespace, &sealed.name);
    let faults = read.err().as_ref().map(faults).unwrap_or_default();
    let data_keys: Vec<_> = sealed
        .spec
        .data_keys
        .iter()
        .filter_map(|(id, entry)| Some(data_key(&block(id, entry).ok()?, sealed, rule)))
        .collect();
    let items: Vec<_> = sealed
        .spec
        .encrypted_data
        .iter()
        .map(|(name, value)| item(name, value, sealed))
        .collect();
    // A whole Secret as one value is in the legacy format; of what is broken nobody can tell.
    let known = faults.is_empty() && sealed.spec.data.is_none() && !items.is_empty();
    let post_quantum = known && items.iter().all(|item| withstands(item, &data_keys));
    let mut report = Report {
        file: file.to_owned(),
        document: sealed.index,
        name: sealed.name.clone(),
        namespace: sealed.namespace.clone(),
        scope: sealed.scope.as_str(),
        items,
        data_keys,
        post_quantum,
        faults,
        hints: Vec::new(),
    };
    report.hints = hints(&report, sealed);
    report.hints.extend(strangers(&report, rule));
    report
}

/// Whether all wraps of the item's data key are known, and withstand a quantum computer.
fn withstands(item: &Item, data_keys: &[DataKey]) -> bool {
    let key = data_keys
        .iter()
        .find(|key| item.data_key.as_ref() == Some(&key.id));
    key.is_some_and(|key| key.recipients.iter().all(|reader| reader.post_quantum))
}

fn item(name: &str, value: &str, sealed: &SealedDocument) -> Item {
    let line = sealed.lines.get(name).copied().unwrap_or(sealed.line);
    let mut item = Item {
        item: name.to_owned(),
        line,
        format: "unreadable".to_owned(),
        data_key: None,
        bytes: None,
    };
    match value_format(value) {
        ValueFormat::Legacy => {
            if let Ok(envelope) = Envelope::from_text(value) {
                item.format = format!("legacy RSA-{}", envelope.wrapped_key.len() * 8);
                item.bytes = envelope.payload.len().checked_sub(16);
            }
        }
        ValueFormat::Se1 => {
            if let Ok(value) = SealedValue::from_text(value) {
                "se1".clone_into(&mut item.format);
                item.bytes = Some(value.plaintext_len());
                item.data_key = Some(value.id.to_string());
            }
        }
        ValueFormat::Later => "of a later version".clone_into(&mut item.format),
    }
    item
}

fn data_key(block: &DataKeyBlock, sealed: &SealedDocument, rule: Option<&RuleReaders>) -> DataKey {
    let prefix = format!("se1.{}.", block.id());
    let values = sealed.spec.encrypted_data.iter();
    DataKey {
        id: block.id().to_string(),
        bound_to: block.bound_to().to_string(),
        items: values
            .filter(|(_, value)| value.starts_with(&prefix))
            .map(|(item, _)| item.clone())
            .collect(),
        recipients: block
            .wraps()
            .iter()
            .map(|wrap| recipient(wrap, rule))
            .collect(),
    }
}

fn recipient(wrap: &Wrap, rule: Option<&RuleReaders>) -> Recipient {
    let (kind, post_quantum) = match wrap.to.kind() {
        RecipientKind::Kms => ("AWS KMS", true),
        RecipientKind::Rsa => ("RSA certificate or KMS key", false),
        RecipientKind::Ssh => ("SSH key", false),
        RecipientKind::Age => (
            "age",
            stanza_type(&wrap.blob).is_some_and(|stanza| stanza.is_post_quantum()),
        ),
    };
    let name = rule.and_then(|rule| rule.name_of(wrap.to.as_str()));
    Recipient {
        name: name.map(str::to_owned),
        to: wrap.to.to_string(),
        kind,
        post_quantum,
        bytes: wrap.blob.len(),
    }
}

fn faults(error: &OpenError) -> Vec<Fault> {
    let reasons = error.reasons().iter();
    reasons
        .map(|(reason, at)| Fault {
            class: reason.fault().map(seal_format::se1::Fault::class),
            text: match reason {
                // No key was tried.
                ItemError::NoKey => NO_ENVELOPE.to_owned(),
                reason => reason.to_string(),
            },
            at: at.clone(),
        })
        .collect()
}

/// Readers whom the rule for the file does not name.
fn strangers(report: &Report, rule: Option<&RuleReaders>) -> Vec<String> {
    let Some(rule) = rule else { return Vec::new() };
    let readers = report.data_keys.iter().flat_map(|key| &key.recipients);
    let strangers = rule.strangers(readers.map(|reader| reader.to.as_str()));
    let told = strangers.into_iter();
    told.map(|to| rule.does_not_name(to)).collect()
}

fn hints(report: &Report, sealed: &SealedDocument) -> Vec<String> {
    let mut hints = Vec::new();
    for key in &report.data_keys {
        if key.items.is_empty() {
            let id = &key.id;
            hints.push(format!(
                "no value uses data key {id}: seal compact drops it"
            ));
        }
        let other =
            Binding::from_text(&key.bound_to).is_ok_and(|bound| bound.scope() != sealed.scope);
        if other {
            let (id, to) = (&key.id, &key.bound_to);
            hints.push(format!("data key {id} was sealed for {to}"));
        }
    }
    if report.data_keys.len() > MANY {
        let count = report.data_keys.len();
        hints.push(format!(
            "{count} data keys: seal compact folds them into one, for whoever can open them all"
        ));
    }
    hints
}
