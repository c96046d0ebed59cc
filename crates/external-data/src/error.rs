//! Why values could not be made.

use std::borrow::Cow;

use crate::bounds::Exceeded;

/// Longest name that a message shows whole, in bytes: a status holds a few thousand, and why it failed comes
/// after the name.
const LONGEST: usize = 512;

/// Beginning and end of a name that is too long.
fn short(name: &str) -> Cow<'_, str> {
    if name.len() <= LONGEST {
        return Cow::Borrowed(name);
    }
    let begin = name.floor_char_boundary(LONGEST / 2);
    let end = name.ceil_char_boundary(name.len() - LONGEST / 2);
    Cow::Owned(format!("{}…{}", &name[..begin], &name[end..]))
}

/// Names what is at fault, never a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DataError {
    /// A path leads nowhere.
    #[error("key {} does not exist in secret {key}", short(.property))]
    NoProperty {
        /// The path.
        property: String,
        /// The secret.
        key: String,
    },
    /// A path costs too much.
    #[error("property {} of secret {key}: {reason}", short(.property))]
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
        "secret name collision during conversion: two keys become {}; give them other keys with \
         rewrite, or set conversionStrategy to Unicode",
        short(.0)
    )]
    Collision(String),
    /// No key of a Secret.
    #[error(
        "key {:?} is not a key that a Secret may have (letters, digits, -, _ and ., at most 253): \
         change it with rewrite, or set conversionStrategy",
        short(.0)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_leaves_room_for_the_reason() {
        let long = format!("first{}last", "ä".repeat(50_000));
        let key = || "prod/db".to_owned();
        for (error, reason) in [
            (
                DataError::NoProperty {
                    property: long.clone(),
                    key: key(),
                },
                "last does not exist in secret prod/db",
            ),
            (
                DataError::Property {
                    property: long.clone(),
                    key: key(),
                    reason: json_property::Exceeded::Bytes,
                },
                "last of secret prod/db: ",
            ),
            (DataError::Collision(long.clone()), "last; give them"),
            (DataError::Key(long.clone()), "last\" is not a key"),
        ] {
            let text = error.to_string();
            assert!(text.len() < 1_024 && text.contains("first"), "{text}");
            assert!(text.contains(reason), "{text}");
        }
        assert_eq!(short("a.b"), "a.b");
    }
}
