//! The MAC over the whole of a file (RFC 7292 §4 and B).

use der::asn1::{ObjectIdentifier, OctetString};
use hmac::digest::{Digest, FixedOutputReset, KeyInit, core_api::BlockSizeUser};
use hmac::{Mac as _, SimpleHmac};
use pkcs8::spki::AlgorithmIdentifierOwned;
use pkcs12::digest_info::DigestInfo;
use pkcs12::kdf::{Pkcs12KeyType, derive_key};
use pkcs12::mac_data::MacData;
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use zeroize::Zeroizing;

use super::{ITERATIONS, Password, derivation};
use crate::error::{Failure, Fault};
use crate::meter::Meter;

const SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");

/// Whether the password is the one that the MAC was made with.
pub(super) fn holds(
    mac: &MacData,
    content: &[u8],
    password: &Password,
    meter: &mut Meter,
) -> Result<bool, Fault> {
    derivation(i64::from(mac.iterations), meter)?;
    match mac.mac.algorithm.oid {
        SHA1 => verify::<Sha1>(mac, content, password),
        SHA256 => verify::<Sha256>(mac, content, password),
        SHA512 => verify::<Sha512>(mac, content, password),
        _ => Err(Failure::Unsupported.into()),
    }
}

/// What a new file gets: SHA-256, as OpenSSL 3 and Java 20 do.
pub(super) fn make(
    content: &[u8],
    password: &Password,
    salt: &[u8],
    meter: &mut Meter,
) -> Result<MacData, Fault> {
    derivation(i64::from(ITERATIONS), meter)?;
    let iterations = i32::try_from(ITERATIONS).unwrap_or(i32::MAX);
    let mac = keyed::<Sha256>(password, salt, iterations)?.chain_update(content);
    let octets = |bytes: &[u8]| OctetString::new(bytes).map_err(|_| Failure::Unparsable);
    Ok(MacData {
        mac: DigestInfo {
            algorithm: AlgorithmIdentifierOwned {
                oid: SHA256,
                parameters: Some(der::asn1::Null.into()),
            },
            digest: octets(&mac.finalize().into_bytes())?,
        },
        mac_salt: octets(salt)?,
        iterations,
    })
}

fn verify<D>(mac: &MacData, content: &[u8], password: &Password) -> Result<bool, Fault>
where
    D: Digest + FixedOutputReset + BlockSizeUser,
{
    let expected = keyed::<D>(password, mac.mac_salt.as_bytes(), mac.iterations)?;
    let given = mac.mac.digest.as_bytes();
    Ok(expected.chain_update(content).verify_slice(given).is_ok())
}

fn keyed<D>(password: &Password, salt: &[u8], iterations: i32) -> Result<SimpleHmac<D>, Fault>
where
    D: Digest + FixedOutputReset + BlockSizeUser,
{
    let size = <D as Digest>::output_size();
    let kind = Pkcs12KeyType::Mac;
    let key = Zeroizing::new(derive_key::<D>(
        &password.wide,
        salt,
        kind,
        iterations,
        size,
    ));
    <SimpleHmac<D> as KeyInit>::new_from_slice(&key).map_err(|_| Failure::Unparsable.into())
}
