//! The private half of a sealing key as a key Secret may hold it: wrapped, so that the Secret opens
//! nothing by itself (docs/format.md, "Wrapped sealing keys").

use std::collections::BTreeMap;

use seal_api::{DataKeyEntry, SealedSecretSpec};
use seal_format::Scope;
use seal_format::se1::{Binding, DataKeyBlock, Fault, Wrap};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::open::DataKeyNeed;
use crate::se1_object::Se1Object;
use crate::seal::SealError;
use crate::sealed_items::{Random, SealedItems};

/// The field of a key Secret that holds the wrapped key.
pub const WRAPPED_KEY_FIELD: &str = "seal.se1";
/// The field that holds a key in the clear; empty where it is wrapped.
pub const PRIVATE_KEY_FIELD: &str = "tls.key";
/// The item that is sealed in a wrapped key: the PEM that `tls.key` would hold. No Secret can have an
/// item of this name, so what opens SealedSecrets never opens this.
pub const WRAPPED_KEY_ITEM: &str = "seal/private-key";
/// What earlier builds called it.
const FORMER_ITEM: &str = "tls.key";
/// Bytes of the field; sixteen wraps of the largest size have fewer.
const LONGEST: usize = 256 * 1024;

/// The field's JSON, as the `spec` of a SealedSecret has it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Field {
    data_keys: BTreeMap<String, DataKeyEntry>,
    encrypted_data: BTreeMap<String, String>,
}

/// Why the field is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrappedKeyError {
    /// Not of this format, or not bound to this Secret.
    #[error("{fault} [{class}]", fault = .0, class = .0.class())]
    Format(Fault),
    /// From before the item had its name.
    #[error(
        "an earlier build of seal wrapped it under the item {FORMER_ITEM}, which a SealedSecret can have, too, \
         so it is not opened; take the key from a backup, or unwrap it with that build, and wrap it again"
    )]
    FormerItem,
}

impl From<Fault> for WrappedKeyError {
    fn from(fault: Fault) -> Self {
        Self::Format(fault)
    }
}

/// A wrapped key, well-formed and bound to its Secret.
pub struct WrappedKey {
    object: Se1Object,
    block: DataKeyBlock,
}

impl WrappedKey {
    /// Reads the field of the Secret `namespace`/`name`: steps 1 to 4 of a reader.
    ///
    /// # Errors
    /// Every [`Fault`] of form, and [`WrappedKeyError::FormerItem`].
    pub fn read(json: &[u8], namespace: &str, name: &str) -> Result<Self, WrappedKeyError> {
        if json.len() > LONGEST {
            return Err(Fault::TooLarge.into());
        }
        // This reader refuses what stands twice.
        let documents = seal_manifest::read(json).map_err(|_| Fault::Malformed)?;
        let [document] = documents.as_slice() else {
            return Err(Fault::Malformed.into());
        };
        let field: Field =
            serde_json::from_value(document.root().to_json()).map_err(|_| Fault::Malformed)?;
        if field.encrypted_data.keys().eq([FORMER_ITEM]) {
            return Err(WrappedKeyError::FormerItem);
        }
        let spec = SealedSecretSpec {
            data_keys: field.data_keys,
            encrypted_data: field.encrypted_data,
            ..SealedSecretSpec::default()
        };
        let is_item: fn(&str) -> bool = |item| item == WRAPPED_KEY_ITEM;
        let object = Se1Object::read_named(&spec, Scope::Strict, namespace, name, is_item)
            .map_err(|error| error.fault().unwrap_or(Fault::Malformed))?
            .ok_or(Fault::Malformed)?;
        let one_value = object.values().keys().eq([WRAPPED_KEY_ITEM]);
        let mut blocks = object.blocks().values().cloned();
        match (blocks.next(), blocks.next()) {
            (Some(block), None) if one_value && spec.encrypted_data.len() == 1 => {
                Ok(Self { object, block })
            }
            _ => Err(Fault::Malformed.into()),
        }
    }

