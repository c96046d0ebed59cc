//! Checksums, as lower-case hexadecimal digits.

use std::fmt::Write as _;

use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::{Call, Function, Outcome, function};

pub(super) const FUNCTIONS: &[Function] = &[
    function("sha1sum", 1, 1, |call| {
        hex(call, &Sha1::digest(call.bytes(0)?))
    }),
    function("sha256sum", 1, 1, |call| {
        hex(call, &Sha256::digest(call.bytes(0)?))
    }),
    function("sha512sum", 1, 1, |call| {
        hex(call, &Sha512::digest(call.bytes(0)?))
    }),
    // Written in decimal, as sprig does.
    function("adler32sum", 1, 1, |call| {
        call.meter.own(adler32(call.bytes(0)?).to_string())
    }),
];

fn hex(call: &mut Call<'_>, digest: &[u8]) -> Outcome {
    let text = digest
        .iter()
        .fold(String::with_capacity(digest.len() * 2), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        });
    call.meter.own(text)
}

/// RFC 1950 §8.2.
fn adler32(bytes: &[u8]) -> u32 {
    const PRIME: u32 = 65_521;
    let (low, high) = bytes.iter().fold((1, 0), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % PRIME;
        (low, (high + low) % PRIME)
    });
    high << 16 | low
}
