//! Choices that a seed repeats.

use base64::Engine as _;

/// A sequence of numbers without a pattern (`SplitMix64`, Steele, Lea and Flood 2014).
pub struct Dice(u64);

/// What means something in YAML, JSON, PEM or base64.
const PIECES: &[&str] = &[
    "\n---\n",
    "\n...\n",
    "\t",
    "\r\n",
    "\0",
    "\u{feff}",
    "&a ",
    "*a",
    "<<: ",
    "!!binary ",
    "!!str ",
    "? ",
    "- ",
    ": ",
    "|\n",
    ">-\n",
    "\"",
    "'",
    "{",
    "}",
    "[",
    "]",
    ",",
    "#",
    "=",
    "null",
    "~",
    "1e400",
    "0x1f",
    "010",
    "-----BEGIN CERTIFICATE-----\n",
    "-----END CERTIFICATE-----\n",
    "AAAA",
    "\\ud800",
    "\u{2028}",
    "kind: List\nitems:\n",
    "stringData:\n  a: b\n",
    "%YAML 1.2\n",
];

impl Dice {
    /// The sequence of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `limit`, which is not zero.
    pub fn below(&mut self, limit: usize) -> usize {
        // What is below a `usize` fits into one.
        usize::try_from(self.number() % limit as u64).unwrap_or_default()
    }

    /// True once in so many times.
    pub fn is_one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }

    /// One of these.
    pub fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len())]
    }

    /// Characters of an alphabet.
    pub fn word(&mut self, alphabet: &str, length: usize) -> String {
        let letters: Vec<char> = alphabet.chars().collect();
        (0..length)
            .map(|_| letters[self.below(letters.len())])
            .collect()
    }

    /// Does one to four small damages to bytes that were well: what somebody's editor, a merge or a bad disk
    /// would, and what a hostile author would.
    pub fn damage(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() + 1);
            let other = self.below(bytes.len() + 1);
            let (from, to) = (at.min(other), at.max(other));
            match self.below(6) {
                0 if at < bytes.len() => bytes[at] = self.byte(),
                1 => bytes.truncate(bytes.len() - self.below(bytes.len().min(40) + 1)),
                2 => bytes.insert(at, self.byte()),
                3 => drop(bytes.drain(from..to.min(from + 20))),
                4 => {
                    let copy = bytes[from..to].to_vec();
                    bytes.splice(at..at, copy);
                }
                _ => {
                    let piece = self.pick(PIECES).as_bytes().to_vec();
                    bytes.splice(at..at, piece);
                }
            }
        }
    }

    fn byte(&mut self) -> u8 {
        self.number().to_le_bytes()[0]
    }

    /// Base64 of as many random bytes.
    pub fn base64(&mut self, bytes: usize) -> String {
        let bytes: Vec<u8> = (0..bytes).map(|_| self.number().to_le_bytes()[0]).collect();
        base64::engine::general_purpose::STANDARD.encode(bytes)
    }
}
