//! Why values could not be made.

use crate::bounds::Exceeded;

/// Names what is at fault, never a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DataError {
    /// A path leads nowhere.
    #[error("key {property} does not exist in secret {key}")]
    NoProperty {
        /// The path.
        property: String,
        /// The secret.
        key: String,
    },
    /// A path costs too much.
    #[error("property {property} of secret {key}: {reason}")]
    Property {
        /// The path.
        property: String,
        /// The secret.
        key: String,
        /// Why.
        reason: json_property::Exceeded,
    },
    /// The secret is no JSON object.
    #[error("unable to unmarshal secret {0}: it is not a JSON object")]
    NotAnObject(String),
    /// Two keys become the same.
    #[error(
        "secret name collision during conversion: two keys become {0}; give them other keys with \
         rewrite, or set conversionStrategy to Unicode"
    )]
    Collision(String),
    /// No key of a Secret.
    #[error(
        "key {0:?} is not a key that a Secret may have (letters, digits, -, _ and ., at most 253): \
         change it with rewrite, or set conversionStrategy"
    )]
    Key(String),
    /// It cannot be decoded.
    #[error(
        "key {key}: the value is not {encoding}: set decodingStrategy to what it is, or to None"
    )]
    Decode {
        /// Key of the value.
        key: String,
        /// What it should have been.
        encoding: &'static str,
    },
    /// It has a zero byte.
    #[error("key {0}: the value has a zero byte, which nullBytePolicy Fail refuses")]
    NullByte(String),
    /// A rewrite could not be done.
    #[error("rewrite {index}: {reason}")]
    Rewrite {
        /// Which of the list, from zero.
        index: usize,
        /// Why.
        reason: RewriteError,
    },
}

/// Why a rewrite could not be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RewriteError {
    /// No regular expression.
    #[error("source: {0}")]
    Expression(#[from] go_regexp::BadExpression),
    /// No template, or it failed.
    #[error("the template cannot be rendered: {0}")]
    Template(String),
    /// It makes no text.
    #[error("the template makes bytes that are no text")]
    NoText,
    /// Keys grow beyond all measure.
    #[error("the keys that it makes are too long")]
    TooLong,
    /// Entries up to here cost too much.
    #[error("{0}")]
    Exceeded(#[from] Exceeded),
    /// A value to merge is no JSON object.
    #[error("merge: the value of key {0} is not a JSON object")]
    NotAnObject(String),
    /// A member of two values.
    #[error(
        "merge: member {member} is in more than one value; give them a conflictPolicy of Ignore, or other names"
    )]
    Conflict {
        /// The member.
        member: String,
    },
    /// A key of `priority` that is not there.
    #[error("merge: key {0} of priority does not exist")]
    Priority(String),
    /// Strategy JSON without a key to put it.
    #[error("merge: strategy JSON needs a key in into")]
    NoInto,
    /// None, or more than one.
    #[error("give one of regexp, transform and merge")]
    NotOne,
}
