//! An entry of `spec.dataKeys`, read strictly, and what a reader may conclude from it.

use super::binding::Binding;
use super::canonical;
use super::data_key::DataKey;
use super::data_key_id::{Commitment, DataKeyId};
use super::fault::Fault;
use super::limits::{MAX_BLOB, MAX_WRAPS};
use super::wrap::Wrap;

/// A data key as the object holds it: wrapped. Nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataKeyBlock {
    id: DataKeyId,
    bound_to: Binding,
    commitment: Commitment,
    mac: [u8; 32],
    wraps: Vec<Wrap>,
}

impl DataKeyBlock {
    /// Reads an entry: its key in the map, and its fields. `wraps` gives `to` and `enc`.
    ///
    /// # Errors
    /// [`Fault::TooMany`], [`Fault::TooLarge`], [`Fault::NotCanonical`], [`Fault::Malformed`],
    /// [`Fault::UnknownRecipient`], [`Fault::BadId`].
    pub fn from_text<'a>(
        id: &str,
        bound_to: &str,
        commit: &str,
        mac: &str,
        wraps: impl ExactSizeIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, Fault> {
        match wraps.len() {
            0 => return Err(Fault::Malformed),
            1..=MAX_WRAPS => {}
            _ => return Err(Fault::TooMany),
        }
        let commitment = Commitment::from_text(commit)?;
        if commitment.id().as_str() != id {
            return Err(Fault::BadId);
        }
        let mac = canonical::decode(mac)?;
        let wraps = wraps
            .map(|(to, enc)| Wrap::from_text(to, enc))
            .collect::<Result<Vec<_>, _>>()?;
        if !is_canonical(&wraps) {
            return Err(Fault::NotCanonical);
        }
        Ok(Self {
            id: commitment.id(),
            bound_to: Binding::from_text(bound_to)?,
            commitment,
            mac: mac.try_into().map_err(|_| Fault::Malformed)?,
            wraps,
        })
    }

    /// Makes the entry of a data key whose wraps are there.
    ///
    /// # Errors
    /// [`Fault::TooMany`]; [`Fault::TooLarge`]; [`Fault::Duplicate`] if a recipient stands twice, [`Fault::Malformed`]
    /// without any.
    pub fn new(key: &DataKey, object: &Binding, mut wraps: Vec<Wrap>) -> Result<Self, Fault> {
        if wraps.is_empty() {
            return Err(Fault::Malformed);
        }
        if wraps.len() > MAX_WRAPS {
            return Err(Fault::TooMany);
        }
        // No reader would take it.
        if wraps.iter().any(|wrap| wrap.blob.len() > MAX_BLOB) {
            return Err(Fault::TooLarge);
        }
        wraps.sort_by(|one, other| one.to.cmp(&other.to));
        if !is_canonical(&wraps) {
            return Err(Fault::Duplicate);
        }
        Ok(Self {
            id: key.id().clone(),
            bound_to: object.clone(),
            commitment: key.commitment().clone(),
            mac: key.mac(object, &wraps),
            wraps,
        })
    }

    /// Takes what an identity unwrapped, and tells the data key if everything fits together: then
    /// someone who knows it wrote this list of recipients for this object. Not who, nor when.
    ///
    /// # Errors
    /// [`Fault::BadWrap`], [`Fault::BadCommitment`], [`Fault::BadMac`].
    pub fn verify(&self, unwrapped: &[u8], object: &Binding) -> Result<DataKey, Fault> {
        let key = DataKey::from_unwrapped(unwrapped)?;
        if !key.commitment().equals(&self.commitment) {
            return Err(Fault::BadCommitment);
        }
        if !key.verify_mac(object, &self.wraps, &self.mac) {
            return Err(Fault::BadMac);
        }
        Ok(key)
    }

    /// Its key in the map.
    pub fn id(&self) -> &DataKeyId {
        &self.id
    }

    /// The object that it says it belongs to; the MAC decides.
    pub fn bound_to(&self) -> &Binding {
        &self.bound_to
    }

    /// What the data key is held to.
    pub fn commitment(&self) -> &Commitment {
        &self.commitment
    }

    /// The wraps in canonical order; unverified before [`Self::verify`].
    pub fn wraps(&self) -> &[Wrap] {
        &self.wraps
    }

    /// `mac` as text.
    pub fn mac_text(&self) -> String {
        canonical::encode(&self.mac)
    }
}

/// Sorted by the bytes of `to`, each once.
fn is_canonical(wraps: &[Wrap]) -> bool {
    wraps
        .iter()
        .zip(wraps.iter().skip(1))
        .all(|(one, next)| one.to.as_str().as_bytes() < next.to.as_str().as_bytes())
}
