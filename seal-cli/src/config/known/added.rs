//! What is new, and how people are told.

use std::fmt::{self, Write as _};
use std::path::Path;

use crate::config::{Matched, lookup};

/// A recipient that could not read before, a scope that was narrower, or another place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Added {
    /// Line of the rule, from one.
    pub(crate) line: usize,
    /// Its path pattern.
    pub(crate) rule: String,
    /// The recipient's name or the recipient itself, the scope, or the place.
    pub(crate) what: String,
    /// What wraps say; `None` when nobody was asked.
    pub(crate) to: Option<String>,
}

impl fmt::Display for Added {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (line {}, {})", self.what, self.line, self.rule)?;
        match self.to.as_ref().filter(|to| **to != self.what) {
            Some(to) => write!(f, ": {to}"),
            None => Ok(()),
        }
    }
}

/// Why nothing is sealed, and what confirming it would confirm besides.
pub(crate) fn text(matched: &Matched, added: &[Added], others: &[Added]) -> String {
    let config = lookup::shown(&matched.config);
    let file = lookup::shown(&matched.origin.file);
    let mut text = format!(
        "{config} has more readers for {file}, a wider scope or another place than its rules had when you last used them:"
    );
    for added in added {
        let _ = write!(text, "\n  {added}");
    }
    let _ = write!(
        text,
        "\nfind out who changed it (git log -p -- {config}), then confirm with --accept-new-recipients"
    );
    if !others.is_empty() {
        text.push_str(", which confirms these, too:");
    }
    for other in others {
        let _ = write!(text, "\n  {other}");
    }
    text
}

/// The same where only the pinned file could confirm.
pub(crate) fn pinned_text(matched: &Matched, added: &[Added], pinned: &Path) -> String {
    let config = lookup::shown(&matched.config);
    let file = lookup::shown(&matched.origin.file);
    let pinned = pinned.display();
    let mut text = format!(
        "{config} has more readers for {file}, a wider scope or another place than {pinned} allows:"
    );
    for added in added {
        let _ = write!(text, "\n  {added}");
    }
    text.push_str("\nwrite them into that file, once they are confirmed");
    text
}
