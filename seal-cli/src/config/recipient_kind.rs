//! What kind of recipient a text is, by its beginning. Whether the key itself is well-formed is
//! found out where it is used.

use std::fmt;

/// Told apart without reading the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RecipientKind {
    Age,
    /// `age1pq1…` and `age1tagpq1…`.
    AgePostQuantum,
    AgeTag,
    /// With the name of the plug-in.
    AgePlugin(String),
    SshEd25519,
    SshRsa,
    KmsKey,
    KmsAlias,
}

/// Why a text is no recipient. The text itself is never shown: it may be a secret.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum NotARecipient {
    #[error(
        "this is a private key: take it out of the file, and out of the history if it was committed; a recipient is the public key (age-keygen -y prints it)"
    )]
    PrivateKey,
    #[error(
        "a certificate is written as {{certificate: FILE}}, the public key of a KMS key as {{kmsPublicKey: FILE}}"
    )]
    File,
    #[error(
        "no recipient that this program knows (age1…, ssh-ed25519 …, ssh-rsa …, arn:aws:kms:…, kms:alias/…)"
    )]
    Unknown,
}

impl RecipientKind {
    pub(crate) fn of(text: &str) -> Result<Self, NotARecipient> {
        let upper = text.to_ascii_uppercase();
        let private = ["AGE-SECRET-KEY-", "AGE-PLUGIN-", "PRIVATE KEY-----"];
        if private.iter().any(|mark| upper.contains(mark)) {
            return Err(NotARecipient::PrivateKey);
        }
        if let Some(rest) = text.strip_prefix("age1") {
            return Ok(Self::of_age(rest));
        }
        let mut words = text.split_ascii_whitespace();
        match (words.next(), words.next()) {
            (Some("ssh-ed25519"), Some(_)) => return Ok(Self::SshEd25519),
            (Some("ssh-rsa"), Some(_)) => return Ok(Self::SshRsa),
            _ => {}
        }
        Self::of_kms(text).ok_or_else(|| {
            let ends = [".pem", ".crt", ".cer", ".cert", ".pub", ".key"];
            if text.contains("://") || ends.iter().any(|end| text.ends_with(end)) {
                NotARecipient::File
            } else {
                NotARecipient::Unknown
            }
        })
    }

    pub(crate) fn is_kms(&self) -> bool {
        matches!(self, Self::KmsKey | Self::KmsAlias)
    }

    /// Bech32 has no `1` after its separator, so one more belongs to the name of a plug-in.
    fn of_age(rest: &str) -> Self {
        match rest.rsplit_once('1') {
            None => Self::Age,
            Some(("pq" | "tagpq", _)) => Self::AgePostQuantum,
            Some(("tag", _)) => Self::AgeTag,
            Some((name, _)) => Self::AgePlugin(name.to_owned()),
        }
    }

    fn of_kms(text: &str) -> Option<Self> {
        let text = text.strip_prefix("kms:").unwrap_or(text);
        if text
            .strip_prefix("alias/")
            .is_some_and(|name| !name.is_empty())
        {
            return Some(Self::KmsAlias);
        }
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let [arn, partition, "kms", region, account, key] = parts.as_slice() else {
            return None;
        };
        let account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        if *arn != "arn" || !partition.starts_with("aws") || region.is_empty() || !account {
            return None;
        }
        match key.split_once('/')? {
            (_, "") => None,
            ("key", _) => Some(Self::KmsKey),
            ("alias", _) => Some(Self::KmsAlias),
            _ => None,
        }
    }
}

impl fmt::Display for RecipientKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Age => f.write_str("age"),
            Self::AgePostQuantum => f.write_str("age, post-quantum"),
            Self::AgeTag => f.write_str("age, hardware key"),
            Self::AgePlugin(name) => write!(f, "age plug-in {name}"),
            Self::SshEd25519 => f.write_str("SSH Ed25519"),
            Self::SshRsa => f.write_str("SSH RSA"),
            Self::KmsKey => f.write_str("AWS KMS key"),
            Self::KmsAlias => f.write_str("AWS KMS alias"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_apart() {
        use RecipientKind as Kind;
        let key = "arn:aws:kms:eu-west-1:111122223333:key/1234";
        for (text, expected) in [
            ("age1qqq", Ok(Kind::Age)),
            ("age1pq1qqq", Ok(Kind::AgePostQuantum)),
            ("age1tagpq1qqq", Ok(Kind::AgePostQuantum)),
            ("age1tag1qqq", Ok(Kind::AgeTag)),
            ("age1yubikey1q", Ok(Kind::AgePlugin("yubikey".to_owned()))),
            ("ssh-ed25519 AAAA alice@example", Ok(Kind::SshEd25519)),
            ("ssh-rsa AAAA", Ok(Kind::SshRsa)),
            ("ssh-rsa", Err(NotARecipient::Unknown)),
            (key, Ok(Kind::KmsKey)),
            (&format!("kms:{key}"), Ok(Kind::KmsKey)),
            (
                "arn:aws-cn:kms:cn-north-1:111122223333:alias/x",
                Ok(Kind::KmsAlias),
            ),
            ("kms:alias/x", Ok(Kind::KmsAlias)),
            ("kms:alias/", Err(NotARecipient::Unknown)),
            (
                "arn:aws:iam::111122223333:role/x",
                Err(NotARecipient::Unknown),
            ),
            (
                "arn:aws:kms:eu-west-1:1:key/1234",
                Err(NotARecipient::Unknown),
            ),
            ("staging.pem", Err(NotARecipient::File)),
            ("https://a.example/cert", Err(NotARecipient::File)),
            (
                "-----BEGIN PRIVATE KEY-----",
                Err(NotARecipient::PrivateKey),
            ),
            ("age-secret-key-1qqq", Err(NotARecipient::PrivateKey)),
            ("AGE-PLUGIN-YUBIKEY-1Q", Err(NotARecipient::PrivateKey)),
            ("hunter2", Err(NotARecipient::Unknown)),
        ] {
            assert_eq!(Kind::of(text), expected, "{text}");
        }
    }
}
