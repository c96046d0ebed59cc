//! Data keys of SE1, of which `/v1/rotate` wraps those anew that are wrapped for an older key of its controller.

use std::collections::BTreeMap;

use seal_api::{DataKeyEntry, WrapEntry};
use seal_format::se1::{DataKeyBlock, RecipientKind, RecipientName, Wrap};
use seal_manifest::BlockEdit;
use sealing::{Se1Object, SealedDocument};

use super::rotation::RotationError;

/// Whether there is nothing to do: who a certificate names in a list is the newest key. Which others are old keys of
/// the same controller, only that knows.
pub(super) fn are_current(object: &Se1Object, newest: &RecipientName) -> bool {
    let wraps = object
        .referenced()
        .into_iter()
        .flat_map(DataKeyBlock::wraps);
    let mut certificates = wraps.filter(|wrap| is_certificate(&wrap.to));
    certificates.all(|wrap| wrap.to == *newest)
}

/// What the answer `after` changes. Nobody may have become a reader but the newest key, and nobody have gone but
/// certificates. Whether the list is authentic, the next reader with a key sees: it takes a key.
///
/// # Errors
/// [`RotationError::DataKey`].
pub(super) fn changes(
    sealed: &SealedDocument,
    (before, after): (&Se1Object, &Se1Object),
    entries: &BTreeMap<String, DataKeyEntry>,
    newest: &RecipientName,
) -> Result<Vec<BlockEdit>, RotationError> {
    let mut edits = Vec::new();
    for (id, block) in before.blocks() {
        let other = || RotationError::DataKey(id.to_string());
        let now = after.blocks().get(id).ok_or_else(other)?;
        if now == block {
            continue;
        }
        let items = before.items_of(id);
        let (Some(item), Some(entry)) = (items.first(), entries.get(id.as_str())) else {
            return Err(other());
        };
        if now.commitment() != block.commitment() || !is_for_newest(block, now, newest) {
            return Err(other());
        }
        edits.push(BlockEdit::SetDataKey {
            id: id.to_string(),
            item: (*item).to_owned(),
            entry: written_as_before(sealed, id.as_str(), entry.clone()),
        });
    }
    if after.blocks().len() != before.blocks().len() {
        return Err(RotationError::DataKey("new".to_owned()));
    }
    Ok(edits)
}

/// The same readers, with the newest key in the place of certificates.
fn is_for_newest(before: &DataKeyBlock, after: &DataKeyBlock, newest: &RecipientName) -> bool {
    let mut added = after
        .wraps()
        .iter()
        .filter(|wrap| !before.wraps().contains(wrap));
    let mut gone = before
        .wraps()
        .iter()
        .filter(|wrap| !after.wraps().contains(wrap));
    added.all(|wrap| wrap.to == *newest)
        && gone.all(|wrap| is_certificate(&wrap.to))
        && after.wraps().iter().any(|wrap| wrap.to == *newest)
}

/// The same wrap may be written in more than one way: those that stay keep their bytes.
fn written_as_before(
    sealed: &SealedDocument,
    id: &str,
    mut entry: DataKeyEntry,
) -> serde_json::Value {
    let before = sealed.spec.data_keys.get(id);
    for wrap in &mut entry.wraps {
        let mut wraps = before.into_iter().flat_map(|before| &before.wraps);
        let is_same = |before: &&WrapEntry| {
            before.to == wrap.to
                && Wrap::from_text(&before.to, &before.enc) == Wrap::from_text(&wrap.to, &wrap.enc)
        };
        if let Some(before) = wraps.find(is_same) {
            wrap.enc.clone_from(&before.enc);
        }
    }
    // Strings and lists of strings: this cannot fail.
    serde_json::to_value(entry).unwrap_or_default()
}

fn is_certificate(name: &RecipientName) -> bool {
    name.kind() == RecipientKind::Rsa
}

#[cfg(test)]
mod tests {
    use seal_api::SealedSecretSpec;
    use seal_format::Scope;
    use seal_format::se1::{Binding, DataKey};
    use sealing::{entry, read_sealed};

    use super::*;

