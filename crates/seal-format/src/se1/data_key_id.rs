//! What a data key is called, and what it is held to.

use std::fmt;

use data_encoding::BASE32;
use subtle::ConstantTimeEq as _;

use super::canonical;
use super::fault::Fault;

/// Commits to a data key: AES-GCM alone can open under two keys.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Commitment([u8; Commitment::LEN]);

impl Commitment {
    /// Length in bytes.
    pub const LEN: usize = 32;

    pub(crate) fn new(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// Reads `commit`.
    ///
    /// # Errors
    /// [`Fault::NotCanonical`], or [`Fault::Malformed`] if it has another length.
    pub fn from_text(text: &str) -> Result<Self, Fault> {
        let bytes = canonical::decode(text)?;
        bytes.try_into().map(Self).map_err(|_| Fault::Malformed)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// Whether both commit to the same key, without telling where they differ.
    pub(crate) fn equals(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }

    /// The id that follows from it.
    pub fn id(&self) -> DataKeyId {
        let base32 = BASE32.encode(&self.0).to_lowercase();
        DataKeyId(
            std::iter::once('k')
                .chain(base32.chars().take(11))
                .collect(),
        )
    }
}

impl fmt::Display for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&canonical::encode(&self.0))
    }
}

/// `k` and the first 11 characters of the commitment in lower-case base32: never a number for any
/// YAML reader. It finds the data key; the whole commitment decides.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DataKeyId(String);

impl DataKeyId {
    /// Length in characters.
    pub const LEN: usize = 12;

    /// `None` if the text has another form.
    pub fn from_text(text: &str) -> Option<Self> {
        let base32 = |byte: u8| matches!(byte, b'a'..=b'z' | b'2'..=b'7');
        let rest = text.strip_prefix('k')?;
        (text.len() == Self::LEN && rest.bytes().all(base32)).then(|| Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DataKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_one_form() {
        assert!(DataKeyId::from_text("kqj3msyyrrst").is_some());
        for text in [
            "",
            "qj3msyyrrstk",
            "kqj3msyyrrs",
            "kqj3msyyrrstt",
            "kqj3msyyrrs1",
            "Kqj3msyyrrst",
        ] {
            assert_eq!(DataKeyId::from_text(text), None, "{text}");
        }
    }
}
