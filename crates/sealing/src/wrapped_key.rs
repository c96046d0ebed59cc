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
/// The item that is sealed in it: the PEM that `tls.key` would hold.
pub const PRIVATE_KEY_ITEM: &str = "tls.key";
/// Bytes of the field; sixteen wraps of the largest size have fewer.
const LONGEST: usize = 256 * 1024;

/// The field's JSON, as the `spec` of a SealedSecret has it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Field {
    data_keys: BTreeMap<String, DataKeyEntry>,
    encrypted_data: BTreeMap<String, String>,
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
    /// Every [`Fault`] of form.
    pub fn read(json: &[u8], namespace: &str, name: &str) -> Result<Self, Fault> {
        if json.len() > LONGEST {
            return Err(Fault::TooLarge);
        }
        // This reader refuses what stands twice.
        let documents = seal_manifest::read(json).map_err(|_| Fault::Malformed)?;
        let [document] = documents.as_slice() else {
            return Err(Fault::Malformed);
        };
        let field: Field =
            serde_json::from_value(document.root().to_json()).map_err(|_| Fault::Malformed)?;
        let spec = SealedSecretSpec {
            data_keys: field.data_keys,
            encrypted_data: field.encrypted_data,
            ..SealedSecretSpec::default()
        };
        let object = Se1Object::read(&spec, Scope::Strict, namespace, name)
            .map_err(|error| error.fault().unwrap_or(Fault::Malformed))?
            .ok_or(Fault::Malformed)?;
        let one_value = object.values().keys().eq([PRIVATE_KEY_ITEM]);
        let mut blocks = object.blocks().values().cloned();
        match (blocks.next(), blocks.next()) {
            (Some(block), None) if one_value && spec.encrypted_data.len() == 1 => {
                Ok(Self { object, block })
            }
            _ => Err(Fault::Malformed),
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
        let value = values.get(PRIVATE_KEY_ITEM).ok_or(Fault::Malformed)?;
        key.open(self.object.object(), PRIVATE_KEY_ITEM, value)
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
        let items = BTreeMap::from([(PRIVATE_KEY_ITEM.to_owned(), pem)]);
        Ok(Self(SealedItems::seal(&items, object, random)?))
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

    fn read(json: &str, name: &str) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let key = WrappedKey::read(json.as_bytes(), "kube-system", name)?;
        let need = key.need();
        let blob = need.block.wraps()[0].blob.clone();
        key.open(&blob)
    }

    #[test]
    fn opens_where_it_was_made_and_nowhere_else() {
        let json = field("kube-system", "key");
        assert!(!json.contains("PRIVATE"));
        assert_eq!(read(&json, "key").unwrap().as_slice(), PEM);
        assert_eq!(read(&json, "other").err(), Some(Fault::MovedObject));
        let moved = json.replace("kube-system/key", "kube-system/other");
        assert_eq!(read(&moved, "other").err(), Some(Fault::BadMac));
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
            (json.replace("\"tls.key\"", "\"tls.crt\""), Fault::Malformed),
            (
                json.replace("{\"tls.key\"", "{\"a\":\"AgB\",\"tls.key\""),
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
            assert_eq!(read(&bad, "key").err(), Some(fault), "{bad}");
        }
    }
}
