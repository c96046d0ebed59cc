//! Passwords, in the two encodings that one file needs.

use zeroize::Zeroizing;

use crate::error::{Failure, Fault};

pub(crate) struct Password {
    /// For PBES2.
    pub(crate) text: Zeroizing<String>,
    /// For all that is older, and for the MAC: UCS-2 that ends with a zero (RFC 7292 B.1).
    pub(crate) wide: Zeroizing<Vec<u8>>,
}

impl Password {
    /// Characters past U+FFFF have no place in such a file.
    pub(crate) fn new(text: &str) -> Result<Self, Fault> {
        let mut wide = Zeroizing::new(Vec::with_capacity(2 * text.len() + 2));
        for letter in text.chars() {
            let unit = u16::try_from(u32::from(letter)).map_err(|_| Failure::Unparsable)?;
            wide.extend_from_slice(&unit.to_be_bytes());
        }
        wide.extend_from_slice(&[0, 0]);
        Ok(Self {
            text: Zeroizing::new(text.to_owned()),
            wide,
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The empty password of writers that leave out its zero.
    pub(crate) fn nothing() -> Self {
        Self {
            text: Zeroizing::default(),
            wide: Zeroizing::default(),
        }
    }
}
