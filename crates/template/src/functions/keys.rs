//! Keys: from JSON to PEM, and RSA's decryption with one.

use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA512_MGF1SHA512, OaepPrivateDecryptingKey,
    PrivateDecryptingKey,
};
use sec1::EcParameters;
use zeroize::Zeroizing;

use super::{Call, Function, Outcome, drawing, function};
use crate::error::{Failure, Fault};
use crate::private_key::{Curve, PrivateKey, sec1};
use crate::value::{Map, Text, Value};
use crate::{json, jwk, pem};

pub(super) const FUNCTIONS: &[Function] = &[
    function("jwkPrivateKeyPem", 1, 1, |call| {
        convert(call, jwk::private, "PRIVATE KEY")
    }),
    function("jwkPublicKeyPem", 1, 1, |call| {
        convert(call, jwk::public, "PUBLIC KEY")
    }),
    function("rsaDecrypt", 4, 4, decrypt),
    drawing("genPrivateKey", 1, 1, generate),
];

/// Some 2 ms for checking a key and using it.
const PRIVATE_OPERATION: usize = 200;

fn convert(
    call: &mut Call<'_>,
    to_der: fn(&Map) -> Result<Zeroizing<Vec<u8>>, Fault>,
    label: &str,
) -> Outcome {
    call.meter.steps(PRIVATE_OPERATION)?;
    let Some(Value::Map(key)) = json::read(&call.chars(0)?, call.meter)? else {
        return Err(Failure::Unparsable.into());
    };
    let text = pem::write(label, &to_der(&key)?);
    call.meter.bytes(text.len())?;
    Ok(Value::Str(Text::new(text)))
}

/// A key of an elliptic curve, labelled as Go does. RSA keys cannot be drawn from a seed.
fn generate(call: &mut Call<'_>) -> Outcome {
    call.meter.steps(PRIVATE_OPERATION)?;
    let kind = call.bytes(0)?;
    let mut scalar = Zeroizing::new([0; 32]);
    call.random()?.fill(scalar.as_mut_slice())?;
    let text = match kind {
        b"ed25519" => {
            let key = PrivateKey::Ed25519(Zeroizing::new(scalar.to_vec()));
            pem::write("PRIVATE KEY", &key.to_pkcs8()?)
        }
        b"ecdsa" => {
            // One in 2^32 is no number below the order of the curve.
            let curve = Curve::P256;
            while curve.point(scalar.as_slice()).is_err() {
                call.random()?.fill(scalar.as_mut_slice())?;
            }
            let named = Some(EcParameters::NamedCurve(curve.oid()));
            pem::write("EC PRIVATE KEY", &sec1(curve, scalar.as_slice(), named)?)
        }
        _ => return Err(Failure::Unsupported.into()),
    };
    call.meter.bytes(text.len())?;
    Ok(Value::Str(Text::new(text)))
}

/// In aws-lc, in constant time. Why it failed is not told: that would help who tries ciphertexts.
fn decrypt(call: &mut Call<'_>) -> Outcome {
    let algorithm = match call.bytes(1)? {
        b"SHA1" => &OAEP_SHA1_MGF1SHA1,
        b"SHA512" => &OAEP_SHA512_MGF1SHA512,
        // Whatever else is asked for.
        _ => &OAEP_SHA256_MGF1SHA256,
    };
    let input = call.bytes(2)?;
    match call.bytes(0)? {
        b"None" => return call.meter.copy(input),
        b"RSA-OAEP" => {}
        _ => return Err(Failure::Unsupported.into()),
    }
    call.meter.steps(PRIVATE_OPERATION)?;
    let block = pem::first(call.bytes(3)?).ok_or(Failure::Unparsable)?;
    let key = PrivateKey::parse(&block.contents)?;
    if !matches!(key, PrivateKey::Rsa(_)) {
        return Err(Failure::WrongType.into());
    }
    let key = PrivateDecryptingKey::from_pkcs8(&key.to_pkcs8()?)
        .ok()
        .and_then(|key| OaepPrivateDecryptingKey::new(key).ok())
        .ok_or(Failure::Unsupported)?;
    let mut room = Zeroizing::new(vec![0; key.min_output_size()]);
    let plain = key
        .decrypt(algorithm, input, &mut room, None)
        .map_err(|_| Failure::Undecryptable)?;
    call.meter.copy(plain)
}
