//! Why a SealedSecret does not open.

use std::fmt;

use seal_format::EnvelopeError;
use seal_format::se1::Fault;
use template::ParseError;

use crate::whole_secret::WholeSecretError;

/// Why a SealedSecret does not open: every reason with the items it holds for, or with none where that
/// would depend on their values.
#[derive(Debug, PartialEq, Eq)]
pub struct OpenError(pub(crate) Vec<(ItemError, Vec<String>)>);

/// Items of one fault that are told by name.
const MOST_ITEMS_TOLD: usize = 10;

/// Why one item does not open. Holds no text of values or templates, and nothing that follows from a
/// value that could be opened.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ItemError {
    /// Not base64.
    #[error("illegal base64 data at input byte {0}")]
    Base64(usize),
    /// Not an envelope, other key, other place, or changed bytes: not told apart.
    #[error("no key could decrypt secret")]
    NoKey,
    /// Another value does not open, and a service would have had to be asked for this one.
    #[error("not tried, as others do not open")]
    NotTried,
    /// A data key or a value of SE1 is refused.
    #[error("{0}")]
    Se1(Fault),
    /// The template of that name cannot be rendered, whatever the items.
    #[error("template: {0}")]
    Template(#[from] ParseError),
    /// Some template failed on these items. Nothing more: whoever may write the template chooses where,
    /// in which function and in which way it fails on which value.
    #[error(
        "a template failed while it was rendered; check its functions and limits against the items (which template, where and why is never told: it can depend on values)"
    )]
    Rendering,
    /// `spec.data` and `spec.encryptedData` together.
    #[error("spec.data and spec.encryptedData cannot be used at the same time")]
    BothFormats,
    /// `spec.data` holds no Secret.
    #[error("{0}")]
    Whole(#[from] WholeSecretError),
    /// As many answers are needed as there are values.
    #[error("the number of unwrapped keys does not fit")]
    Answers,
}

impl ItemError {
    /// The class of SE1, if it is one.
    pub fn fault(&self) -> Option<Fault> {
        match self {
            Self::Se1(fault) => Some(*fault),
            _ => None,
        }
    }
}

impl OpenError {
    pub(crate) fn none() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn of(error: ItemError, item: &str) -> Self {
        Self(vec![(error, vec![item.to_owned()])])
    }

    pub(crate) fn add(&mut self, error: ItemError, item: &str) {
        match self.0.iter_mut().find(|(known, _)| *known == error) {
            Some((_, items)) => items.push(item.to_owned()),
            None => self.0.push((error, vec![item.to_owned()])),
        }
    }

    pub(crate) fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() {
            Ok(value)
        } else {
            Err(self)
        }
    }

    /// The class of SE1, if a reason has one: of several the one of the earliest step.
    pub fn fault(&self) -> Option<Fault> {
        let faults = self.0.iter().filter_map(|(error, _)| error.fault());
        faults.min_by_key(|fault| fault.step())
    }

    /// The reasons, each with the items it holds for; [`ItemError::Rendering`] has none.
    pub fn reasons(&self) -> &[(ItemError, Vec<String>)] {
        &self.0
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (error, items)) in self.0.iter().enumerate() {
            let line = if index == 0 { "" } else { "\n" };
            write!(f, "{line}{error}")?;
            // An object may have a hundred thousand items, and a person one screen.
            let (shown, more) = items.split_at(items.len().min(MOST_ITEMS_TOLD));
            if !shown.is_empty() {
                write!(f, " ({}", shown.join(", "))?;
                if !more.is_empty() {
                    write!(f, " and {} more", more.len())?;
                }
                f.write_str(")")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for OpenError {}

impl From<EnvelopeError> for ItemError {
    fn from(error: EnvelopeError) -> Self {
        match error {
            EnvelopeError::Base64(at) => Self::Base64(at),
            _ => Self::NoKey,
        }
    }
}
