//! JSON Web Keys (RFC 7517, 7518 §6, 8037), to the encodings of PEM.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ECDSA_P521_SHA512_ASN1, Ed25519KeyPair,
    ParsedPublicKey,
};
use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, UintRef};
use pkcs8::AlgorithmIdentifierRef;
use pkcs8::spki::SubjectPublicKeyInfo;
use zeroize::Zeroizing;

use crate::error::{Failure, Fault};
use crate::private_key::{Curve, EC, ED25519, PrivateKey, RSA, fitted};
use crate::value::{Map, Value};

type Bytes = Zeroizing<Vec<u8>>;

/// The PKCS#8 form of a private key.
pub(crate) fn private(key: &Map) -> Result<Bytes, Fault> {
    match (text(key, "kty")?.as_slice(), text(key, "crv").ok()) {
        (b"RSA", _) => rsa_private(key)?.to_pkcs8(),
        (b"EC", Some(curve)) => {
            let curve = curve_of(&curve)?;
            let scalar = fitted(&number(key, "d")?, curve.size()).ok_or(Failure::Unparsable)?;
            if *curve.point(&scalar)? != *point(key, curve)? {
                return Err(Failure::Unparsable.into());
            }
            PrivateKey::Ec(curve, scalar).to_pkcs8()
        }
        (b"OKP", Some(curve)) if *curve == b"Ed25519" => {
            let (seed, point) = (number(key, "d")?, number(key, "x")?);
            Ed25519KeyPair::from_seed_and_public_key(&seed, &point)
                .map_err(|_| Failure::Unparsable)?;
            PrivateKey::Ed25519(seed).to_pkcs8()
        }
        _ => Err(Failure::Unsupported.into()),
    }
}

/// The SPKI form of a public key. A private one is refused, as it is by the original.
pub(crate) fn public(key: &Map) -> Result<Bytes, Fault> {
    if key.get(b"d").is_some() {
        return Err(Failure::WrongType.into());
    }
    match (text(key, "kty")?.as_slice(), text(key, "crv").ok()) {
        (b"RSA", _) => {
            let (modulus, exponent) = (number(key, "n")?, number(key, "e")?);
            let key = pkcs1::RsaPublicKey {
                modulus: positive(&modulus)?,
                public_exponent: positive(&exponent)?,
            };
            spki(RSA, Some(AnyRef::NULL), &encoded(&key)?)
        }
        (b"EC", Some(curve)) => {
            let curve = curve_of(&curve)?;
            let algorithm = match curve {
                Curve::P256 => &ECDSA_P256_SHA256_ASN1,
                Curve::P384 => &ECDSA_P384_SHA384_ASN1,
                Curve::P521 => &ECDSA_P521_SHA512_ASN1,
            };
            let point = point(key, curve)?;
            // A point beside the curve is no key.
            ParsedPublicKey::new(algorithm, point.as_slice()).map_err(|_| Failure::Unparsable)?;
            spki(EC, Some(AnyRef::from(&curve.oid())), &point)
        }
        (b"OKP", Some(curve)) if *curve == b"Ed25519" => {
            let point = number(key, "x")?;
            if point.len() != 32 {
                return Err(Failure::Unparsable.into());
            }
            spki(ED25519, None, &point)
        }
        _ => Err(Failure::Unsupported.into()),
    }
}

/// Every number must be there: what can be left out would have to be computed from the primes, and no
/// arithmetic on them runs outside of aws-lc.
fn rsa_private(key: &Map) -> Result<PrivateKey, Fault> {
    let names = ["n", "e", "d", "p", "q", "dp", "dq", "qi"];
    let mut numbers = Vec::with_capacity(names.len());
    for name in names {
        numbers.push(number(key, name)?);
    }
    let numbers: Vec<UintRef<'_>> = numbers
        .iter()
        .map(|number| positive(number))
        .collect::<Result<_, _>>()?;
    let &[
        modulus,
        public_exponent,
        private_exponent,
        prime1,
        prime2,
        exponent1,
        exponent2,
        coefficient,
    ] = numbers.as_slice()
    else {
        return Err(Failure::Unparsable.into());
    };
    let key = pkcs1::RsaPrivateKey {
        modulus,
        public_exponent,
        private_exponent,
        prime1,
        prime2,
        exponent1,
        exponent2,
        coefficient,
        other_prime_infos: None,
    };
    PrivateKey::parse(&encoded(&key)?)
}

fn curve_of(name: &[u8]) -> Result<Curve, Fault> {
    match name {
        b"P-256" => Ok(Curve::P256),
        b"P-384" => Ok(Curve::P384),
        b"P-521" => Ok(Curve::P521),
        _ => Err(Failure::Unsupported.into()),
    }
}

/// SEC 1 §2.3.3, uncompressed.
fn point(key: &Map, curve: Curve) -> Result<Vec<u8>, Fault> {
    let mut point = vec![4];
    for name in ["x", "y"] {
        let coordinate = fitted(&number(key, name)?, curve.size());
        point.extend_from_slice(&coordinate.ok_or(Failure::Unparsable)?);
    }
    Ok(point)
}

fn text(key: &Map, name: &str) -> Result<Bytes, Fault> {
    match key.get(name.as_bytes()) {
        Some(Value::Str(text)) => Ok(Zeroizing::new(text.as_bytes().to_vec())),
        Some(_) => Err(Failure::WrongType.into()),
        None => Err(Failure::MissingValue.into()),
    }
}

/// Base64 of the URL kind, or whatever other kind it is.
fn number(key: &Map, name: &str) -> Result<Bytes, Fault> {
    let text = text(key, name)?;
    let ordinary = text.iter().any(|byte| matches!(byte, b'+' | b'/'));
    let alphabet = if ordinary { &STANDARD } else { &URL_SAFE };
    let lenient = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let bytes = GeneralPurpose::new(alphabet, lenient).decode(text.as_slice());
    Ok(Zeroizing::new(bytes.map_err(|_| Failure::Unparsable)?))
}

fn positive(bytes: &[u8]) -> Result<UintRef<'_>, Fault> {
    if bytes.iter().all(|byte| *byte == 0) {
        return Err(Failure::OutOfRange.into());
    }
    UintRef::new(bytes).map_err(|_| Failure::Unparsable.into())
}

fn spki(oid: ObjectIdentifier, parameters: Option<AnyRef<'_>>, key: &[u8]) -> Result<Bytes, Fault> {
    let subject_public_key = BitStringRef::from_bytes(key).map_err(|_| Failure::Unparsable)?;
    encoded(&SubjectPublicKeyInfo {
        algorithm: AlgorithmIdentifierRef { oid, parameters },
        subject_public_key,
    })
}

fn encoded(value: &impl der::Encode) -> Result<Bytes, Fault> {
    let der = value.to_der().map_err(|_| Failure::Unparsable)?;
    Ok(Zeroizing::new(der))
}
