//! Result classes (docs/format.md, "Result classes").

/// Why an object, a data key or a value is refused. It says nothing of any plaintext; the caller
/// adds which item or data key it holds for.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The value's tag does not fit.
    #[error(
        "the value was changed, or comes from another item or data key: seal it again from its source"
    )]
    BadValue,
    /// `boundTo` names another namespace or name.
    #[error(
        "the data key was sealed for another object: values cannot be moved, seal them for this one"
    )]
    MovedObject,
    /// `boundTo` names another scope.
    #[error("the data key was sealed for another scope than the annotations say")]
    WrongScope,
    /// The list of wraps, or what they are bound to, was changed.
    #[error(
        "the data key's list of recipients was changed by someone who does not know the key: seal its values again"
    )]
    BadMac,
    /// The wrap holds another data key than the commitment says.
    #[error("the wrap holds another data key than the one committed to: seal its values again")]
    BadCommitment,
    /// The id does not follow from the commitment.
    #[error("the data key's id does not belong to its commitment")]
    BadId,
    /// The wrap does not open, or holds no data key of this format.
    #[error("the wrap for this reader is damaged, or was made for another place")]
    BadWrap,
    /// A value names a data key that is not there.
    #[error(
        "the value's data key is missing from spec.dataKeys (a program that does not know it may have removed it): restore it from Git history, or seal the value again"
    )]
    MissingDataKey,
    /// No wrap is for an identity at hand.
    #[error("no wrap of the data key is for an identity of this reader")]
    NoIdentity,
    /// The service that holds the identity did not do its work: it refused, or did not answer.
    #[error("the service that holds the key did not do its work")]
    Unavailable,
    /// `se2.` and so on.
    #[error("the value has a format of a later version of seal")]
    UnknownVersion,
    /// A `to` of no known kind.
    #[error("a recipient is of no kind that this version knows")]
    UnknownRecipient,
    /// More data keys or wraps than allowed.
    #[error("more than 64 data keys, or more than 16 wraps of one")]
    TooMany,
    /// A part is larger than allowed.
    #[error("a part is larger than the format allows")]
    TooLarge,
    /// A value shorter than its nonce and tag.
    #[error("the value is cut short")]
    Truncated,
    /// Another spelling of the same content.
    #[error("not in canonical form (base64, armor, or the order of wraps)")]
    NotCanonical,
    /// A key stands twice.
    #[error("a key stands twice")]
    Duplicate,
    /// Wrong type, missing or unknown field, or no legal name.
    #[error("not well-formed")]
    Malformed,
}

impl Fault {
    /// The step of a reader that finds it, from the fifth on; zero for those of form, before it.
    pub fn step(self) -> u8 {
        match self {
            Self::NoIdentity => 5,
            Self::Unavailable | Self::BadWrap => 6,
            Self::BadCommitment => 7,
            Self::BadMac => 8,
            Self::BadValue => 9,
            _ => 0,
        }
    }

    /// The class's name, as vectors, JSON output and metrics spell it.
    pub fn class(self) -> &'static str {
        match self {
            Self::BadValue => "bad-value",
            Self::MovedObject => "moved-object",
            Self::WrongScope => "wrong-scope",
            Self::BadMac => "bad-mac",
            Self::BadCommitment => "bad-commitment",
            Self::BadId => "bad-id",
            Self::BadWrap => "bad-wrap",
            Self::MissingDataKey => "missing-data-key",
            Self::NoIdentity => "no-identity",
            Self::Unavailable => "unavailable",
            Self::UnknownVersion => "unknown-version",
            Self::UnknownRecipient => "unknown-recipient",
            Self::TooMany => "too-many",
            Self::TooLarge => "too-large",
            Self::Truncated => "truncated",
            Self::NotCanonical => "not-canonical",
            Self::Duplicate => "duplicate",
            Self::Malformed => "malformed",
        }
    }
}