    /// The fixed point of docs/format.md: item, value, and the data key of the bytes 0 to 31.
    const VALUE: &str = "se1.kqj3msyyrrst.ZGVmZ2hpamtsbW5voayb1OrbY4geVjG9gnkrtJSZ5zVjE2o=";
    const KMS: &str =
        "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

    fn name(to: &str) -> RecipientName {
        let rsa = |digit: &str| format!("rsa:{}", digit.repeat(64));
        let text = match to {
            "kms" => KMS.to_owned(),
            digit => rsa(digit),
        };
        RecipientName::from_text(&text).unwrap()
    }

    /// An object whose one data key is wrapped for these.
    fn sealed(wraps: &[(&str, u8)], first: u8) -> SealedDocument {
        let secret: Vec<u8> = (first..first + 32).collect();
        let key = DataKey::from_unwrapped(&[b"seal/se1", secret.as_slice()].concat()).unwrap();
        let binding = Binding::new(Scope::Strict, "prod", "db").unwrap();
        let wraps = wraps.iter().map(|(to, byte)| Wrap {
            to: name(to),
            blob: vec![*byte; 256],
        });
        let block = DataKeyBlock::new(&key, &binding, wraps.collect()).unwrap();
        let spec = serde_json::json!({
            "dataKeys": {block.id().as_str(): entry(&block)},
            "encryptedData": {"DB_PASSWORD": VALUE.replace("kqj3msyyrrst", block.id().as_str())},
        });
        let text = serde_json::json!({
            "apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret",
            "metadata": {"name": "db", "namespace": "prod"}, "spec": spec,
        });
        let documents = seal_manifest::read(text.to_string().as_bytes()).unwrap();
        read_sealed(&documents[0]).unwrap()
    }

    fn object(spec: &SealedSecretSpec) -> Se1Object {
        let object = Se1Object::read(spec, Scope::Strict, "prod", "db");
        object.unwrap().unwrap()
    }

    #[test]
    fn only_lists_with_other_certificates_are_not_current() {
        for (wraps, current) in [
            (&[("a", 1)][..], true),
            (&[("a", 1), ("kms", 2)], true),
            (&[("kms", 2)], true),
            (&[("b", 1)], false),
            (&[("b", 1), ("a", 1)], false),
        ] {
            let sealed = sealed(wraps, 0);
            let found = are_current(&object(&sealed.spec), &name("a"));
            assert_eq!(found, current, "{wraps:?}");
        }
    }

    /// `a` is the newest key; `b` and `c` are certificates, one of them an old one.
    #[test]
    fn of_an_answer_only_the_newest_key_in_the_place_of_certificates_is_taken() {
        let before = sealed(&[("b", 1), ("c", 2), ("kms", 3)], 0);
        for (wraps, first, taken) in [
            (&[("b", 1), ("c", 2), ("kms", 3)][..], 0, Some(0)),
            (&[("a", 9), ("c", 2), ("kms", 3)], 0, Some(1)),
            (&[("a", 9), ("kms", 3)], 0, Some(1)),
            (&[("a", 9), ("b", 1), ("c", 2), ("kms", 3)], 0, Some(1)),
            (&[("a", 9), ("c", 2)], 0, None),
            (&[("a", 9), ("c", 8), ("kms", 3)], 0, None),
            (&[("a", 9), ("c", 2), ("kms", 8)], 0, None),
            (&[("d", 9), ("c", 2), ("kms", 3)], 0, None),
            (&[("c", 2), ("kms", 3)], 0, None),
            (&[("a", 9), ("c", 2), ("kms", 3)], 1, None),
        ] {
            let after = sealed(wraps, first).spec;
            let found = changes(
                &before,
                (&object(&before.spec), &object(&after)),
                &after.data_keys,
                &name("a"),
            );
            let found = found.map(|edits| edits.len()).ok();
            assert_eq!(found, taken, "{wraps:?} {first}");
        }
        let mut more = before.spec.clone();
        more.data_keys.extend(sealed(&[("a", 1)], 1).spec.data_keys);
        let both = (&object(&before.spec), &object(&more));
        assert!(changes(&before, both, &more.data_keys, &name("a")).is_err());
    }
}
