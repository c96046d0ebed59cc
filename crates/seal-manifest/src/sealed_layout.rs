//! How a SealedSecret with data keys is laid out: a `# ITEM` line per item in `spec.dataKeys`, and
//! under it the data key whose first item that is. Git then merges two branches that each seal
//! another, non-adjacent item: between the lines they change stands one that neither does.

use crate::changes::is_item;
use crate::key_order;
use crate::yaml_writer::{write_document, write_yaml};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A SealedSecret as [`write_yaml`] writes it, but for `spec.dataKeys`: a comment line `# ITEM` for
/// each item of `spec.encryptedData`, under each the data keys whose first item this is, and in
/// each wrap `to` before `enc`. Data keys that no value names stand above all items.
pub fn write_sealed_yaml(value: &Value) -> String {
    let spec = value.get("spec");
    let has_data_keys = spec.and_then(|spec| spec.get("dataKeys")).is_some();
    if !has_data_keys {
        return write_yaml(value);
    }
    write_document(value, &Layout::of_spec(spec))
}

/// `# ITEM`.
pub(crate) fn item_comment(item: &str) -> String {
    format!("# {item}")
}

/// The data key that a sealed value names: `se1.<id>.<payload>`.
pub(crate) fn data_key_of(value: &str) -> Option<&str> {
    let (id, _) = value.strip_prefix("se1.")?.split_once('.')?;
    Some(id)
}

/// Which items there are, and which data key belongs to which.
#[derive(Default)]
pub(crate) struct Layout {
    items: Vec<String>,
    /// The place in `items` of the first item that names the data key.
    first_items: BTreeMap<String, usize>,
}

/// An item's comment line, and what stands under it.
pub(crate) struct Line<'l, 'v> {
    /// None for data keys without an item, and for items that do not fit in a comment.
    pub(crate) item: Option<&'l str>,
    pub(crate) data_keys: Vec<(&'v str, &'v Value)>,
}

impl Layout {
    fn of_spec(spec: Option<&Value>) -> Self {
        let block = spec.and_then(|spec| spec.get("encryptedData"));
        let entries = block.and_then(Value::as_object).into_iter().flatten();
        let entries = entries.map(|(item, value)| (item.as_str(), value.as_str()));
        Self::of_items(key_order::sort(entries.collect()))
    }

    /// Items in the order in which they stand, with their values.
    pub(crate) fn of_items<'i>(
        items: impl IntoIterator<Item = (&'i str, Option<&'i str>)>,
    ) -> Self {
        let mut layout = Self::default();
        for (item, value) in items {
            if let Some(id) = value.and_then(data_key_of) {
                layout
                    .first_items
                    .entry(id.to_owned())
                    .or_insert(layout.items.len());
            }
            layout.items.push(item.to_owned());
        }
        layout
    }

    /// The first item whose value names the data key.
    pub(crate) fn first_item(&self, id: &str) -> Option<&str> {
        let place = self.first_items.get(id)?;
        self.items.get(*place).map(String::as_str)
    }

    /// All data keys in the order in which they are written.
    pub(crate) fn lines<'l, 'v>(&'l self, entries: &'v Map<String, Value>) -> Vec<Line<'l, 'v>> {
        let items = self.items.iter().map(|item| Line {
            item: Some(item.as_str()).filter(|item| is_item(item)),
            data_keys: Vec::new(),
        });
        let without_item = Line {
            item: None,
            data_keys: Vec::new(),
        };
        let mut lines: Vec<Line<'l, 'v>> = std::iter::once(without_item).chain(items).collect();
        let entries = entries.iter().map(|(id, entry)| (id.as_str(), entry));
        for (id, entry) in key_order::sort(entries.collect()) {
            let place = self.first_items.get(id).map_or(0, |place| place + 1);
            lines[place].data_keys.push((id, entry));
        }
        lines
    }
}

/// Where the writer is in a SealedSecret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Where nothing is special.
    Anywhere,
    Document,
    Spec,
    DataKeys,
    DataKey,
    Wraps,
    Wrap,
}

impl Place {
    /// Under a key.
    pub(crate) fn entry(self, key: &str) -> Self {
        match (self, key) {
            (Self::Document, "spec") => Self::Spec,
            (Self::Spec, "dataKeys") => Self::DataKeys,
            (Self::DataKeys, _) => Self::DataKey,
            (Self::DataKey, "wraps") => Self::Wraps,
            _ => Self::Anywhere,
        }
    }

    /// In a list.
    pub(crate) fn item(self) -> Self {
        match self {
            Self::Wraps => Self::Wrap,
            _ => Self::Anywhere,
        }
    }

    /// A wrap says first for whom it is.
    pub(crate) fn arrange(self, entries: &mut [(&str, &Value)]) {
        if self == Self::Wrap
            && let Some(place) = entries.iter().position(|(key, _)| *key == "to")
        {
            entries[..=place].rotate_right(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn data_keys_stand_under_their_first_item() {
        let entry = |to: &str| json!({"mac": "bQ==", "boundTo": "strict/prod/db", "commit": "Yw==", "wraps": [{"to": to, "enc": "-----BEGIN\nx\n-----END\n"}]});
        let value = json!({
            "kind": "SealedSecret",
            "spec": {
                "encryptedData": {"a10": "se1.kb.AA==", "a2": "se1.ka.AA==", "a3": "se1.kb.AA==", "old": "AgA="},
                "dataKeys": {"ka": entry("age1a"), "kb": entry("age1b"), "kunused": {}},
                "template": {"to": "x", "enc": "y"},
            },
        });
        let entry = |to: &str| {
            format!(
                "      boundTo: strict/prod/db\n      commit: Yw==\n      mac: bQ==\n      wraps:\n      - to: {to}\n        enc: |\n          -----BEGIN\n          x\n          -----END\n"
            )
        };
        let expected = format!(
            "kind: SealedSecret\nspec:\n  dataKeys:\n    kunused: {{}}\n    # a2\n    ka:\n{}    # a3\n    kb:\n{}    # a10\n    # old\n  encryptedData:\n    a2: se1.ka.AA==\n    a3: se1.kb.AA==\n    a10: se1.kb.AA==\n    old: AgA=\n  template:\n    enc: \"y\"\n    to: x\n",
            entry("age1a"),
            entry("age1b"),
        );
        assert_eq!(write_sealed_yaml(&value), expected);
    }

    #[test]
    fn a_name_cannot_break_out_of_its_comment() {
        let value = json!({"spec": {"encryptedData": {"a\nb: c": "x", "fine": "y"}, "dataKeys": {"k": {}}}});
        let text = write_sealed_yaml(&value);
        let documents = crate::read(text.as_bytes()).unwrap();
        assert_eq!(documents[0].root().to_json(), value, "{text}");
        assert!(text.contains("    # fine\n"), "{text}");
    }

    #[test]
    fn without_data_keys_nothing_is_special() {
        let value = json!({"spec": {"encryptedData": {"a": "AgA="}}});
        assert_eq!(write_sealed_yaml(&value), write_yaml(&value));
    }
}
