//! `decodingStrategy` and `nullBytePolicy`.

use base64::Engine as _;
use base64::alphabet::{self, Alphabet};
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use seal_api::external_secrets::{DecodingStrategy, NullBytePolicy};
use zeroize::Zeroizing;

use crate::{DataError, SecretData};

/// The value, decoded. `Auto` tries base64, then base64url, and takes what is neither as it is: so
/// `1234` becomes three bytes, as upstream's documentation warns.
///
/// # Errors
/// [`DataError::Decode`] with the key.
pub fn decode(
    value: Zeroizing<Vec<u8>>,
    strategy: DecodingStrategy,
    key: &str,
) -> Result<Zeroizing<Vec<u8>>, DataError> {
    let failed = |encoding| DataError::Decode {
        key: key.to_owned(),
        encoding,
    };
    match strategy {
        DecodingStrategy::None => Ok(value),
        DecodingStrategy::Base64 => of(&alphabet::STANDARD, &value).ok_or_else(|| failed("base64")),
        DecodingStrategy::Base64Url => {
            of(&alphabet::URL_SAFE, &value).ok_or_else(|| failed("base64url"))
        }
        DecodingStrategy::Auto => {
            let decoded = of(&alphabet::STANDARD, &value);
            Ok(decoded
                .or_else(|| of(&alphabet::URL_SAFE, &value))
                .unwrap_or(value))
        }
    }
}

/// All of them.
///
/// # Errors
/// Those of [`decode`].
pub fn decode_all(data: SecretData, strategy: DecodingStrategy) -> Result<SecretData, DataError> {
    let data = data.into_iter();
    data.map(|(key, value)| {
        let decoded = decode(value, strategy, &key)?;
        Ok((key, decoded))
    })
    .collect()
}

/// Refuses zero bytes if the policy does.
///
/// # Errors
/// [`DataError::NullByte`] with the first key that has one.
pub fn check_null_bytes(data: &SecretData, policy: NullBytePolicy) -> Result<(), DataError> {
    if policy == NullBytePolicy::Ignore {
        return Ok(());
    }
    match data.iter().find(|(_, value)| value.contains(&0)) {
        Some((key, _)) => Err(DataError::NullByte(key.clone())),
        None => Ok(()),
    }
}

/// As Go's decoder: with padding, line breaks skipped, the last bits whatever they are.
fn of(alphabet: &Alphabet, text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let config = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    let engine = GeneralPurpose::new(alphabet, config);
    let breaks = |byte: &&u8| !matches!(byte, b'\r' | b'\n');
    let joined = Zeroizing::new(text.iter().filter(breaks).copied().collect::<Vec<u8>>());
    engine.decode(joined.as_slice()).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strategies() {
        use DecodingStrategy::{Auto, Base64, Base64Url, None};
        for (strategy, value, decoded) in [
            (None, "aGk=", Some(&b"aGk="[..])),
            (Base64, "aG\nk=", Some(b"hi")),
            (Base64, "-_8=", Option::None),
            (Base64, "aGk", Option::None),
            (Base64Url, "-_8=", Some(b"\xfb\xff")),
            (Base64Url, "+/8=", Option::None),
            (Auto, "+/8=", Some(b"\xfb\xff")),
            (Auto, "-_8=", Some(b"\xfb\xff")),
            (Auto, "1234", Some(b"\xd7\x6d\xf8")),
            (Auto, "p@ss", Some(b"p@ss")),
        ] {
            let result = decode(Zeroizing::new(value.into()), strategy, "k").ok();
            assert_eq!(
                result.as_ref().map(|value| value.as_slice()),
                decoded,
                "{value}"
            );
        }
    }
}
