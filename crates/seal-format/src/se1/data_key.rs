//! The data key: 32 secret bytes of one write, and all that follows from them.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Key};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::binding::Binding;
use super::data_key_id::{Commitment, DataKeyId};
use super::fault::Fault;
use super::fields::Fields;
use super::limits::MAX_VALUE;
use super::value::{NONCE, SealedValue};
use super::wrap::Wrap;

/// In front of S inside every wrap: 40 bytes are no AES key, so no reader of the legacy format takes
/// a data key for a session key.
const MAGIC: &[u8; 8] = b"seal/se1";
const SALT: &[u8] = b"seal/se1";

/// Known data key; wiped when dropped, never printed.
pub struct DataKey {
    secret: Zeroizing<[u8; DataKey::LEN]>,
    /// HKDF's pseudo-random key.
    prk: Zeroizing<[u8; 32]>,
    commitment: Commitment,
    id: DataKeyId,
}

impl DataKey {
    /// Length of S in bytes.
    pub const LEN: usize = 32;
    /// Length of what is wrapped.
    pub const WRAPPED_LEN: usize = 40;

    /// Takes 32 random bytes for one write to one object (rule W1).
    pub fn from_fresh_bytes(secret: Zeroizing<[u8; Self::LEN]>) -> Self {
        let (extracted, hkdf) = Hkdf::<Sha256>::extract(Some(SALT), secret.as_slice());
        let prk = Zeroizing::new(extracted.into());
        let mut bytes = [0; Commitment::LEN];
        expand(&hkdf, Fields::new("seal/se1/commit").bytes(), &mut bytes);
        let commitment = Commitment::new(bytes);
        let id = commitment.id();
        Self {
            secret,
            prk,
            commitment,
            id,
        }
    }

    /// Takes what an identity unwrapped.
    ///
    /// # Errors
    /// [`Fault::BadWrap`] if it is no data key.
    pub fn from_unwrapped(bytes: &[u8]) -> Result<Self, Fault> {
        let secret: &[u8; Self::LEN] = bytes
            .strip_prefix(MAGIC)
            .and_then(|secret| secret.try_into().ok())
            .ok_or(Fault::BadWrap)?;
        Ok(Self::from_fresh_bytes(Zeroizing::new(*secret)))
    }

    /// The 40 bytes to wrap for each recipient.
    pub fn to_wrap(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(Self::WRAPPED_LEN));
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(self.secret.as_slice());
        bytes
    }

    /// What the key is held to.
    pub fn commitment(&self) -> &Commitment {
        &self.commitment
    }

    /// What values call it.
    pub fn id(&self) -> &DataKeyId {
        &self.id
    }

    /// Seals one value for one item of one object. `nonce` is random.
    ///
    /// # Errors
    /// [`Fault::TooLarge`].
    pub fn seal(
        &self,
        object: &Binding,
        item: &str,
        nonce: [u8; NONCE],
        plaintext: &[u8],
    ) -> Result<SealedValue, Fault> {
        if plaintext.len() > MAX_VALUE {
            return Err(Fault::TooLarge);
        }
        let place = self.place(object, item);
        let message = Payload {
            msg: plaintext,
            aad: place.bytes(),
        };
        let ciphertext = self
            .cipher(&place)
            .encrypt(&nonce.into(), message)
            .map_err(|_| Fault::TooLarge)?;
        Ok(SealedValue {
            id: self.id.clone(),
            nonce,
            ciphertext,
        })
    }

    /// Opens one value.
    ///
    /// # Errors
    /// [`Fault::BadValue`].
    pub fn open(
        &self,
        object: &Binding,
        item: &str,
        value: &SealedValue,
    ) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let place = self.place(object, item);
        let message = Payload {
            msg: &value.ciphertext,
            aad: place.bytes(),
        };
        self.cipher(&place)
            .decrypt(&value.nonce.into(), message)
            .map(Zeroizing::new)
            .map_err(|_| Fault::BadValue)
    }

    /// Authenticates the object and the list of wraps, which is in its canonical order.
    pub(crate) fn mac(&self, object: &Binding, wraps: &[Wrap]) -> [u8; 32] {
        self.keyed(object, wraps).finalize().into_bytes().into()
    }

    /// Whether a MAC fits, without telling where it does not.
    pub(crate) fn verify_mac(&self, object: &Binding, wraps: &[Wrap], mac: &[u8; 32]) -> bool {
        self.keyed(object, wraps).verify_slice(mac).is_ok()
    }

    fn keyed(&self, object: &Binding, wraps: &[Wrap]) -> Hmac<Sha256> {
        let mut fields = Fields::new("seal/se1/wraps");
        object.add_to(&mut fields);
        fields.add(self.commitment.as_bytes());
        for wrap in wraps {
            fields.add(wrap.to.as_str().as_bytes());
            fields.add(Sha256::digest(&wrap.blob).as_slice());
        }
        let mut key = Zeroizing::new([0; 32]);
        self.expand(Fields::new("seal/se1/mac").bytes(), &mut key);
        // HMAC fills shorter keys up with zeros to a block; done here, nothing can fail.
        let mut padded = Zeroizing::new([0; 64]);
        padded[..32].copy_from_slice(key.as_slice());
        let mut hmac = <Hmac<Sha256> as Mac>::new(padded.as_slice().into());
        hmac.update(fields.bytes());
        hmac
    }

    /// `A`: makes the value's key, and is its additional data.
    fn place(&self, object: &Binding, item: &str) -> Fields {
        let mut fields = Fields::new("seal/se1/value");
        object.add_to(&mut fields);
        fields.add(item.as_bytes());
        fields.add(self.commitment.as_bytes());
        fields
    }

    fn cipher(&self, place: &Fields) -> Aes256Gcm {
        let mut key = Zeroizing::new([0; 32]);
        self.expand(place.bytes(), &mut key);
        Aes256Gcm::new(Key::<Aes256Gcm>::from_slice(key.as_slice()))
    }

    fn expand(&self, info: &[u8], output: &mut [u8; 32]) {
        if let Ok(hkdf) = Hkdf::<Sha256>::from_prk(self.prk.as_slice()) {
            expand(&hkdf, info, output);
        }
    }
}

