//! What was passed over while keys were looked for.

use std::fmt;

/// A key that cannot be used; the others can. It shows nothing of the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Warning {
    /// A path, or the name of a variable.
    pub(crate) from: String,
    /// Counted from 1, where there are lines.
    pub(crate) line: Option<usize>,
    pub(crate) reason: String,
    /// Whether someone named the place; of the usual places only people who search want to hear.
    pub(crate) named: bool,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.from)?;
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        f.write_str(&self.reason)
    }
}
