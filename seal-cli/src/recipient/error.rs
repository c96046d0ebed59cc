//! Why someone cannot be sealed for. Texts that people gave as recipients are shown shortened: a
//! wrong one may be anything.

use std::path::PathBuf;

use seal_kms::KmsError;

use super::public_key::PublicKeyError;
use super::spelling::SpellingError;
use crate::age::{self, WrapFault};

#[derive(Debug, thiserror::Error)]
pub(crate) enum RecipientError {
    #[error("{origin}: {written}: {reason}")]
    Spelling {
        origin: String,
        written: String,
        reason: SpellingError,
    },
    #[error("cannot read the recipients in {}: {reason}", .path.display())]
    File {
        path: PathBuf,
        reason: std::io::Error,
    },
    #[error("{0} names no recipient; write one a line, or leave it out")]
    Empty(String),
    #[error("recipient {called}: {reason}")]
    Age {
        called: String,
        reason: age::RecipientError,
    },
    #[error("recipient {called}: cannot use the public key in {}: {reason}", .path.display())]
    PublicKey {
        called: String,
        path: PathBuf,
        reason: PublicKeyError,
    },
    #[error(
        "recipient {0}: its name does not fit the format; use the ARN of the key as AWS shows it"
    )]
    Name(String),
    #[error("{0} recipients; a data key has at most 16 (a group can share one age or KMS key)")]
    TooMany(usize),
    #[error("recipient {0}: its key cannot wrap a data key; name another one")]
    Wrap(String),
    #[error("recipient {called}: {reason}")]
    WrapAge {
        called: String,
        reason: Box<WrapFault>,
    },
    /// The reason names the key; a recipient may have a name besides.
    #[error("{}{reason}", named(.called, .reason))]
    Kms { called: String, reason: KmsError },
    #[error("cannot ask AWS KMS: the system gives no runtime; try again")]
    Runtime,
}

impl RecipientError {
    /// The same without what was written.
    pub(super) fn without_text(self) -> Self {
        match self {
            Self::Spelling { origin, reason, .. } => Self::Spelling {
                origin,
                written: NOT_SHOWN.to_owned(),
                reason,
            },
            other => other,
        }
    }

    /// Whether the same may succeed later though nobody changes anything.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(self, Self::Kms { reason, .. } if reason.is_transient())
    }
}

fn named(called: &str, reason: &KmsError) -> String {
    if called.ends_with(&reason.key) {
        return String::new();
    }
    format!("recipient {called}: ")
}

/// In place of what was written.
pub(super) const NOT_SHOWN: &str = "(not shown)";

/// As much of a text as helps to find it.
pub(super) fn shortened(text: &str) -> String {
    const LENGTH: usize = 24;
    let printable = text.chars().map(|c| if c.is_control() { '?' } else { c });
    let mut shown: String = printable.clone().take(LENGTH).collect();
    if printable.count() > LENGTH {
        shown.push('…');
    }
    format!("{shown:?}")
}
