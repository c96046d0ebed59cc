//! Where random functions draw from: a seed that the caller gives. The crate draws no randomness of its own,
//! so equal seeds give equal Secrets, and a refresh that finds nothing new writes nothing.

use std::fmt;

use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::error::{Failure, Fault};

type Key = Zeroizing<[u8; 32]>;

/// A seed, wiped when dropped and never printed.
#[derive(Clone)]
pub(crate) struct Entropy(Key);

/// The random bytes of one render, or of one use within it.
pub(crate) struct Stream(ChaCha20);

impl Entropy {
    pub(crate) fn new(seed: Key) -> Self {
        Self(seed)
    }

    /// What one template draws from, in one place: entries that look alike still differ.
    pub(crate) fn stream(&self, entry: &str, template: &str) -> Stream {
        Stream::keyed(&derive(
            &self.0,
            &[b"template", entry.as_bytes(), template.as_bytes()],
        ))
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy")
    }
}

impl Stream {
    /// Every key is used for one stream, so that the nonce can be constant.
    fn keyed(key: &Key) -> Self {
        Self(ChaCha20::new(key.as_slice().into(), &[0; 12].into()))
    }

    /// A stream that also depends on what it is used with: salts of one password and two contents differ,
    /// even for one seed.
    pub(crate) fn fork(&mut self, used_with: &[&[u8]]) -> Result<Self, Fault> {
        let mut key = Zeroizing::new([0; 32]);
        self.fill(key.as_mut_slice())?;
        Ok(Self::keyed(&derive(&key, used_with)))
    }

    /// Overwrites `bytes`.
    pub(crate) fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Fault> {
        bytes.fill(0);
        let drawn = self.0.try_apply_keystream(bytes);
        drawn.map_err(|_| Failure::OutOfRange.into())
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// A number under `end`, each equally likely. Nothing is under 0.
    pub(crate) fn below(&mut self, end: u64) -> Result<u64, Fault> {
        let whole = u64::MAX - u64::MAX.checked_rem(end).ok_or(Failure::OutOfRange)?;
        loop {
            let drawn = u64::from_le_bytes(self.bytes()?);
            // What lies past the last whole multiple would favour small numbers.
            if drawn < whole {
                return Ok(drawn % end);
            }
        }
    }

    /// One of several, each equally likely.
    pub(crate) fn pick<T: Copy>(&mut self, among: &[T]) -> Result<T, Fault> {
        let at = self.below(u64::try_from(among.len()).unwrap_or(u64::MAX))?;
        let picked = usize::try_from(at).ok().and_then(|at| among.get(at));
        picked.copied().ok_or(Failure::OutOfRange.into())
    }
}

/// HMAC-SHA256 over parts that cannot run into each other.
fn derive(key: &Key, parts: &[&[u8]]) -> Key {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_slice()) else {
        return key.clone();
    };
    for part in parts {
        mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(part);
    }
    Zeroizing::new(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entropy(seed: u8) -> Entropy {
        Entropy::new(Zeroizing::new([seed; 32]))
    }

    #[test]
    fn streams_depend_on_seed_entry_and_template() {
        let of = |seed, entry, template| {
            let bytes: [u8; 16] = entropy(seed).stream(entry, template).bytes().unwrap();
            bytes
        };
        let one = of(1, "a", "b");
        assert_eq!(one, of(1, "a", "b"));
        for other in [
            of(2, "a", "b"),
            of(1, "c", "b"),
            of(1, "a", "c"),
            of(1, "ab", ""),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn numbers_reach_all_that_is_below() {
        let mut stream = entropy(1).stream("", "");
        let mut seen = [0; 5];
        for _ in 0..500 {
            seen[usize::try_from(stream.below(5).unwrap()).unwrap()] += 1;
        }
        assert!(seen.iter().all(|times| *times > 50), "{seen:?}");
        assert!(stream.below(0).is_err());
    }

    #[test]
    fn a_fork_depends_on_what_it_is_used_with() {
        let of = |used_with: &[&[u8]]| {
            let bytes: [u8; 16] = entropy(1)
                .stream("", "")
                .fork(used_with)
                .unwrap()
                .bytes()
                .unwrap();
            bytes
        };
        assert_eq!(of(&[b"a", b"b"]), of(&[b"a", b"b"]));
        assert_ne!(of(&[b"a", b"b"]), of(&[b"ab"]));
    }

    #[test]
    fn seeds_are_never_printed() {
        assert_eq!(format!("{:?}", entropy(7)), "Entropy");
    }
}
