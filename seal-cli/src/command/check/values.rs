//! Whether values are sealed values, in which format, and for what size of key.

use std::collections::{BTreeMap, BTreeSet};

use seal_api::{DataKeyEntry, SealedSecretSpec};
use seal_format::se1::{Binding, DataKeyBlock, ValueFormat, value_format};
use seal_format::{Envelope, EnvelopeError};
use sealing::{OpenError, Se1Object, is_item_name};

use super::catalog::{MIXED_FORMATS, MIXED_KEY_SIZES, NOT_SEALED, REFUSED, UNUSED_DATA_KEY};
use super::finding::{Finding, few};
use super::object::Object;
use super::secret_shape::is_text_in_base64;
use super::{patch, placeholder};
use crate::ui::in_line;

/// Bytes of the RSA block: keys of 2048 to 8192 bits.
const RSA_BLOCK: std::ops::RangeInclusive<usize> = 256..=1024;

/// What the values of an object are.
pub(super) struct Values<'a> {
    /// Of the legacy format: item, line, bytes of the RSA block.
    pub(super) legacy: Vec<(&'a str, usize, usize)>,
    /// What is in SE1; `None` if there is nothing, or it is refused.
    pub(super) se1: Option<Se1Object>,
    pub(super) found: Vec<Finding>,
}

impl<'a> Values<'a> {
    /// Reads all values, without any key.
    pub(super) fn of(object: &Object<'a>) -> Self {
        let mut values = Self {
            legacy: Vec::new(),
            se1: None,
            found: Vec::new(),
        };
        let mut in_se1 = BTreeMap::new();
        let known = object.values();
        let is_value =
            |item: &str, text: &str| !patch::is_directive(item) && !placeholder::is_whole(text);
        for (item, text, line) in known.filter(|(item, text, _)| is_value(item, text)) {
            if value_format(text) != ValueFormat::Legacy {
                in_se1.insert(item, text);
                continue;
            }
            match rsa_block(text) {
                Ok(bytes) => values.legacy.push((item, line, bytes)),
                Err(reason) => {
                    let message = format!(
                        "item {:?}: {reason}; seal it again from its source, and change the secret if this is one",
                        in_line(item)
                    );
                    let found = object.finding(&NOT_SEALED, line, message);
                    values.found.push(found);
                }
            }
        }
        values.read_se1(object, &in_se1);
        values.mixed(object, in_se1.len());
        values
    }

    fn read_se1(&mut self, object: &Object<'_>, values: &BTreeMap<&str, &str>) {
        let legal = object.has_legal_name() && object.has_legal_namespace();
        // Told already; read_sealed tells of data keys that are not built as they should be.
        let (true, Some(data_keys)) = (legal, data_keys(object)) else {
            return;
        };
        let named = values.iter().filter(|(item, _)| is_item_name(item));
        let spec = SealedSecretSpec {
            encrypted_data: named
                .map(|(item, text)| ((*item).to_owned(), (*text).to_owned()))
                .collect(),
            data_keys,
            ..SealedSecretSpec::default()
        };
        let bound = object.bound_to();
        // The place that is not in the file is that of the values, until something else is known.
        let namespace = object
            .namespace
            .or(bound.as_ref().map(Binding::namespace))
            .unwrap_or_default();
        let Some(name) = object.name else { return };
        match Se1Object::read(&spec, object.scope, namespace, name) {
            Ok(read) => {
                self.se1 = read;
                self.unused(object);
            }
            Err(refused) => self.found.extend(told(object, &refused)),
        }
    }

    fn unused(&mut self, object: &Object<'_>) {
        let Some(se1) = &self.se1 else { return };
        let used: BTreeSet<_> = se1.referenced().into_iter().map(DataKeyBlock::id).collect();
        let unused = se1.blocks().keys().filter(|id| !used.contains(id));
        for id in unused {
            let message = format!("no value uses data key {id}; seal compact drops it");
            let line = object.data_key_line(id.as_str());
            self.found
                .push(object.finding(&UNUSED_DATA_KEY, line, message));
        }
    }

    fn mixed(&mut self, object: &Object<'_>, in_se1: usize) {
        let items = object.line(&["spec", "encryptedData"]);
        if let (Some((item, _, _)), true) = (self.legacy.first(), in_se1 > 0) {
            let message = format!(
                "some items are in SE1 and some, such as {:?}, in the legacy format, for one certificate alone; seal set writes them anew",
                in_line(item)
            );
            let found = object.finding(&MIXED_FORMATS, items, message);
            self.found.push(found);
        }
        let mut sizes: BTreeMap<usize, &str> = BTreeMap::new();
        for (item, _, bytes) in &self.legacy {
            sizes.entry(*bytes).or_insert(item);
        }
        if sizes.len() > 1 {
            let sizes: Vec<_> = sizes
                .iter()
                .map(|(bytes, item)| format!("{:?} for RSA-{}", in_line(item), bytes * 8))
                .collect();
            let message = format!(
                "items are sealed for keys of different sizes ({}), so for different certificates; no cluster may have both: seal them again for one",
                sizes.join(", ")
            );
            let found = object.finding(&MIXED_KEY_SIZES, items, message);
            self.found.push(found);
        }
    }
}

/// How long the RSA block is, or why this is no value of the legacy format.
fn rsa_block(text: &str) -> Result<usize, &'static str> {
    let envelope = match Envelope::from_text(text) {
        Ok(envelope) => envelope,
        Err(EnvelopeError::Base64(_)) => return Err("it is not sealed: this is no base64"),
        Err(_) if is_text_in_base64(text) => {
            return Err("it is not sealed: this is plain text in base64");
        }
        Err(_) => return Err("it is no sealed value, or cut short"),
    };
    let bytes = envelope.wrapped_key.len();
    if RSA_BLOCK.contains(&bytes) {
        Ok(bytes)
    } else {
        Err("it is no sealed value: it has no block of an RSA key of 2048 to 8192 bits")
    }
}

/// `None` if they are not built as they should be.
fn data_keys(object: &Object<'_>) -> Option<BTreeMap<String, DataKeyEntry>> {
    let Some(keys) = object.mapping(&["spec", "dataKeys"]) else {
        return Some(BTreeMap::new());
    };
    serde_json::from_value(keys.to_json()).ok()
}

fn told(object: &Object<'_>, refused: &OpenError) -> Vec<Finding> {
    let reasons = refused.reasons().iter();
    let told = reasons.map(|(reason, at)| {
        let class = reason
            .fault()
            .map_or("unreadable", seal_format::se1::Fault::class);
        let line = at
            .first()
            .map_or(object.root.line(), |place| line_of(object, place));
        let message = format!("{}: {reason} [{class}]", few(at));
        object.finding(&REFUSED, line, message)
    });
    told.collect()
}

/// The line of an item, or of what stands at a path.
fn line_of(object: &Object<'_>, place: &str) -> usize {
    match place.strip_prefix("spec.dataKeys.") {
        Some(id) => object.data_key_line(id),
        None => object.line(&["spec", "encryptedData", place]),
    }
}
