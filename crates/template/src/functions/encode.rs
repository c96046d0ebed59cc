//! Base64, base32 and JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::{Call, Function, Outcome, function};
use crate::error::Failure;
use crate::json;
use crate::value::{Text, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    function("b64enc", 1, 1, |call| {
        let bytes = call.bytes(0)?;
        call.meter.bytes(bytes.len() / 3 * 4)?;
        call.meter.own(STANDARD.encode(bytes))
    }),
    function("b64dec", 1, 1, b64dec),
    function("b32enc", 1, 1, b32enc),
    function("b32dec", 1, 1, b32dec),
    function("toJson", 1, 1, |call| {
        json::write(call.any(0), call.meter, &json::ESCAPED)
    }),
    function("mustToJson", 1, 1, |call| {
        json::write(call.any(0), call.meter, &json::ESCAPED)
    }),
    function("toPrettyJson", 1, 1, |call| {
        json::write(call.any(0), call.meter, &json::PRETTY)
    }),
    function("mustToPrettyJson", 1, 1, |call| {
        json::write(call.any(0), call.meter, &json::PRETTY)
    }),
    function("toRawJson", 1, 1, |call| {
        json::write(call.any(0), call.meter, &json::RAW)
    }),
    function("mustToRawJson", 1, 1, |call| {
        json::write(call.any(0), call.meter, &json::RAW)
    }),
    function("fromJson", 1, 1, |call| {
        Ok(json::read(&call.chars(0)?, call.meter)?.unwrap_or(Value::Nil))
    }),
    function("mustFromJson", 1, 1, |call| {
        Ok(json::read(&call.chars(0)?, call.meter)?.ok_or(Failure::Unparsable)?)
    }),
];

/// sprig returns Go's error text as the value when it cannot decode; that text holds no input, only an
/// offset, but a Secret with an error text for a value helps nobody: we fail instead.
fn b64dec(call: &mut Call<'_>) -> Outcome {
    let plain = decode(call.bytes(0)?).ok_or(Failure::Unparsable)?;
    call.meter.bytes(plain.len())?;
    Ok(Value::Str(Text::new(plain)))
}

/// What Go's decoder of base64 makes of it: line breaks are skipped.
pub(crate) fn decode(bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let clean: Zeroizing<Vec<u8>> = Zeroizing::new(
        bytes
            .iter()
            .copied()
            .filter(|byte| !matches!(byte, b'\r' | b'\n'))
            .collect(),
    );
    let lenient = base64::engine::GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    let engine = base64::engine::GeneralPurpose::new(&base64::alphabet::STANDARD, lenient);
    engine.decode(clean.as_slice()).ok().map(Zeroizing::new)
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn b32enc(call: &mut Call<'_>) -> Outcome {
    let mut out = call.meter.buffer();
    for group in call.bytes(0)?.chunks(5) {
        let mut wide = [0; 8];
        wide[3..3 + group.len()].copy_from_slice(group);
        let bits = u64::from_be_bytes(wide);
        let used = (group.len() * 8).div_ceil(5);
        for at in 0..8 {
            let letter = if at < used {
                BASE32[usize::try_from(bits >> (35 - 5 * at) & 31).unwrap_or_default()]
            } else {
                b'='
            };
            out.push([letter])?;
        }
    }
    call.meter.text(out)
}

fn b32dec(call: &mut Call<'_>) -> Outcome {
    let clean: Zeroizing<Vec<u8>> = Zeroizing::new(
        call.bytes(0)?
            .iter()
            .copied()
            .filter(|byte| !matches!(byte, b'\r' | b'\n'))
            .collect(),
    );
    if !clean.len().is_multiple_of(8) {
        return Err(Failure::Unparsable.into());
    }
    let mut out = call.meter.buffer();
    let groups = clean.len() / 8;
    for (at, group) in clean.chunks(8).enumerate() {
        let used = group.iter().position(|byte| *byte == b'=').unwrap_or(8);
        let padding = group[used..].iter().all(|byte| *byte == b'=');
        if !padding || !matches!(used, 2 | 4 | 5 | 7 | 8) || (used < 8 && at + 1 != groups) {
            return Err(Failure::Unparsable.into());
        }
        let mut bits: u64 = 0;
        for byte in &group[..used] {
            let value = BASE32
                .iter()
                .position(|letter| letter == byte)
                .ok_or(Failure::Unparsable)?;
            bits = bits << 5 | u64::try_from(value).unwrap_or_default();
        }
        let bytes = (bits << (5 * (8 - used))).to_be_bytes();
        out.push(&bytes[3..3 + used * 5 / 8])?;
    }
    call.meter.text(out)
}