    /// What has to be unwrapped, and for whom it is.
    pub fn need(&self) -> DataKeyNeed<'_> {
        DataKeyNeed {
            block: &self.block,
            object: self.object.object(),
        }
    }

    /// The private key's PEM, from the unwrapped data key: steps 6 to 9.
    ///
    /// # Errors
    /// [`Fault::BadWrap`], [`Fault::BadCommitment`], [`Fault::BadMac`], [`Fault::BadValue`].
    pub fn open(&self, unwrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let key = self.object.verify(&self.block, unwrapped)?;
        let values = self.object.values();
        let value = values.get(WRAPPED_KEY_ITEM).ok_or(Fault::Malformed)?;
        key.open(self.object.object(), WRAPPED_KEY_ITEM, value)
    }
}

/// A private key under a fresh data key, which is not wrapped yet.
pub struct KeyWrapping(SealedItems);

impl KeyWrapping {
    /// Seals the PEM of a private key for the Secret `namespace`/`name`.
    ///
    /// # Errors
    /// [`SealError::Place`], [`SealError::Random`], [`SealError::Value`].
    pub fn prepare(
        pem: Zeroizing<Vec<u8>>,
        namespace: &str,
        name: &str,
        random: &mut Random<'_>,
    ) -> Result<Self, SealError> {
        let object = Binding::new(Scope::Strict, namespace, name).map_err(|_| SealError::Place)?;
        let items = BTreeMap::from([(WRAPPED_KEY_ITEM.to_owned(), pem)]);
        Ok(Self(SealedItems::seal_named(&items, object, random)?))
    }

    /// The data key's bytes, to be wrapped for each recipient.
    pub fn to_wrap(&self) -> Zeroizing<Vec<u8>> {
        self.0.to_wrap()
    }

    /// What the wraps are bound to.
    pub fn object(&self) -> &Binding {
        self.0.object()
    }

