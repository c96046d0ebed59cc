//! Part of the text that was given, or something made from it.

use std::ops::Deref;

use zeroize::Zeroizing;

/// Bytes that are wiped if they are a copy.
#[derive(Clone)]
pub(crate) enum Bytes<'j> {
    Part(&'j [u8]),
    Made(Zeroizing<Vec<u8>>),
}

impl Bytes<'_> {
    pub(crate) fn made(bytes: Vec<u8>) -> Self {
        Self::Made(Zeroizing::new(bytes))
    }

    pub(crate) fn to_vec_zeroizing(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.to_vec())
    }

    /// Without ties to the text.
    pub(crate) fn into_owned(self) -> Bytes<'static> {
        match self {
            Self::Part(part) => Bytes::made(part.to_vec()),
            Self::Made(made) => Bytes::Made(made),
        }
    }
}

impl Deref for Bytes<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Part(part) => part,
            Self::Made(made) => made,
        }
    }
}

impl Default for Bytes<'_> {
    fn default() -> Self {
        Self::Part(b"")
    }
}

/// Without the bytes up to and including the blank at both ends.
pub(crate) fn trimmed(mut bytes: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = bytes
        && *first <= b' '
    {
        bytes = rest;
    }
    while let [rest @ .., last] = bytes
        && *last <= b' '
    {
        bytes = rest;
    }
    bytes
}

/// From `at` on; nothing past the end.
pub(crate) fn from(bytes: &[u8], at: usize) -> &[u8] {
    bytes.get(at..).unwrap_or_default()
}

/// The part from `start` up to `end`; nothing where that is none.
pub(crate) fn between(bytes: &[u8], start: usize, end: usize) -> &[u8] {
    bytes.get(start..end.min(bytes.len())).unwrap_or_default()
}
