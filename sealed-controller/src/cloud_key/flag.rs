//! `--sealing-key`: the key in KMS that values are sealed for.

use std::str::FromStr;

use seal_kms::KeyArn;

/// A key in AWS KMS, or none: manifests have variables without value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SealingKeyFlag(pub(crate) Option<KeyArn>);

/// A text names no key that values could be sealed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotASealingKey {
    #[error(
        "an alias can be pointed at another key: give the ARN of the key (aws kms describe-key)"
    )]
    Alias,
    #[error("give kms: and the ARN of an RSA key in AWS KMS (usage ENCRYPT_DECRYPT)")]
    Unknown,
}

impl FromStr for SealingKeyFlag {
    type Err = NotASealingKey;

    fn from_str(text: &str) -> Result<Self, NotASealingKey> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self(None));
        }
        let name = text.strip_prefix("kms:").ok_or(NotASealingKey::Unknown)?;
        if name.starts_with("alias/") || name.contains(":alias/") {
            return Err(NotASealingKey::Alias);
        }
        let key = name.parse().map_err(|_| NotASealingKey::Unknown)?;
        Ok(Self(Some(key)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_keys_that_stay_the_same_are_taken() {
        let arn = "arn:aws:kms:eu-central-1:111122223333:key/a";
        let key = format!("kms:{arn}");
        let alias = "kms:arn:aws:kms:eu-central-1:111122223333:alias/seal";
        for (text, expected) in [
            (key.as_str(), Ok(Some(arn.parse().unwrap()))),
            ("", Ok(None)),
            (" ", Ok(None)),
            (arn, Err(NotASealingKey::Unknown)),
            ("kms:", Err(NotASealingKey::Unknown)),
            ("age1x", Err(NotASealingKey::Unknown)),
            (alias, Err(NotASealingKey::Alias)),
            ("kms:alias/seal", Err(NotASealingKey::Alias)),
        ] {
            let read = text.parse::<SealingKeyFlag>();
            assert_eq!(read.map(|flag| flag.0), expected, "{text}");
        }
    }
}
