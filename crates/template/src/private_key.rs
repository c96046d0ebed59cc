//! Private keys, from the three encodings that Go knows to the one that it writes (PKCS#8).

use aws_lc_rs::agreement::{self, ECDH_P256, ECDH_P384, ECDH_P521};
use aws_lc_rs::rsa::KeyPair;
use der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef};
use der::{Decode as _, Encode as _, Reader as _, SliceReader};
use pkcs8::{AlgorithmIdentifierRef, PrivateKeyInfo};
use sec1::EcParameters;
use zeroize::Zeroizing;

use crate::error::{Failure, Fault};

pub(crate) const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
pub(crate) const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
pub(crate) const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const X25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.110");
/// Bytes of a key on either of these two curves.
const CURVE25519: usize = 32;

/// A private key that is well-formed and, as far as that is cheap to tell, consistent.
pub(crate) enum PrivateKey {
    /// RFC 8017 A.1.2.
    Rsa(Zeroizing<Vec<u8>>),
    Ec(Curve, Zeroizing<Vec<u8>>),
    Ed25519(Zeroizing<Vec<u8>>),
    X25519(Zeroizing<Vec<u8>>),
}

/// A curve of NIST's.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    const ALL: [Self; 3] = [Self::P256, Self::P384, Self::P521];

    pub(crate) fn oid(self) -> ObjectIdentifier {
        ObjectIdentifier::new_unwrap(match self {
            Self::P256 => "1.2.840.10045.3.1.7",
            Self::P384 => "1.3.132.0.34",
            Self::P521 => "1.3.132.0.35",
        })
    }

    /// Bytes of a coordinate.
    pub(crate) fn size(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    fn of(oid: ObjectIdentifier) -> Option<Self> {
        Self::ALL.into_iter().find(|curve| curve.oid() == oid)
    }

    /// The public point of a scalar, uncompressed.
    pub(crate) fn point(self, scalar: &[u8]) -> Result<Vec<u8>, Fault> {
        let algorithm = match self {
            Self::P256 => &ECDH_P256,
            Self::P384 => &ECDH_P384,
            Self::P521 => &ECDH_P521,
        };
        agreement::PrivateKey::from_private_key(algorithm, scalar)
            .ok()
            .and_then(|key| key.compute_public_key().ok())
            .map(|point| point.as_ref().to_vec())
            .ok_or(Failure::Unparsable.into())
    }
}

impl PrivateKey {
    /// Whatever of PKCS#1, PKCS#8 and SEC 1 it is: the label of its PEM block does not count.
    pub(crate) fn parse(der: &[u8]) -> Result<Self, Fault> {
        rsa(der)
            .or_else(|_| Self::from_pkcs8(der))
            .or_else(|_| ec(None, der))
    }

    /// RFC 5958. Attributes and what follows them are passed over, as Windows adds some.
    pub(crate) fn from_pkcs8(der: &[u8]) -> Result<Self, Fault> {
        let parts = |reader: &mut SliceReader<'_>| -> der::Result<_> {
            reader.sequence(|reader| {
                let _version: u8 = reader.decode()?;
                let algorithm: AlgorithmIdentifierRef<'_> = reader.decode()?;
                let key: OctetStringRef<'_> = reader.decode()?;
                let (oid, parameters) = (algorithm.oid, algorithm.parameters);
                let curve = parameters.and_then(|any| any.decode_as::<ObjectIdentifier>().ok());
                let key = Zeroizing::new(key.as_bytes().to_vec());
                reader.read_slice(reader.remaining_len())?;
                Ok((oid, parameters.is_some(), curve, key))
            })
        };
        let (algorithm, has_parameters, curve, key) = SliceReader::new(der)
            .and_then(|mut reader| parts(&mut reader))
            .map_err(|_| Failure::Unparsable)?;
        match algorithm {
            RSA => rsa(&key),
            EC => ec(curve, &key),
            ED25519 if !has_parameters => curve25519(&key).map(Self::Ed25519),
            X25519 if !has_parameters => curve25519(&key).map(Self::X25519),
            _ => Err(Failure::Unsupported.into()),
        }
    }

    /// As Go writes it.
    pub(crate) fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, Fault> {
        match self {
            Self::Rsa(key) => pkcs8(RSA, Some(AnyRef::NULL), key),
            Self::Ec(curve, scalar) => {
                let key = sec1(*curve, scalar, None)?;
                pkcs8(EC, Some(AnyRef::from(&curve.oid())), &key)
            }
            Self::Ed25519(key) => octets(key).and_then(|key| pkcs8(ED25519, None, &key)),
            Self::X25519(key) => octets(key).and_then(|key| pkcs8(X25519, None, &key)),
        }
    }
}