    /// The field's content, with one wrap for each recipient in any order.
    ///
    /// # Errors
    /// [`SealError::Recipients`].
    pub fn finish(self, wraps: Vec<Wrap>) -> Result<Vec<u8>, SealError> {
        let finished = self.0.finish(wraps)?;
        let field = Field {
            data_keys: BTreeMap::from([(finished.id, finished.entry)]),
            encrypted_data: finished.values,
        };
        // Maps of texts always serialise; nobody stores what does not read back.
        Ok(serde_json::to_vec(&field).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use seal_format::se1::RecipientName;

    use super::*;
    use crate::open::{Answers, Opening};
    use crate::sealed_items::is_item_name;

    const PEM: &[u8] = b"-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n";

    /// "Wraps" by leaving the data key as it is.
    fn field(namespace: &str, name: &str) -> String {
        let mut random = |buffer: &mut [u8]| {
            buffer.fill(7);
            true
        };
        let pem = Zeroizing::new(PEM.to_vec());
        let wrapping = KeyWrapping::prepare(pem, namespace, name, &mut random).unwrap();
        let arn = "arn:aws:kms:eu-central-1:111122223333:key/a";
        let wrap = Wrap {
            to: RecipientName::from_text(arn).unwrap(),
            blob: wrapping.to_wrap().to_vec(),
        };
        String::from_utf8(wrapping.finish(vec![wrap]).unwrap()).unwrap()
    }

    fn read(json: &str, name: &str) -> Result<Zeroizing<Vec<u8>>, WrappedKeyError> {
        let key = WrappedKey::read(json.as_bytes(), "kube-system", name)?;
        let need = key.need();
        let blob = need.block.wraps()[0].blob.clone();
        Ok(key.open(&blob)?)
    }

    #[test]
    fn opens_where_it_was_made_and_nowhere_else() {
        let json = field("kube-system", "key");
        assert!(!json.contains("PRIVATE"));
        assert_eq!(read(&json, "key").unwrap().as_slice(), PEM);
        assert_eq!(read(&json, "other").err(), Some(Fault::MovedObject.into()));
        let moved = json.replace("kube-system/key", "kube-system/other");
        assert_eq!(read(&moved, "other").err(), Some(Fault::BadMac.into()));
    }

    /// The SealedSecret that somebody makes of the field.
    fn copied(json: &str) -> Result<BTreeMap<String, Zeroizing<Vec<u8>>>, Option<Fault>> {
        let spec: SealedSecretSpec = serde_json::from_str(json).unwrap();
        let opening = Opening::prepare(&spec, Scope::Strict, "kube-system", "key");
        let opening = opening.map_err(|error| error.fault())?;
        let unwrapped = opening
            .data_keys()
            .map(|need| Ok(Zeroizing::new(need.block.wraps()[0].blob.clone())));
        let answers = Answers {
            session_keys: Vec::new(),
            data_keys: unwrapped.collect(),
        };
        opening.values(&answers).map_err(|error| error.fault())
    }

    #[test]
    fn a_sealed_secret_that_copies_it_does_not_open() {
        assert!(!is_item_name(WRAPPED_KEY_ITEM));
        let json = field("kube-system", "key");
        assert_eq!(copied(&json), Err(Some(Fault::Malformed)));
        for item in ["tls.key", "private-key", "seal.private-key"] {
            let renamed = json.replace(WRAPPED_KEY_ITEM, item);
            assert_eq!(copied(&renamed), Err(Some(Fault::BadValue)), "{item}");
        }
    }

    #[test]
    fn nor_is_a_sealed_secret_taken_for_a_key() {
        let mut random = |buffer: &mut [u8]| {
            buffer.fill(7);
            true
        };
        let object = Binding::new(Scope::Strict, "kube-system", "key").unwrap();
        let items = BTreeMap::from([(FORMER_ITEM.to_owned(), Zeroizing::new(PEM.to_vec()))]);
        let sealed = KeyWrapping(SealedItems::seal(&items, object, &mut random).unwrap());
        let wrap = Wrap {
            to: RecipientName::from_text("arn:aws:kms:eu-central-1:111122223333:key/a").unwrap(),
            blob: sealed.to_wrap().to_vec(),
        };
        let json = String::from_utf8(sealed.finish(vec![wrap]).unwrap()).unwrap();
        assert_eq!(copied(&json).unwrap()[FORMER_ITEM].as_slice(), PEM);
        assert_eq!(read(&json, "key"), Err(WrappedKeyError::FormerItem));
        let renamed = json.replace(FORMER_ITEM, WRAPPED_KEY_ITEM);
        assert_eq!(read(&renamed, "key"), Err(Fault::BadValue.into()));
    }

    #[test]
    fn other_content_is_refused() {
        let json = field("kube-system", "key");
        let values = json.find("\"encryptedData\"").unwrap();
        let value = &json[values..];
        for (bad, fault) in [
            (String::new(), Fault::Malformed),
            ("{}".to_owned(), Fault::Malformed),
            ("[]".to_owned(), Fault::Malformed),
            (format!("{json}\n---\n{json}"), Fault::Malformed),
            (json.replace(WRAPPED_KEY_ITEM, "tls.crt"), Fault::Malformed),
            (
                json.replace("{\"seal/", "{\"a\":\"AgB\",\"seal/"),
                Fault::Malformed,
            ),
            (
                json.replace("{\"dataKeys\"", "{\"x\":1,\"dataKeys\""),
                Fault::Malformed,
            ),
            (
                json.replace(
                    "{\"dataKeys\"",
                    &format!("{{{},\"dataKeys\"", &value[..value.len() - 1]),
                ),
                Fault::Malformed,
            ),
            (json.replace("se1.", "se2."), Fault::UnknownVersion),
            (" ".repeat(LONGEST + 1), Fault::TooLarge),
        ] {
            assert_eq!(read(&bad, "key").err(), Some(fault.into()), "{bad}");
        }
    }
}
