//! Random text and numbers, drawn from the seed of the render.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::{Call, Function, Outcome, drawing};
use crate::error::Failure;
use crate::value::Value;

const DIGITS: &[u8] = b"0123456789";
const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BOTH: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// From the blank to the tilde.
const PRINTABLE: &[u8] = b" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`\
abcdefghijklmnopqrstuvwxyz{|}~";

pub(super) const FUNCTIONS: &[Function] = &[
    drawing("randAlpha", 1, 1, |call| text(call, LETTERS)),
    drawing("randAlphaNum", 1, 1, |call| text(call, BOTH)),
    drawing("randAscii", 1, 1, |call| text(call, PRINTABLE)),
    drawing("randNumeric", 1, 1, |call| text(call, DIGITS)),
    drawing("randBytes", 1, 1, |call| {
        let count = usize::try_from(call.int(0)?).map_err(|_| Failure::OutOfRange)?;
        call.meter.bytes(count)?;
        call.meter.bytes(count)?;
        let mut bytes = Zeroizing::new(vec![0; count]);
        call.random()?.fill(&mut bytes)?;
        call.meter.own(STANDARD.encode(bytes.as_slice()))
    }),
    drawing("randInt", 2, 2, |call| {
        let (least, end) = (call.int(0)?, call.int(1)?);
        let range = end
            .checked_sub(least)
            .and_then(|range| u64::try_from(range).ok());
        let drawn = call.random()?.below(range.ok_or(Failure::OutOfRange)?)?;
        let drawn = i64::try_from(drawn).ok();
        let number = drawn.and_then(|drawn| least.checked_add(drawn));
        Ok(Value::Int(number.ok_or(Failure::OutOfRange)?))
    }),
    drawing("uuidv4", 0, 0, |call| {
        let mut bits = u128::from_be_bytes(call.random()?.bytes()?);
        // RFC 9562 §5.4: version 4 of variant 10.
        bits = bits & !(0xf << 76) | 4 << 76;
        bits = bits & !(3 << 62) | 2 << 62;
        let digits = format!("{bits:032x}");
        let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| &digits[part]);
        call.meter.own(parts.join("-"))
    }),
    drawing("shuffle", 1, 1, |call| {
        let text = call.chars(0)?;
        call.meter.bytes(4 * text.len())?;
        let mut letters: Zeroizing<Vec<char>> = Zeroizing::new(text.chars().collect());
        // Fisher and Yates.
        for last in (1..letters.len()).rev() {
            let end = u64::try_from(last + 1).unwrap_or(u64::MAX);
            let other = call.random()?.below(end)?;
            letters.swap(last, usize::try_from(other).unwrap_or_default());
        }
        let mut out = call.meter.buffer();
        for letter in letters.iter() {
            out.push_char(*letter)?;
        }
        call.meter.text(out)
    }),
];

/// As many letters; none for a negative number, as in sprig, which drops the error.
fn text(call: &mut Call<'_>, letters: &[u8]) -> Outcome {
    let count = usize::try_from(call.int(0)?).unwrap_or_default();
    call.meter.bytes(count)?;
    let mut out = Zeroizing::new(Vec::with_capacity(count));
    for _ in 0..count {
        out.push(call.random()?.pick(letters)?);
    }
    call.meter.steps(count / 16)?;
    Ok(Value::Str(crate::value::Text::new(out)))
}
