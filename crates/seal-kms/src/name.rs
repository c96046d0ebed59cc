//! The ways in which people name a KMS key.

use std::fmt;
use std::str::FromStr;

use crate::arn::{KeyArn, Parts, is_key_id};

/// A KMS key as people write it: ARN of a key or of an alias, `alias/NAME`, or a key id; each also behind
/// `kms:`. Only [`KeyArn`] is ever stored, as an alias may point elsewhere tomorrow.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum KeyName {
    /// ARN of a key.
    Key(KeyArn),
    /// ARN of an alias, whole.
    AliasArn {
        /// As it was written.
        arn: String,
        /// The region in it.
        region: String,
    },
    /// `alias/NAME` or a key id, in whichever region and account the caller is.
    Local(String),
}

/// A text names no KMS key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it names no KMS key: give the ARN of a key or of an alias, alias/NAME, or a key id")]
pub struct NotAKeyName;

impl KeyName {
    /// The region in it; `None` where the caller's own is meant.
    pub fn region(&self) -> Option<&str> {
        match self {
            Self::Key(arn) => Some(arn.region()),
            Self::AliasArn { region, .. } => Some(region),
            Self::Local(_) => None,
        }
    }
}

impl From<KeyArn> for KeyName {
    fn from(arn: KeyArn) -> Self {
        Self::Key(arn)
    }
}

/// As KMS takes it for `KeyId`.
impl fmt::Display for KeyName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(arn) => arn.fmt(out),
            Self::AliasArn { arn, .. } => out.write_str(arn),
            Self::Local(name) => out.write_str(name),
        }
    }
}

impl FromStr for KeyName {
    type Err = NotAKeyName;

    fn from_str(text: &str) -> Result<Self, NotAKeyName> {
        let text = text.strip_prefix("kms:").unwrap_or(text);
        if let Ok(arn) = text.parse() {
            return Ok(Self::Key(arn));
        }
        if let Some(parts) = Parts::of(text).filter(|parts| is_alias(parts.resource)) {
            return Ok(Self::AliasArn {
                arn: text.to_owned(),
                region: parts.region.to_owned(),
            });
        }
        if is_alias(text) || is_bare_id(text) {
            return Ok(Self::Local(text.to_owned()));
        }
        Err(NotAKeyName)
    }
}

fn is_alias(text: &str) -> bool {
    text.len() <= 256
        && text.strip_prefix("alias/").is_some_and(|name| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-'))
        })
}

/// Stricter than within an ARN: `staging` is a forgotten `alias/`, not an id.
fn is_bare_id(text: &str) -> bool {
    let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match text.strip_prefix("mrk-") {
        Some(rest) => rest.len() == 32 && hex(rest),
        None => {
            is_key_id(text)
                && text.split('-').map(str::len).eq([8, 4, 4, 4, 12])
                && hex(&text.replace('-', ""))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form() {
        let arn = "arn:aws:kms:eu-central-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab";
        let alias = "arn:aws-cn:kms:cn-north-1:111122223333:alias/team/seal_1";
        for (text, region) in [
            (arn, Some("eu-central-1")),
            (alias, Some("cn-north-1")),
            ("alias/seal", None),
            ("1234abcd-12ab-34cd-56ef-1234567890ab", None),
            ("mrk-1234abcd12ab34cd56ef1234567890ab", None),
        ] {
            for written in [text.to_owned(), format!("kms:{text}")] {
                let name: KeyName = written.parse().unwrap();
                assert_eq!((name.to_string().as_str(), name.region()), (text, region));
            }
        }
        assert!(matches!(arn.parse(), Ok(KeyName::Key(_))));
    }

    #[test]
    fn refuses_the_rest() {
        for text in [
            "",
            "kms:",
            "kms:kms:alias/x",
            "alias/",
            "alias/a b",
            "alias/ä",
            "staging",
            "1234abcd",
            "mrk-1234",
            "arn:aws:kms:eu-central-1:111122223333:alias/",
            "arn:aws:kms:evil.example:111122223333:alias/x",
            "arn:aws:kms:eu-central-1:111122223333:custom-key-store/x",
        ] {
            assert_eq!(text.parse::<KeyName>(), Err(NotAKeyName), "{text}");
        }
    }
}