/// HKDF fails for more than 255 blocks of output only; here it is one.
fn expand(hkdf: &Hkdf<Sha256>, info: &[u8], output: &mut [u8; 32]) {
    let _ = hkdf.expand(info, output);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scope;

    fn key(first: u8) -> DataKey {
        let mut secret = [0; 32];
        for (byte, value) in secret.iter_mut().zip(first..) {
            *byte = value;
        }
        DataKey::from_fresh_bytes(Zeroizing::new(secret))
    }

    fn object() -> Binding {
        Binding::from_text("strict/prod/db").unwrap()
    }

    /// The fixed point of the specification, computed by another program.
    #[test]
    fn the_fixed_point_holds() {
        let key = key(0);
        let nonce = *b"defghijklmno";
        let value = key
            .seal(&object(), "DB_PASSWORD", nonce, b"hunter2")
            .unwrap();
        assert_eq!(
            key.commitment().to_string(),
            "gnbJYxGMp5Dfe6QGRFVDDbxuBxXtuwHdwiNTborv2cg="
        );
        assert_eq!(
            value.to_string(),
            "se1.kqj3msyyrrst.ZGVmZ2hpamtsbW5voayb1OrbY4geVjG9gnkrtJSZ5zVjE2o="
        );
    }

    #[test]
    fn values_open_in_their_place_only() {
        let key = key(9);
        let value = key.seal(&object(), "A", [1; 12], b"").unwrap();
        assert_eq!(key.open(&object(), "A", &value).unwrap().as_slice(), b"");
        let wide = Binding::new(Scope::NamespaceWide, "prod", "db").unwrap();
        let moved = Binding::new(Scope::Strict, "prod", "dc").unwrap();
        for (other, item) in [(&object(), "B"), (&wide, "A"), (&moved, "A")] {
            assert_eq!(key.open(other, item, &value).err(), Some(Fault::BadValue));
        }
        let mut changed = value.clone();
        changed.nonce[0] ^= 1;
        let found = key.open(&object(), "A", &changed).err();
        assert_eq!(found, Some(Fault::BadValue));
    }

    #[test]
    fn only_forty_bytes_with_the_magic_are_a_data_key() {
        let wrapped = key(3).to_wrap();
        assert_eq!(wrapped.len(), DataKey::WRAPPED_LEN);
        let again = DataKey::from_unwrapped(&wrapped).unwrap();
        assert_eq!(again.id(), key(3).id());
        for bytes in [&wrapped[..39], &wrapped[8..], b"", &[7; 40]] {
            assert_eq!(DataKey::from_unwrapped(bytes).err(), Some(Fault::BadWrap));
        }
    }
}
