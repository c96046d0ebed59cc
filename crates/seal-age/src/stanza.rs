//! What kind of wrap it is, told from the one stanza that matters.

use crate::header;

/// The type of a recipient stanza (C2SP `age.md`; contract §4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StanzaType {
    /// `age1…`.
    X25519,
    /// `age1tag…`: P-256, usually in hardware or a cloud service.
    P256Tag,
    /// `age1tagpq…`: ML-KEM-768 with P-256.
    MlKem768P256Tag,
    /// `age1pq…`: ML-KEM-768 with X25519.
    MlKem768X25519,
    /// An SSH key.
    SshEd25519,
    /// An SSH key.
    SshRsa,
    /// A passphrase. Never a wrap of a data key.
    Scrypt,
    /// A plug-in's own.
    Other(String),
}

impl StanzaType {
    /// Whether a stored wrap withstands a quantum computer; of a plug-in's own we cannot know.
    pub fn is_post_quantum(&self) -> bool {
        matches!(self, Self::MlKem768P256Tag | Self::MlKem768X25519)
    }

    /// The name in the age file.
    pub fn as_str(&self) -> &str {
        match self {
            Self::X25519 => "X25519",
            Self::P256Tag => "p256tag",
            Self::MlKem768P256Tag => "mlkem768p256tag",
            Self::MlKem768X25519 => "mlkem768x25519",
            Self::SshEd25519 => "ssh-ed25519",
            Self::SshRsa => "ssh-rsa",
            Self::Scrypt => "scrypt",
            Self::Other(name) => name,
        }
    }
}

impl From<&str> for StanzaType {
    fn from(tag: &str) -> Self {
        [
            Self::X25519,
            Self::P256Tag,
            Self::MlKem768P256Tag,
            Self::MlKem768X25519,
            Self::SshEd25519,
            Self::SshRsa,
            Self::Scrypt,
        ]
        .into_iter()
        .find(|known| known.as_str() == tag)
        .unwrap_or_else(|| Self::Other(tag.to_owned()))
    }
}

/// The type of the one stanza of a wrap, needing no key. `None` if it is no age file with exactly
/// one stanza besides grease.
pub fn stanza_type(wrap: &[u8]) -> Option<StanzaType> {
    let stanzas = header::stanzas(wrap)?;
    let mut meant = stanzas
        .iter()
        .filter(|stanza| !header::is_grease(stanza.tag));
    let only = meant.next()?;
    meant.next().is_none().then(|| only.tag.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_type_without_a_key() {
        for (stanzas, expected, post_quantum) in [
            ("-> X25519 a\nAAAA\n", Some("X25519"), false),
            ("-> p256tag a b\nAAAA\n", Some("p256tag"), false),
            (
                "-> mlkem768p256tag a b\nAAAA\n",
                Some("mlkem768p256tag"),
                true,
            ),
            ("-> mlkem768x25519 a\nAAAA\n", Some("mlkem768x25519"), true),
            ("-> ssh-rsa a\nAAAA\n", Some("ssh-rsa"), false),
            ("-> ssh-ed25519 a b\nAAAA\n", Some("ssh-ed25519"), false),
            ("-> scrypt a 10\nAAAA\n", Some("scrypt"), false),
            ("-> yubikey a\nAAAA\n", Some("yubikey"), false),
            ("-> x-grease\n\n-> X25519 a\nAAAA\n", Some("X25519"), false),
            ("-> x-grease\n\n", None, false),
            ("-> X25519 a\nAAAA\n-> X25519 b\nAAAA\n", None, false),
        ] {
            let wrap = format!("age-encryption.org/v1\n{stanzas}--- mac\n");
            let told = stanza_type(wrap.as_bytes());
            assert_eq!(told.as_ref().map(StanzaType::as_str), expected, "{stanzas}");
            assert_eq!(
                told.is_some_and(|told| told.is_post_quantum()),
                post_quantum,
                "{stanzas}"
            );
        }
    }
}
