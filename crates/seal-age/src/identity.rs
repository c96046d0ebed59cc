//! A native age identity: `AGE-SECRET-KEY-1…`.

use age::x25519;
use zeroize::Zeroizing;

use crate::wrap::unwrap_with;

const CLASSICAL: &str = "AGE-SECRET-KEY-1";
const POST_QUANTUM: &str = "AGE-SECRET-KEY-PQ-1";
const PLUGIN: &str = "AGE-PLUGIN-";

/// The private half of an `age1…` recipient. Wiped when dropped, never printed.
#[derive(Clone)]
pub struct AgeIdentity(x25519::Identity);

/// Why a line is no identity that can be used. It holds nothing of the line.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AgeIdentityError {
    /// `AGE-SECRET-KEY-PQ-1…`.
    #[error(
        "AGE-SECRET-KEY-PQ-1… is a post-quantum hybrid identity, which seal cannot use yet; use one \
         that `age-keygen` makes without -pq"
    )]
    PostQuantum,
    /// `AGE-PLUGIN-NAME-1…`.
    #[error("AGE-PLUGIN-… is the identity of a plug-in, which has no place here")]
    Plugin,
    /// Starts as an identity does, but its checksum or length is wrong.
    #[error("AGE-SECRET-KEY-1… is damaged")]
    Damaged,
    /// Something else altogether.
    #[error("is no age identity (AGE-SECRET-KEY-1…)")]
    NotAnIdentity,
}

impl AgeIdentity {
    /// Parses one identity, without white space around it.
    pub fn parse(text: &str) -> Result<Self, AgeIdentityError> {
        if text.starts_with(POST_QUANTUM) {
            return Err(AgeIdentityError::PostQuantum);
        }
        if text.starts_with(PLUGIN) {
            return Err(AgeIdentityError::Plugin);
        }
        if !text.starts_with(CLASSICAL) {
            return Err(AgeIdentityError::NotAnIdentity);
        }
        text.parse()
            .map(Self)
            .map_err(|_| AgeIdentityError::Damaged)
    }

    /// The recipient that it opens for: `age1…`, as in `to`.
    pub fn recipient_name(&self) -> String {
        self.0.to_public().to_string()
    }

    /// As the crate `age` takes it.
    pub fn as_age(&self) -> &(dyn age::Identity + Send + Sync) {
        &self.0
    }
}

impl seal_keys::Identity for AgeIdentity {
    /// An age file has no room for a label: any but the empty one is refused.
    fn unwrap(
        &self,
        wrapped: &[u8],
        label: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, seal_keys::UnwrapError> {
        if !label.is_empty() {
            return Err(seal_keys::UnwrapError);
        }
        unwrap_with(&self.0, wrapped).map_err(|_| seal_keys::UnwrapError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pair that the documentation of age uses.
    const SECRET: &str =
        "AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33";
    const PUBLIC: &str = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";

    #[test]
    fn knows_its_recipient() {
        assert_eq!(AgeIdentity::parse(SECRET).unwrap().recipient_name(), PUBLIC);
    }

    #[test]
    fn refuses_by_name() {
        for (text, error) in [
            ("", AgeIdentityError::NotAnIdentity),
            (PUBLIC, AgeIdentityError::NotAnIdentity),
            (&SECRET.to_lowercase(), AgeIdentityError::NotAnIdentity),
            (&SECRET.replace("778", "788"), AgeIdentityError::Damaged),
            ("AGE-SECRET-KEY-1", AgeIdentityError::Damaged),
            ("AGE-SECRET-KEY-PQ-1ABC", AgeIdentityError::PostQuantum),
            ("AGE-PLUGIN-YUBIKEY-1ABC", AgeIdentityError::Plugin),
        ] {
            assert_eq!(AgeIdentity::parse(text).err(), Some(error), "{text}");
        }
    }
}
