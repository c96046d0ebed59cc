//! `--wrap-keys-with`: whom new sealing keys are wrapped for.

use std::fmt;
use std::str::FromStr;

use seal_age::{AgeRecipient, AgeRecipientError};
use seal_format::se1::RecipientName;
use seal_kms::KeyArn;

/// Someone who may unwrap sealing keys.
#[derive(Clone)]
pub(crate) enum WrapRecipient {
    /// A symmetric key in AWS KMS.
    Kms(KeyArn),
    /// An age key, such as a person's for the day when KMS is lost.
    Age(Box<AgeRecipient>, RecipientName),
}

/// A text names nobody that sealing keys can be wrapped for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAWrapRecipient {
    #[error("{0}")]
    Age(#[from] AgeRecipientError),
    #[error(
        "an alias can be pointed at another key: give the ARN of the key (aws kms describe-key)"
    )]
    Alias,
    #[error("give kms: and the ARN of a symmetric KMS key, or an age recipient (age1…)")]
    Unknown,
}

impl FromStr for WrapRecipient {
    type Err = NotAWrapRecipient;

    fn from_str(text: &str) -> Result<Self, NotAWrapRecipient> {
        let text = text.trim();
        if text.to_ascii_lowercase().starts_with("age1") {
            let recipient = AgeRecipient::parse(text)?;
            let name = RecipientName::from_text(recipient.name())
                .map_err(|_| NotAWrapRecipient::Unknown)?;
            return Ok(Self::Age(Box::new(recipient), name));
        }
        let name = text.strip_prefix("kms:").unwrap_or(text);
        if name.starts_with("alias/") || name.contains(":alias/") {
            return Err(NotAWrapRecipient::Alias);
        }
        let key = name.parse().map_err(|_| NotAWrapRecipient::Unknown)?;
        Ok(Self::Kms(key))
    }
}

impl fmt::Display for WrapRecipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kms(key) => key.fmt(f),
            Self::Age(_, name) => name.fmt(f),
        }
    }
}

impl fmt::Debug for WrapRecipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_keys_that_stay_the_same_are_taken() {
        let arn = "arn:aws:kms:eu-central-1:111122223333:key/a";
        let age = "age163660ju4k9ayqwd86tmpvhc68vnc8ztdedvxv7dmja2h5a6y9v8qpyf9cy";
        let alias = "arn:aws:kms:eu-central-1:111122223333:alias/seal";
        for (text, expected) in [
            (arn, Ok(arn)),
            (&format!("kms:{arn}"), Ok(arn)),
            (age, Ok(age)),
            (&format!(" {age}\n"), Ok(age)),
            (alias, Err(NotAWrapRecipient::Alias)),
            ("kms:alias/seal", Err(NotAWrapRecipient::Alias)),
            ("kms:1234", Err(NotAWrapRecipient::Unknown)),
            ("", Err(NotAWrapRecipient::Unknown)),
            ("AGE-SECRET-KEY-1", Err(NotAWrapRecipient::Unknown)),
        ] {
            let read = text.parse::<WrapRecipient>();
            let read = read.as_ref().map(ToString::to_string);
            assert_eq!(
                read.as_deref().map_err(|error| (*error).clone()),
                expected,
                "{text}"
            );
        }
        assert!(matches!(
            "age1qqq".parse::<WrapRecipient>(),
            Err(NotAWrapRecipient::Age(_))
        ));
    }
}
