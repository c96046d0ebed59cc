//! Why readers are not changed: rules W2 and W3 (docs/format.md).

use seal_format::se1::RecipientName;

use crate::command::rekey::LegacyError;
use crate::config::KnownError;

/// Nothing was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadersError {
    #[error(
        "the rule for this file ({rule}) does not name {readers}; name them there, or confirm them with --accept-new-recipients"
    )]
    NotInRule { rule: String, readers: String },
    #[error(
        "{readers} could not read {items} before; if they shall, by {rule}, confirm with --accept-new-recipients"
    )]
    New {
        readers: String,
        items: String,
        rule: String,
    },
    #[error("nobody would be left to read {0}; add a reader first, or remove these items")]
    Nobody(String),
    #[error(
        "{}: a reader that stays, whose public key is not here; name the certificate with --cert FILE", list(.0)
    )]
    NoCertificate(Vec<RecipientName>),
    #[error(
        "only some data keys are for {readers}: --drop-readers leaves them out{}",
        if *.by_rule {
            ", --accept-new-recipients lets those that the rule names read all"
        } else {
            "; to let them read all, add them first (seal recipients add)"
        }
    )]
    Differ { readers: String, by_rule: bool },
    #[error(
        "the rule ({rule}) names a KMS key by an alias, which can be pointed elsewhere; name the key by its ARN to have files follow the rule"
    )]
    Alias { rule: String },
    #[error(
        "which certificate is the old one? Say with --old-cert FILE (or rsa:…, as listed), or --private-key FILE; there are: {0}"
    )]
    WhichOld(String),
    #[error("{item}, in the legacy format: {reason}")]
    Legacy { item: String, reason: LegacyError },
    #[error(
        "it holds a whole Secret as one value (spec.data), of which nothing can be changed; seal the Secret again"
    )]
    Whole,
    #[error(transparent)]
    Known(#[from] KnownError),
}

fn list(names: &[RecipientName]) -> String {
    let names: Vec<_> = names.iter().map(RecipientName::as_str).collect();
    names.join(", ")
}
