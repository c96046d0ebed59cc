//! AES-256-CBC under a password, as sprig has it: nothing is authenticated.

use aes::Aes256;
use aes::cipher::block_padding::{NoPadding, Pkcs7};
use aes::cipher::{BlockDecryptMut, BlockEncryptMut, KeyIvInit};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::{Call, Function, Outcome, decode, drawing, function};
use crate::error::Failure;
use crate::value::{Text, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    drawing("encryptAES", 2, 2, encrypt),
    function("decryptAES", 2, 2, decrypt),
];

const BLOCK: usize = 16;

/// The password itself, cut or filled up with zeros.
fn key(password: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    key.iter_mut()
        .zip(password)
        .for_each(|(byte, given)| *byte = *given);
    key
}

fn encrypt(call: &mut Call<'_>) -> Outcome {
    let (password, plain) = (call.bytes(0)?, call.bytes(1)?);
    if plain.is_empty() {
        return call.meter.own("");
    }
    call.meter.bytes(2 * plain.len() + 3 * BLOCK)?;
    let start: [u8; BLOCK] = call.random()?.fork(&[b"aes", password, plain])?.bytes()?;
    let key = key(password);
    let encrypted = cbc::Encryptor::<Aes256>::new(key.as_slice().into(), &start.into())
        .encrypt_padded_vec_mut::<Pkcs7>(plain);
    call.meter
        .own(STANDARD.encode([start.as_slice(), &encrypted].concat()))
}

fn decrypt(call: &mut Call<'_>) -> Outcome {
    let password = call.bytes(0)?;
    let encoded = call.bytes(1)?;
    if encoded.is_empty() {
        return call.meter.own("");
    }
    call.meter.bytes(2 * encoded.len())?;
    let encrypted = decode(encoded).ok_or(Failure::Unparsable)?;
    let (start, encrypted) = encrypted
        .split_first_chunk::<BLOCK>()
        .ok_or(Failure::Unparsable)?;
    let key = key(password);
    let plain = cbc::Decryptor::<Aes256>::new(key.as_slice().into(), start.into())
        .decrypt_padded_vec_mut::<NoPadding>(encrypted)
        .map_err(|_| Failure::Unparsable)?;
    let mut plain = Zeroizing::new(plain);
    // As sprig does: only the last byte tells.
    let padding = usize::from(*plain.last().ok_or(Failure::Unparsable)?);
    let length = plain.len().checked_sub(padding);
    plain.truncate(length.ok_or(Failure::Unparsable)?);
    Ok(Value::Str(Text::new(plain)))
}
