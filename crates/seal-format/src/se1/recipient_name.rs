//! Who a wrap is for, as `to` names them.

use std::fmt;

use data_encoding::HEXLOWER;

use super::canonical;
use super::fault::Fault;
use super::fields::Fields;
use super::limits::MAX_RECIPIENT_NAME;

/// A recipient's name in its one spelling.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecipientName {
    text: String,
    kind: RecipientKind,
}

/// Kinds of recipients; they differ in how a data key is wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecipientKind {
    /// `age1…`: X25519, tag or plug-in recipients.
    Age,
    /// `ssh-ed25519 …`, `ssh-rsa …`: as age uses SSH keys.
    Ssh,
    /// The ARN of a symmetric AWS KMS key.
    Kms,
    /// `rsa:` and the SHA-256 of an RSA public key: a cluster's certificate, or an RSA key in KMS.
    Rsa,
}

impl RecipientKind {
    /// Whether its wraps are age files, written with armor.
    pub fn is_age_file(self) -> bool {
        matches!(self, Self::Age | Self::Ssh)
    }
}

impl RecipientName {
    /// Reads a `to`.
    ///
    /// # Errors
    /// [`Fault::UnknownRecipient`], [`Fault::TooLarge`].
    pub fn from_text(text: &str) -> Result<Self, Fault> {
        if text.len() > MAX_RECIPIENT_NAME {
            return Err(Fault::TooLarge);
        }
        let kind = kind(text).ok_or(Fault::UnknownRecipient)?;
        Ok(Self {
            text: text.to_owned(),
            kind,
        })
    }

    /// Of an RSA public key, by the SHA-256 of its `SubjectPublicKeyInfo`.
    pub fn of_rsa(spki_sha256: &[u8; 32]) -> Self {
        Self {
            text: format!("rsa:{}", HEXLOWER.encode(spki_sha256)),
            kind: RecipientKind::Rsa,
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What kind it is.
    pub fn kind(&self) -> RecipientKind {
        self.kind
    }
}

impl fmt::Display for RecipientName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn kind(text: &str) -> Option<RecipientKind> {
    if let Some(rest) = text.strip_prefix("age1") {
        // Bech32 in lower case; plug-ins' names may hold more than letters and digits.
        let legal = |byte: u8| {
            byte.is_ascii_lowercase()
                || byte.is_ascii_digit()
                || matches!(byte, b'-' | b'_' | b'.' | b'+')
        };
        return (!rest.is_empty() && rest.bytes().all(legal)).then_some(RecipientKind::Age);
    }
    if let Some(hex) = text.strip_prefix("rsa:") {
        let legal = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        return (hex.len() == 64 && hex.bytes().all(legal)).then_some(RecipientKind::Rsa);
    }
    if text.starts_with("arn:") {
        return is_key_arn(text).then_some(RecipientKind::Kms);
    }
    is_ssh_key(text).then_some(RecipientKind::Ssh)
}

/// The key type, one space, the key; no comment.
fn is_ssh_key(text: &str) -> bool {
    let Some((kind, key)) = text.split_once(' ') else {
        return false;
    };
    let Ok(blob) = canonical::decode(key) else {
        return false;
    };
    // The blob begins with the type's name, after its length (RFC 4253 §6.6).
    let named = blob.starts_with(Fields::new(kind).bytes());
    matches!(kind, "ssh-ed25519" | "ssh-rsa") && named
}

/// `arn:PARTITION:kms:REGION:ACCOUNT:key/ID`. An alias can be pointed elsewhere: never stored.
fn is_key_arn(text: &str) -> bool {
    let word = |text: &str| {
        let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !text.is_empty() && text.bytes().all(legal)
    };
    let parts: Vec<_> = text.split(':').collect();
    let ["arn", partition, "kms", region, account, resource] = parts.as_slice() else {
        return false;
    };
    let Some(id) = resource.strip_prefix("key/") else {
        return false;
    };
    (*partition == "aws" || partition.strip_prefix("aws-").is_some_and(word))
        && word(region)
        && account.len() == 12
        && account.bytes().all(|byte| byte.is_ascii_digit())
        && word(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_apart_and_strange_ones_refused() {
        use RecipientKind::{Age, Kms, Rsa, Ssh};
        let hex = "0".repeat(64);
        let ed25519 =
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        for (text, kind) in [
            ("age1qqqq", Some(Age)),
            ("age1", None),
            ("AGE1QQQQ", None),
            ("age1 qq", None),
            (ed25519, Some(Ssh)),
            (&format!("{ed25519} me@host"), None),
            (&ed25519.replace("ed25519 ", "rsa "), None),
            (&ed25519.replace(" AAAAC3Nz", " AAAADHNz"), None),
            ("ssh-dss AAAA", None),
            ("arn:aws:kms:eu-west-1:111122223333:key/mrk-1a", Some(Kms)),
            ("arn:aws-cn:kms:cn-north-1:111122223333:key/1-2", Some(Kms)),
            ("arn:aws:kms:eu-west-1:111122223333:alias/x", None),
            ("arn:awsome:kms:eu-west-1:111122223333:key/x", None),
            ("arn:aws:kms:eu-west-1:1111:key/x", None),
            ("arn:aws:s3:::bucket", None),
            (&format!("rsa:{hex}"), Some(Rsa)),
            (&format!("rsa:{}", "A".repeat(64)), None),
            ("", None),
        ] {
            let found = RecipientName::from_text(text).map(|name| name.kind()).ok();
            assert_eq!(found, kind, "{text}");
        }
        let long = format!("age1{}", "q".repeat(MAX_RECIPIENT_NAME));
        assert_eq!(RecipientName::from_text(&long), Err(Fault::TooLarge));
    }
}
