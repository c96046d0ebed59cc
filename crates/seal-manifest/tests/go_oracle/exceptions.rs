//! Every way in which our reader differs from Go's, with its reason. Any other difference fails.

use crate::oracle::Answer;
use seal_manifest::{ReadError, SyntaxReason};

/// One text and what became of it.
pub(crate) struct Case<'a> {
    pub(crate) text: &'a str,
    pub(crate) ours: &'a Result<String, ReadError>,
    pub(crate) theirs: &'a Answer,
}

pub(crate) struct Exception {
    pub(crate) reason: &'static str,
    pub(crate) applies: fn(&Case<'_>) -> bool,
}

impl Case<'_> {
    fn refused_for(&self, reasons: &[SyntaxReason]) -> bool {
        matches!(self.ours, Err(ReadError::Syntax { reason, .. }) if reasons.contains(reason))
    }

    fn go_says(&self, fragments: &[&str]) -> bool {
        let Answer::Error(error) = self.theirs else {
            return false;
        };
        self.ours.is_ok() && fragments.iter().any(|fragment| error.contains(fragment))
    }

    fn has(&self, characters: &[char]) -> bool {
        self.text.contains(characters)
    }
}

pub(crate) const EXCEPTIONS: &[Exception] = &[
    Exception {
        reason: "refused: a key given twice; Go keeps the last value and says nothing",
        applies: |case| matches!(case.ours, Err(ReadError::DuplicateKey { .. })),
    },
    Exception {
        reason: "refused or read: what follows `...` or the end of the first document; Go drops it",
        applies: |case| {
            case.text.contains("\n...")
                || matches!(case.ours, Err(ReadError::Syntax { document: 2, .. }))
        },
    },
    Exception {
        reason: "a key beside `<<` wins wherever it stands; in Go the later one wins",
        applies: |case| case.ours.is_ok() && case.text.contains("<<"),
    },
    Exception {
        reason: "refused: `!!binary` that is not UTF-8; Go replaces the bytes",
        applies: |case| case.refused_for(&[SyntaxReason::BinaryNotText]),
    },
    Exception {
        reason: "read: infinity and not-a-number, which become strings; Go cannot put them in JSON",
        applies: |case| case.go_says(&["json: unsupported value"]),
    },
    Exception {
        reason: "refused: U+0085, U+2028, U+2029 and lone carriage returns break lines in one YAML and not in the other",
        applies: |case| case.ours.is_err() && case.has(&['\u{85}', '\u{2028}', '\u{2029}', '\r']),
    },
    Exception {
        reason: "inside of `[…]` and `{…}`, words next to `:`, `?`, `-`, `#` and `!` are YAML 1.2's",
        applies: |case| case.has(&['[', '{']),
    },
    Exception {
        reason: "refused: tags that YAML 1.2 does not know",
        applies: |case| case.has(&['!']) && case.refused_for(&[SyntaxReason::Tag]),
    },
    Exception {
        reason: "refused: a byte order mark inside of the text; Go makes a name of it",
        applies: |case| case.ours.is_err() && case.has(&['\u{feff}']),
    },
    Exception {
        reason: "refused: a comment that touches `|` or `>`",
        applies: |case| {
            case.refused_for(&[SyntaxReason::Yaml])
                && (case.text.contains("|#") || case.text.contains(">#"))
        },
    },
    Exception {
        reason: "read: JSON's escapes `\\/` and surrogate pairs in YAML; Go's YAML parser does not know them",
        applies: |case| {
            case.go_says(&[
                "unknown escape character",
                "invalid Unicode character escape code",
            ])
        },
    },
    Exception {
        reason: "read: anchor names, tags and tabs that YAML 1.2 allows and Go's parser does not",
        applies: |case| {
            case.go_says(&[
                "did not find expected alphabetic or numeric character",
                "did not find expected whitespace or line break",
                "found a tab character",
                "found character that cannot start any token",
                "did not find expected node content",
                "are not allowed in this context",
                "unsupported map key of type: %!s(<nil>)",
            ])
        },
    },
];
