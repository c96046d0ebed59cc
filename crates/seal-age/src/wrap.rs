//! A data key in an age file of exactly one recipient, and out of it again (SE1 §2, "age").

use std::cell::Cell;
use std::collections::HashSet;
use std::io::{Read as _, Write as _};
use std::iter;
use std::slice;

use age::{DecryptError, Decryptor, EncryptError, Encryptor, Identity, Recipient};
use age_core::format::{FileKey, Stanza};
use zeroize::Zeroizing;

use crate::header;
use crate::stanza::{StanzaType, stanza_type};

/// No wrapped data key is longer; SE1's have 40 bytes.
const MAX_DATA_KEY: usize = 64;

/// A data key could not be wrapped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WrapError {
    /// Longer than any data key.
    #[error("a data key has at most {MAX_DATA_KEY} bytes")]
    DataKeyTooLong,
    /// A plug-in stands for several recipients, or for none.
    #[error("the recipient gave {0} stanzas where one is due; seal for each of its keys by itself")]
    NotOneStanza(usize),
    /// Whoever guesses the passphrase reads.
    #[error("a passphrase is no recipient of a data key")]
    Passphrase,
    /// A plug-in wrote what no reader takes.
    #[error("the recipient gave a stanza that is not valid")]
    BadStanza,
    /// The recipient failed, or its plug-in did.
    #[error("the recipient could not wrap the data key")]
    Recipient(#[source] EncryptError),
}

/// A wrap could not be opened. Nothing else is told.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum UnwrapError {
    /// It is for someone else.
    #[error("wrapped for another age identity")]
    NotOurs,
    /// It breaks SE1's rules for age files, or is damaged.
    #[error("not an age file with one recipient and a data key, or damaged")]
    BadWrap,
}

/// Wraps a data key of at most 64 bytes: a binary age file for exactly one recipient.
pub fn wrap_for(recipient: &dyn Recipient, data_key: &[u8]) -> Result<Vec<u8>, WrapError> {
    if data_key.len() > MAX_DATA_KEY {
        return Err(WrapError::DataKeyTooLong);
    }
    let counted = Counted {
        recipient,
        meant: Cell::new(1),
    };
    let made = Encryptor::with_recipients(iter::once(&counted as &dyn Recipient));
    if counted.meant.get() != 1 {
        return Err(WrapError::NotOneStanza(counted.meant.get()));
    }
    let mut wrap = Vec::new();
    let written = made.and_then(|encryptor| {
        let mut payload = encryptor.wrap_output(&mut wrap)?;
        payload.write_all(data_key)?;
        payload.finish()?;
        Ok(())
    });
    written.map_err(WrapError::Recipient)?;
    match stanza_type(&wrap) {
        Some(StanzaType::Scrypt) => Err(WrapError::Passphrase),
        Some(_) => Ok(wrap),
        None => Err(WrapError::BadStanza),
    }
}

/// Opens a wrap with one identity, by SE1's strict reading: a binary age file of version 1 with
/// exactly one stanza besides grease, which is no passphrase's, a data key of at most 64 bytes, and
/// nothing after it.
pub fn unwrap_with(
    identity: &dyn Identity,
    wrap: &[u8],
) -> Result<Zeroizing<Vec<u8>>, UnwrapError> {
    match stanza_type(wrap) {
        None | Some(StanzaType::Scrypt) => return Err(UnwrapError::BadWrap),
        Some(_) => {}
    }
    let decryptor = Decryptor::new_buffered(wrap).map_err(|_| UnwrapError::BadWrap)?;
    let payload = match decryptor.decrypt(iter::once(&OnlyMeant(identity) as &dyn Identity)) {
        Ok(payload) => payload,
        Err(DecryptError::NoMatchingKeys) => return Err(UnwrapError::NotOurs),
        Err(_) => return Err(UnwrapError::BadWrap),
    };
    let one_too_many = MAX_DATA_KEY + 1;
    let mut data_key = Zeroizing::new(Vec::with_capacity(one_too_many));
    payload
        .take(one_too_many as u64)
        .read_to_end(&mut data_key)
        .map_err(|_| UnwrapError::BadWrap)?;
    if data_key.len() > MAX_DATA_KEY {
        return Err(UnwrapError::BadWrap);
    }
    Ok(data_key)
}

/// A recipient whose stanzas are counted, grease apart.
struct Counted<'a> {
    recipient: &'a dyn Recipient,
    meant: Cell<usize>,
}

impl Recipient for Counted<'_> {
    fn wrap_file_key(
        &self,
        file_key: &FileKey,
    ) -> Result<(Vec<Stanza>, HashSet<String>), EncryptError> {
        let (stanzas, labels) = self.recipient.wrap_file_key(file_key)?;
        self.meant.set(meant(&stanzas).count());
        Ok((stanzas, labels))
    }
}

/// An identity that never sees grease, so that no plug-in or device is asked about it.
struct OnlyMeant<'a>(&'a dyn Identity);

impl Identity for OnlyMeant<'_> {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        self.unwrap_stanzas(slice::from_ref(stanza))
    }

    fn unwrap_stanzas(&self, stanzas: &[Stanza]) -> Option<Result<FileKey, DecryptError>> {
        let only = meant(stanzas).next()?;
        self.0.unwrap_stanzas(slice::from_ref(only))
    }
}

fn meant(stanzas: &[Stanza]) -> impl Iterator<Item = &Stanza> {
    stanzas
        .iter()
        .filter(|stanza| !header::is_grease(&stanza.tag))
}
