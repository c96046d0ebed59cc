//! Why a template did not render. Nothing here can hold template text, item values or rendered text:
//! positions are numbers, names come from lists of our own.
//!
//! There are two types because there are two audiences. A [`ParseError`] follows from the template alone.
//! Any other [`TemplateError`] follows from the items, too: a template can fail at line 1 if a password
//! begins with `a` and at line 2 if it begins with `b`, so that line, function and kind spell it out.

use std::fmt;

use thiserror::Error;

/// Where in the template text, counted from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Character in the line, from 1.
    pub column: usize,
}

impl Position {
    /// The position of a byte offset of `source`; offsets past the end mean the end.
    pub(crate) fn of(source: &str, offset: usize) -> Self {
        let bytes = source.as_bytes();
        let before = &bytes[..offset.min(bytes.len())];
        let start = before
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        Self {
            line: before.split(|byte| *byte == b'\n').count(),
            column: before[start..]
                .iter()
                .filter(|byte| **byte & 0xC0 != 0x80)
                .count()
                + 1,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Why a template cannot be rendered with any items. Depends on its text alone: whoever may read the
/// template may read this.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ParseError {
    /// The text is not a Go template.
    #[error("template syntax error at {position}: {problem}")]
    Syntax {
        /// Where the parser stopped.
        position: Position,
        /// What is wrong, in words of our own.
        problem: &'static str,
    },
    /// A function that neither Go nor sprig has. The name is left out unless other tools have such a
    /// function: `{{ hunter2 }}` is a password that lost its quotes.
    #[error("template calls an unknown function{} at {position}", Named(*name))]
    UnknownFunction {
        /// The function, from our list of those that other tools have.
        name: Option<&'static str>,
        /// Where it is called.
        position: Position,
    },
    /// A function that the dialect has and that we refuse.
    #[error("template function {name} at {position} is not supported: {reason}")]
    Refused {
        /// The function, from our table.
        name: &'static str,
        /// Why it is refused.
        reason: &'static str,
        /// Where it is called.
        position: Position,
    },
}

/// Why a template did not render. All but [`Self::Parse`] depends on the items: for those only who may
/// read the items.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// It can be rendered with no items whatever.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// The template needs more steps than [`Limits::steps`](crate::Limits::steps).
    #[error("template takes too many steps (stopped at {position})")]
    TooManySteps {
        /// What ran when the budget was used up.
        position: Position,
    },
    /// The output or the values on the way to it exceed their limits.
    #[error("template output or an intermediate value is too large (stopped at {position})")]
    TooLarge {
        /// What ran when the budget was used up.
        position: Position,
    },
    /// Templates call each other, or values are nested, too deeply.
    #[error("template is nested too deeply at {position}")]
    TooDeep {
        /// What ran when the limit was reached.
        position: Position,
    },
    /// The template asked for something that cannot be done with these values.
    #[error("template failed at {position}{}: {kind}", InFunction(*function))]
    Failed {
        /// The action or argument that failed.
        position: Position,
        /// The function that failed, from our table.
        function: Option<&'static str>,
        /// In what way.
        kind: Failure,
    },
}

/// In what way an action failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Failure {
    /// A value of the wrong type was given.
    #[error("a value has the wrong type")]
    WrongType,
    /// A value is missing where one is needed.
    #[error("a value is missing")]
    MissingValue,
    /// Too few or too many arguments.
    #[error("wrong number of arguments")]
    ArgumentCount,
    /// An index or a range is outside its value.
    #[error("an index is out of range")]
    OutOfRange,
    /// A value cannot be read as what the function expects (JSON, version, date, ...).
    #[error("a value cannot be parsed")]
    Unparsable,
    /// The regular expression is invalid or too large.
    #[error("the regular expression is invalid")]
    BadPattern,
    /// Two values that have no order or equality.
    #[error("values cannot be compared")]
    Incomparable,
    /// A password that does not open a file.
    #[error("the password does not open the file")]
    WrongPassword,
    /// Text that a key does not decrypt.
    #[error("a value cannot be decrypted")]
    Undecryptable,
    /// Certificates that are no chain from one leaf.
    #[error("the certificates are not one chain")]
    NotAChain,
    /// Division by zero.
    #[error("division by zero")]
    DivisionByZero,
    /// A field of something that has no such field.
    #[error("a value has no such field")]
    NoSuchField,
    /// A key that a map does not have, where that is an error.
    #[error("a map has no such key")]
    NoSuchKey,
    /// `range` over something that has no elements.
    #[error("a value cannot be iterated over")]
    NotIterable,
    /// A value that would contain itself.
    #[error("a value would contain itself")]
    Cycle,
    /// `template` names a template that is not defined.
    #[error("the named template is not defined")]
    NoSuchTemplate,
    /// The template itself called `fail`.
    #[error("the template asked to fail")]
    Deliberate,
    /// The function cannot do this yet.
    #[error("this use is not supported")]
    Unsupported,
}

/// What a function reports; the evaluator adds position and name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Failed(Failure),
    TooManySteps,
    TooLarge,
    TooDeep,
}

impl From<Failure> for Fault {
    fn from(kind: Failure) -> Self {
        Self::Failed(kind)
    }
}

impl Fault {
    pub(crate) fn at(self, position: Position, function: Option<&'static str>) -> TemplateError {
        match self {
            Self::Failed(kind) => TemplateError::Failed {
                position,
                function,
                kind,
            },
            Self::TooManySteps => TemplateError::TooManySteps { position },
            Self::TooLarge => TemplateError::TooLarge { position },
            Self::TooDeep => TemplateError::TooDeep { position },
        }
    }
}

struct Named(Option<&'static str>);

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |name| write!(f, " `{name}`"))
    }
}

struct InFunction(Option<&'static str>);

impl fmt::Display for InFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |name| write!(f, " in `{name}`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters() {
        let source = "ab\né{{x}}";
        assert_eq!(Position::of(source, 0), Position { line: 1, column: 1 });
        assert_eq!(Position::of(source, 5), Position { line: 2, column: 2 });
        assert_eq!(Position::of(source, 99), Position { line: 2, column: 7 });
    }
}
