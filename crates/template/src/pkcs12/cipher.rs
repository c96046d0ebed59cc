//! What is encrypted under a password: PBES2 (RFC 8018), and the older schemes of RFC 7292 C, to read only.

use cbc::Decryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipher, BlockDecryptMut, InnerIvInit, KeyInit};
use der::Decode as _;
use der::asn1::{Any, OctetStringRef};
use des::TdesEde3;
use pkcs5::pbes2::{
    HMAC_WITH_SHA1_OID, HMAC_WITH_SHA256_OID, PBES2_OID, PBKDF2_OID, Parameters, Pbkdf2Params,
    Pbkdf2Prf,
};
use pkcs8::AlgorithmIdentifierRef;
use pkcs8::spki::AlgorithmIdentifierOwned;
use pkcs12::kdf::{Pkcs12KeyType, derive_key};
use pkcs12::pbe_params::Pkcs12PbeParams;
use pkcs12::{
    PKCS_12_PBE_WITH_SHAAND3_KEY_TRIPLE_DES_CBC, PKCS_12_PBE_WITH_SHAAND128_BIT_RC2_CBC,
    PKCS_12_PBEWITH_SHAAND40_BIT_RC2_CBC,
};
use rc2::Rc2;
use sha1::Sha1;
use zeroize::Zeroizing;

use super::{ITERATIONS, Password, derivation};
use crate::entropy::Stream;
use crate::error::{Failure, Fault};
use crate::meter::Meter;

type Bytes = Zeroizing<Vec<u8>>;

pub(super) fn decrypt(
    algorithm: &AlgorithmIdentifierOwned,
    data: &[u8],
    password: &Password,
    meter: &mut Meter,
) -> Result<Bytes, Fault> {
    let parameters = algorithm.parameters.as_ref().ok_or(Failure::Unparsable)?;
    meter.bytes(data.len())?;
    let key_size = match algorithm.oid {
        PBES2_OID => return pbes2(parameters, data, password, meter),
        PKCS_12_PBE_WITH_SHAAND3_KEY_TRIPLE_DES_CBC => 24,
        PKCS_12_PBE_WITH_SHAAND128_BIT_RC2_CBC => 16,
        PKCS_12_PBEWITH_SHAAND40_BIT_RC2_CBC => 5,
        _ => return Err(Failure::Unsupported.into()),
    };
    let parameters: Pkcs12PbeParams = parameters.decode_as().map_err(|_| Failure::Unparsable)?;
    let derive = |kind, size, meter: &mut Meter| -> Result<Bytes, Fault> {
        derivation(i64::from(parameters.iterations), meter)?;
        let salt = parameters.salt.as_bytes();
        let rounds = parameters.iterations;
        let derived = derive_key::<Sha1>(&password.wide, salt, kind, rounds, size);
        Ok(Zeroizing::new(derived))
    };
    let key = derive(Pkcs12KeyType::EncryptionKey, key_size, meter)?;
    let start = derive(Pkcs12KeyType::Iv, 8, meter)?;
    if key_size == 24 {
        let cipher = TdesEde3::new_from_slice(&key).map_err(|_| Failure::Unparsable)?;
        chained(cipher, &start, data)
    } else {
        chained(Rc2::new_with_eff_key_len(&key, 8 * key_size), &start, data)
    }
}

fn chained<C>(cipher: C, start: &[u8], data: &[u8]) -> Result<Bytes, Fault>
where
    C: BlockCipher + cbc::cipher::BlockDecrypt + BlockDecryptMut,
{
    Decryptor::inner_iv_slice_init(cipher, start)
        .ok()
        .and_then(|decryptor| decryptor.decrypt_padded_vec_mut::<Pkcs7>(data).ok())
        .map(Zeroizing::new)
        .ok_or(Failure::WrongPassword.into())
}

fn pbes2(
    parameters: &Any,
    data: &[u8],
    password: &Password,
    meter: &mut Meter,
) -> Result<Bytes, Fault> {
    let parts = parameters.sequence(|reader| {
        Ok((
            AlgorithmIdentifierRef::decode(reader)?,
            AlgorithmIdentifierRef::decode(reader)?,
        ))
    });
    let (derivation_by, encryption_by) = parts.map_err(|_| Failure::Unparsable)?;
    let parameters = Parameters {
        kdf: pbkdf2(derivation_by)?.into(),
        encryption: encryption_by.try_into().map_err(|_| Failure::Unsupported)?,
    };
    let derived = parameters.kdf.pbkdf2().ok_or(Failure::Unsupported)?;
    derivation(i64::from(derived.iteration_count), meter)?;
    let plain = parameters.decrypt(password.text.as_bytes(), data);
    Ok(Zeroizing::new(plain.map_err(|_| Failure::WrongPassword)?))
}

/// RFC 8018 A.2. The library's own reader wants the parameters that Go leaves out of the last part.
fn pbkdf2(algorithm: AlgorithmIdentifierRef<'_>) -> Result<Pbkdf2Params<'_>, Fault> {
    let parameters = algorithm.parameters.filter(|_| algorithm.oid == PBKDF2_OID);
    let parts = parameters.ok_or(Failure::Unsupported)?.sequence(|reader| {
        let salt = OctetStringRef::decode(reader)?;
        let iterations = u32::decode(reader)?;
        // How long the key is follows from the cipher.
        let _length = Option::<u16>::decode(reader)?;
        Ok((
            salt,
            iterations,
            Option::<AlgorithmIdentifierRef<'_>>::decode(reader)?,
        ))
    });
    let (salt, iteration_count, function) = parts.map_err(|_| Failure::Unparsable)?;
    let prf = match function.map(|function| function.oid) {
        None | Some(HMAC_WITH_SHA1_OID) => Pbkdf2Prf::HmacWithSha1,
        Some(HMAC_WITH_SHA256_OID) => Pbkdf2Prf::HmacWithSha256,
        Some(oid) if oid == Pbkdf2Prf::HmacWithSha512.oid() => Pbkdf2Prf::HmacWithSha512,
        Some(_) => return Err(Failure::Unsupported.into()),
    };
    Ok(Pbkdf2Params {
        salt: salt.as_bytes(),
        iteration_count,
        key_length: None,
        prf,
    })
}

/// As OpenSSL 3 and Java 20 do: PBKDF2 with HMAC-SHA256, AES-256-CBC.
pub(super) fn encrypt(
    plain: &[u8],
    password: &Password,
    stream: &mut Stream,
    meter: &mut Meter,
) -> Result<(AlgorithmIdentifierOwned, Vec<u8>), Fault> {
    derivation(i64::from(ITERATIONS), meter)?;
    meter.bytes(plain.len())?;
    let (salt, start): ([u8; 16], [u8; 16]) = (stream.bytes()?, stream.bytes()?);
    let parameters = Parameters::pbkdf2_sha256_aes256cbc(ITERATIONS, &salt, &start)
        .map_err(|_| Failure::Unsupported)?;
    let encrypted = parameters
        .encrypt(password.text.as_bytes(), plain)
        .map_err(|_| Failure::Unsupported)?;
    let algorithm = AlgorithmIdentifierOwned {
        oid: PBES2_OID,
        parameters: Some(Any::encode_from(&parameters).map_err(|_| Failure::Unsupported)?),
    };
    Ok((algorithm, encrypted))
}
