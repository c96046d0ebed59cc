//! SE1 made readable: values are opened, and what is random is named.

use seal_api::SealedSecretSpec;
use seal_format::Scope;
use seal_format::se1::{DataKey, DataKeyBlock};
use seal_keys::Identity as _;
use sealing::Se1Object;

use super::{Keys, show};

/// An object's place.
pub(super) struct Place<'a> {
    pub(super) scope: Scope,
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
}

/// Replaces values by `[SE1 place "value"]`, ids by `[KEY of ITEMS]`, and commitment, MAC and wraps
/// by what they are: a wrap that opens with a test key, to a data key that fits the commitment and
/// the MAC, is `[WRAP opens]`. What is no SE1 stays as it is.
pub(super) fn reveal(
    keys: &Keys,
    spec: &SealedSecretSpec,
    place: &Place<'_>,
    text: &str,
) -> String {
    let read = Se1Object::read(spec, place.scope, place.namespace, place.name);
    let Ok(Some(object)) = read else {
        return text.to_owned();
    };
    let mut shown = text.to_owned();
    for (id, entry) in &spec.data_keys {
        let Some(block) = object
            .blocks()
            .values()
            .find(|block| block.id().as_str() == id)
        else {
            continue;
        };
        let mut data_key = None;
        for (wrap, text) in block.wraps().iter().zip(&entry.wraps) {
            let opened = unwrap(keys, block, wrap, &object);
            let word = if opened.is_some() {
                "opens"
            } else {
                "stays shut"
            };
            shown = without_wrap(&shown, &text.enc, &format!("[WRAP {word}]"));
            data_key = data_key.or(opened);
        }
        for (item, value) in object
            .values()
            .iter()
            .filter(|(_, value)| value.id == *block.id())
        {
            let opened = data_key.as_ref().map(|key| {
                let value = key.open(object.object(), item, value).unwrap();
                show(&value)
            });
            let opened = opened.unwrap_or_else(|| "shut".to_owned());
            let name = format!("[SE1 {} {opened}]", object.object());
            shown = shown.replace(&value.to_string(), &name);
        }
        let items = object.items_of(block.id()).join(", ");
        let items = if items.is_empty() { "nothing" } else { &items };
        shown = shown
            .replace(id, &format!("[KEY of {items}]"))
            .replace(&entry.commit, "[COMMIT]")
            .replace(&entry.mac, "[MAC]");
    }
    shown
}

fn unwrap(
    keys: &Keys,
    block: &DataKeyBlock,
    wrap: &seal_format::se1::Wrap,
    object: &Se1Object,
) -> Option<DataKey> {
    let of_rsa = || keys.rsa.iter().find(|key| *key.name() == wrap.to);
    let unwrapped = match of_rsa() {
        Some(key) => key.unwrap(&wrap.blob, b"").ok()?,
        None if keys.age.recipient_name() == wrap.to.as_str() => {
            keys.age.unwrap(&wrap.blob, b"").ok()?
        }
        None => return None,
    };
    object.verify(block, &unwrapped).ok()
}

/// A wrap is one word, or armor: indented lines in YAML, one line with `\n` in JSON.
fn without_wrap(text: &str, enc: &str, name: &str) -> String {
    let in_json = enc.replace('\n', "\\n");
    let text = text.replace(&in_json, name);
    let of_armor: Vec<&str> = enc.lines().collect();
    let Some(first) = of_armor.get(1) else {
        return text;
    };
    let mut lines = Vec::new();
    for line in text.split_inclusive('\n') {
        let word = line.trim();
        if word == *first {
            lines.push(line.replace(word, name));
        } else if word.starts_with("-----") || !of_armor.contains(&word) {
            lines.push(line.to_owned());
        }
    }
    lines.concat()
}
