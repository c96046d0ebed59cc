//! The body of the fuzz target on PEM that is nearly right.
#![allow(
    clippy::expect_used,
    reason = "a test: what does not hold should stop it"
)]

mod fuzzed;

use testkit::Dice;

const FILES: [&[u8]; 4] = [
    include_bytes!("../../../tests/vectors/certificates/rsa-2048.pem"),
    include_bytes!("../../../tests/vectors/certificates/ec.pem"),
    include_bytes!("../../../tests/vectors/certificates/expired.pem"),
    include_bytes!("../../../tests/vectors/keys/rsa-2048.pem"),
];

#[test]
fn nearly_right_pem() {
    let mut dice = Dice::new(6);
    for round in 0..10_000 {
        let mut bytes = FILES[round % FILES.len()].to_vec();
        dice.damage(&mut bytes);
        fuzzed::pem(&bytes);
    }
}
