//! Whole age files, as stock `age` reads them: armored or not, any length, several recipients.

use std::io::Read as _;

use age::armor::ArmoredReader;
use age::{DecryptError, Decryptor, Identity};
use zeroize::Zeroizing;

use crate::header;
use crate::stanza::StanzaType;

/// Why an age file could not be opened. The classes are those of the C2SP test kit.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileError {
    /// The text around the file is not what age writes.
    #[error("has a damaged armor (-----BEGIN AGE ENCRYPTED FILE-----)")]
    Armor,
    /// No age file, another version, or a stanza that breaks the specification.
    #[error("is no age file, or has a damaged header")]
    Header,
    /// Someone changed the header.
    #[error("has a header that was changed after it was written")]
    Mac,
    /// None of the identities, or not this passphrase.
    #[error("is not for any of the identities, or the passphrase is wrong")]
    NoMatch,
    /// Only for `age1pq1…` recipients.
    #[error("is only for post-quantum hybrid recipients (age1pq1…), which seal cannot read yet")]
    PostQuantum,
    /// The passphrase's work factor would keep the machine busy.
    #[error("asks for more work per passphrase than is reasonable")]
    ExcessiveWork,
    /// The content is damaged or cut off.
    #[error("is damaged or cut off")]
    Payload,
}

/// Opens an age file with whichever identity matches first; an [`age::scrypt::Identity`] is a
/// passphrase. What it holds is given whole or not at all; the caller limits the file's size.
pub fn open_file(
    identities: &[&dyn Identity],
    file: &[u8],
) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let binary = binary(file)?;
    let stanzas = header::stanzas(&binary).ok_or(FileError::Header)?;
    let hybrid = stanzas
        .iter()
        .filter(|stanza| !header::is_grease(stanza.tag))
        .all(|stanza| StanzaType::from(stanza.tag) == StanzaType::MlKem768X25519);
    let decryptor = Decryptor::new_buffered(&binary[..]).map_err(|error| class(&error))?;
    let mut payload =
        decryptor
            .decrypt(identities.iter().copied())
            .map_err(|error| match class(&error) {
                FileError::NoMatch if hybrid && !stanzas.is_empty() => FileError::PostQuantum,
                other => other,
            })?;
    let mut content = Zeroizing::new(Vec::with_capacity(binary.len()));
    payload
        .read_to_end(&mut content)
        .map_err(|_| FileError::Payload)?;
    Ok(content)
}

/// The file without its armor, if it has one. What has the version's line is binary, and what
/// mentions a PEM boundary near its start was meant as armor.
fn binary(file: &[u8]) -> Result<Vec<u8>, FileError> {
    const BOUNDARY: &[u8] = b"-----";
    if file.starts_with(b"age-encryption.org/") {
        return Ok(file.to_vec());
    }
    let text = file.trim_ascii_start();
    if !text.starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----") {
        let near = &text[..text.len().min(256)];
        let meant = near.windows(BOUNDARY.len()).any(|part| part == BOUNDARY);
        return Err(if meant {
            FileError::Armor
        } else {
            FileError::Header
        });
    }
    let mut binary = Vec::new();
    ArmoredReader::new(text)
        .read_to_end(&mut binary)
        .map_err(|_| FileError::Armor)?;
    Ok(binary)
}

fn class(error: &DecryptError) -> FileError {
    match error {
        DecryptError::NoMatchingKeys
        | DecryptError::DecryptionFailed
        | DecryptError::KeyDecryptionFailed => FileError::NoMatch,
        DecryptError::InvalidMac => FileError::Mac,
        DecryptError::ExcessiveWork { .. } => FileError::ExcessiveWork,
        _ => FileError::Header,
    }
}