/// SEC 1 C.4 of a scalar, with the curve's name where nothing outside tells it.
pub(crate) fn sec1(
    curve: Curve,
    scalar: &[u8],
    parameters: Option<EcParameters>,
) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let point = curve.point(scalar)?;
    let key = sec1::EcPrivateKey {
        private_key: scalar,
        parameters,
        public_key: Some(&point),
    };
    Ok(Zeroizing::new(
        key.to_der().map_err(|_| Failure::Unparsable)?,
    ))
}

fn pkcs8(
    algorithm: ObjectIdentifier,
    parameters: Option<AnyRef<'_>>,
    key: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let algorithm = AlgorithmIdentifierRef {
        oid: algorithm,
        parameters,
    };
    let encoded = PrivateKeyInfo::new(algorithm, key).to_der();
    Ok(Zeroizing::new(encoded.map_err(|_| Failure::Unparsable)?))
}

fn octets(bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let encoded = OctetStringRef::new(bytes).and_then(|octets| octets.to_der());
    Ok(Zeroizing::new(encoded.map_err(|_| Failure::Unparsable)?))
}

/// RFC 8410 §7: an octet string within the octet string.
fn curve25519(key: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let octets = OctetStringRef::from_der(key).map_err(|_| Failure::Unparsable)?;
    if octets.as_bytes().len() == CURVE25519 {
        Ok(Zeroizing::new(octets.as_bytes().to_vec()))
    } else {
        Err(Failure::Unparsable.into())
    }
}

/// PKCS#1. Keys of the sizes that are in use are checked: their numbers must belong together.
fn rsa(der: &[u8]) -> Result<PrivateKey, Fault> {
    /// Bytes of the moduli that aws-lc takes: 2048 to 8192 bits.
    const CHECKED: std::ops::RangeInclusive<usize> = 256..=1024;
    let key = pkcs1::RsaPrivateKey::try_from(der).map_err(|_| Failure::Unparsable)?;
    if key.other_prime_infos.is_some() {
        return Err(Failure::Unsupported.into());
    }
    let size = key.modulus.as_bytes().len();
    if size > *CHECKED.end() {
        return Err(Failure::Unsupported.into());
    }
    let key = PrivateKey::Rsa(Zeroizing::new(der.to_vec()));
    if CHECKED.contains(&size) {
        KeyPair::from_pkcs8(&key.to_pkcs8()?).map_err(|_| Failure::Unparsable)?;
    }
    Ok(key)
}

/// SEC 1 C.4. The curve may be named outside.
fn ec(curve: Option<ObjectIdentifier>, der: &[u8]) -> Result<PrivateKey, Fault> {
    let key = sec1::EcPrivateKey::from_der(der).map_err(|_| Failure::Unparsable)?;
    let own = key.parameters.and_then(EcParameters::named_curve);
    let curve = curve.or(own).ok_or(Failure::Unparsable)?;
    let curve = Curve::of(curve).ok_or(Failure::Unsupported)?;
    let scalar = fitted(key.private_key, curve.size()).ok_or(Failure::Unparsable)?;
    curve.point(&scalar)?;
    Ok(PrivateKey::Ec(curve, scalar))
}

/// Zeros in front are added or taken away, as some writers get them wrong.
pub(crate) fn fitted(number: &[u8], size: usize) -> Option<Zeroizing<Vec<u8>>> {
    let zeros = number.len().saturating_sub(size);
    if number[..zeros].iter().any(|byte| *byte != 0) {
        return None;
    }
    let number = &number[zeros..];
    let mut fitted = Zeroizing::new(vec![0; size]);
    fitted[size - number.len()..].copy_from_slice(number);
    Some(fitted)
}
