//! Hexadecimal digits into bytes.

use super::{Call, Function, Outcome, function};
use crate::error::Failure;

pub(super) const FUNCTIONS: &[Function] = &[function("hexdec", 1, 1, decode)];

/// Fails on what is no hexadecimal text, as `b64dec` does on what is no base64.
fn decode(call: &mut Call<'_>) -> Outcome {
    let text = call.bytes(0)?;
    if !text.len().is_multiple_of(2) {
        return Err(Failure::Unparsable.into());
    }
    let mut out = call.meter.buffer();
    for pair in text.chunks_exact(2) {
        let digit = |at: usize| {
            let letter = pair.get(at).copied().map(char::from)?;
            u8::try_from(letter.to_digit(16)?).ok()
        };
        let (high, low) = digit(0).zip(digit(1)).ok_or(Failure::Unparsable)?;
        out.push([high << 4 | low])?;
    }
    call.meter.text(out)
}
