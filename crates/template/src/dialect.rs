//! Whose templates these are: the same language, other functions, another answer to a missing key.

/// Whose templates these are. Both are Go's text/template; they differ in their functions
/// ([`supported`](crate::supported)) and in what a key that a map does not have means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// `spec.template.data` of a `SealedSecret`: a missing key is no value, and there is no clock.
    #[default]
    SealedSecrets,
    /// `spec.target.template` of an `ExternalSecret`: a missing key is an error.
    ExternalSecrets,
}

/// What a field of a map stands for that has no such key: Go's option `missingkey`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingKey {
    /// No value, which prints `<no value>`.
    NoValue,
    /// The render fails.
    Fails,
}

impl Dialect {
    /// What a missing key means, if nobody says otherwise.
    pub(crate) fn missing_key(self) -> MissingKey {
        match self {
            Self::SealedSecrets => MissingKey::NoValue,
            Self::ExternalSecrets => MissingKey::Fails,
        }
    }
}

/// What opens and closes an action. External Secrets has flags for other ones
/// (`--template-left-delimiter`); here is their place.
pub(crate) const DELIMITERS: (&str, &str) = ("{{", "}}");
