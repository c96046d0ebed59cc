//! A native age recipient: `age1…`, `age1tag1…`, `age1tagpq1…`.

use age::{tag, tagpq, x25519};
use age_core::primitives::bech32_decode;

use crate::wrap::{WrapError, wrap_for};

/// Someone to wrap for, known by the text that `age` uses.
#[derive(Clone)]
pub struct AgeRecipient {
    key: Key,
    name: String,
}

#[derive(Clone)]
enum Key {
    X25519(x25519::Recipient),
    Tag(Box<tag::Recipient>),
    TagPq(Box<tagpq::Recipient>),
}

/// Why a text is no recipient that can be used here.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AgeRecipientError {
    /// `age1pq1…`.
    #[error(
        "age1pq1… is a post-quantum hybrid recipient, which seal cannot write yet; use age1…, or \
         age1tagpq1… for post-quantum"
    )]
    PostQuantum,
    /// `age1NAME1…`.
    #[error(
        "age1{name}1… is a recipient of the plug-in age-plugin-{name}, which has no place here"
    )]
    Plugin {
        /// What follows `age-plugin-` in the plug-in's file name.
        name: String,
    },
    /// The checksum is wrong, or the key is no valid one.
    #[error("{kind}… is damaged: {why}")]
    Damaged {
        /// What it starts with.
        kind: &'static str,
        /// The check that failed.
        why: &'static str,
    },
    /// Something else altogether.
    #[error("is no age recipient (age1…)")]
    NotARecipient,
}

impl AgeRecipient {
    /// Parses one recipient, without white space around it.
    pub fn parse(text: &str) -> Result<Self, AgeRecipientError> {
        let prefix = prefix(text).ok_or(AgeRecipientError::NotARecipient)?;
        let damaged = |kind| move |why| AgeRecipientError::Damaged { kind, why };
        let (key, name) = match prefix.as_str() {
            "age" => {
                let key: x25519::Recipient = text.parse().map_err(damaged("age1"))?;
                refuse_low_order(text).map_err(damaged("age1"))?;
                let name = key.to_string();
                (Key::X25519(key), name)
            }
            "age1tag" => {
                let key: tag::Recipient = text.parse().map_err(damaged("age1tag1"))?;
                let name = key.to_string();
                (Key::Tag(Box::new(key)), name)
            }
            "age1tagpq" => {
                let key: tagpq::Recipient = text.parse().map_err(damaged("age1tagpq1"))?;
                let name = key.to_string();
                (Key::TagPq(Box::new(key)), name)
            }
            "age1pq" => return Err(AgeRecipientError::PostQuantum),
            other => {
                let name = other
                    .strip_prefix("age1")
                    .filter(|name| !name.is_empty())
                    .ok_or(AgeRecipientError::NotARecipient)?;
                return Err(AgeRecipientError::Plugin { name: name.into() });
            }
        };
        Ok(Self { key, name })
    }

    /// The recipient's one text, lower case: what stands in `to`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether what is wrapped for it withstands a quantum computer.
    pub fn is_post_quantum(&self) -> bool {
        matches!(self.key, Key::TagPq(_))
    }

    /// Wraps a data key: a binary age file.
    pub fn wrap(&self, data_key: &[u8]) -> Result<Vec<u8>, WrapError> {
        let key: &dyn age::Recipient = match &self.key {
            Key::X25519(key) => key,
            Key::Tag(key) => &**key,
            Key::TagPq(key) => &**key,
        };
        wrap_for(key, data_key)
    }
}

impl seal_keys::Recipient for AgeRecipient {
    /// An age file has no room for a label: any but the empty one is refused.
    fn wrap(&self, data_key: &[u8], label: &[u8]) -> Result<Vec<u8>, seal_keys::WrapError> {
        if !label.is_empty() {
            return Err(seal_keys::WrapError);
        }
        self.wrap(data_key).map_err(|_| seal_keys::WrapError)
    }
}

/// What stands before the last `1` of a bech32 text, lower case, if that is an age recipient's.
fn prefix(text: &str) -> Option<String> {
    let (prefix, _) = text.rsplit_once('1')?;
    let prefix = prefix.to_ascii_lowercase();
    let name = prefix.strip_prefix("age")?;
    (name.is_empty() || name.starts_with('1')).then_some(prefix)
}

/// A point of low order has no private key: everybody could open, and the library panics.
fn refuse_low_order(recipient: &str) -> Result<(), &'static str> {
    let point = bech32_decode(
        recipient,
        |_| "invalid Bech32 encoding",
        |_| Ok(()),
        |_, bytes| {
            <[u8; 32]>::try_from(bytes.collect::<Vec<_>>()).map_err(|_| "incorrect pubkey length")
        },
    )?;
    // Any scalar will do: all are multiples of the cofactor.
    if x25519_dalek::x25519([1; 32], point) == [0; 32] {
        return Err("no private key belongs to it");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const X25519: &str = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";
    const TAG: &str = "age1tag1qt8lw0ual6avlwmwatk888yqnmdamm7xfd0wak53ut6elz5c4swx2yqdj4e";

    #[test]
    fn has_one_name() {
        for text in [X25519, TAG] {
            assert_eq!(AgeRecipient::parse(text).unwrap().name(), text);
            let shouted = text.to_uppercase();
            assert_eq!(AgeRecipient::parse(&shouted).unwrap().name(), text);
        }
    }

    #[test]
    fn refuses_by_name() {
        let damaged = |kind, why| AgeRecipientError::Damaged { kind, why };
        let plugin = |name: &str| AgeRecipientError::Plugin { name: name.into() };
        for (text, error) in [
            ("", AgeRecipientError::NotARecipient),
            ("age", AgeRecipientError::NotARecipient),
            ("ssh-ed25519 AAAA", AgeRecipientError::NotARecipient),
            ("agent1abc", AgeRecipientError::NotARecipient),
            ("age11abc", AgeRecipientError::NotARecipient),
            ("age1pq1abc", AgeRecipientError::PostQuantum),
            (
                "age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t",
                plugin("yubikey"),
            ),
            ("age1", damaged("age1", "invalid Bech32 encoding")),
            (
                &X25519.replace("rxy", "rxx"),
                damaged("age1", "invalid Bech32 encoding"),
            ),
            (
                &TAG.replace("lw0", "lww"),
                damaged("age1tag1", "invalid Bech32 encoding"),
            ),
            (
                "age1tagpq1abc",
                damaged("age1tagpq1", "invalid Bech32 encoding"),
            ),
        ] {
            assert_eq!(AgeRecipient::parse(text).err(), Some(error), "{text}");
        }
    }

    #[test]
    fn a_label_is_refused() {
        let recipient: &dyn seal_keys::Recipient = &AgeRecipient::parse(X25519).unwrap();
        assert!(recipient.wrap(&[7; 40], b"").is_ok());
        assert_eq!(recipient.wrap(&[7; 40], b"a"), Err(seal_keys::WrapError));
    }
}
