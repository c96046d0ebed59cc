//! Why an input could not be read: positions and kinds, never text of the input.

use thiserror::Error;

/// An input that is no stream of manifests. Documents, lines and columns count from one.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadError {
    /// PowerShell's `>` writes UTF-16 by default.
    #[error(
        "the input is UTF-16 text, not UTF-8; in PowerShell write it with `| Out-File -Encoding utf8` instead of `>`, or convert it with `iconv -f UTF-16 -t UTF-8`"
    )]
    Utf16,
    /// Bytes that are no UTF-8.
    #[error(
        "line {line}: the input is not UTF-8 text; binary values belong base64-encoded under `data`"
    )]
    NotUtf8 {
        /// Line of the first such byte.
        line: usize,
    },
    /// Neither YAML nor JSON.
    #[error("document {document}, line {line}, column {column}: {reason}")]
    Syntax {
        /// Number among the documents that are not blank.
        document: usize,
        /// Where reading stopped.
        line: usize,
        /// Where reading stopped, in characters.
        column: usize,
        /// What is wrong there.
        reason: SyntaxReason,
    },
    /// kubectl would silently drop one of the two values.
    #[error(
        "document {document}, line {line}: this key was already given on line {first_line} of the input; keep one of the two"
    )]
    DuplicateKey {
        /// Number among the documents that are not blank.
        document: usize,
        /// Line of the second key.
        line: usize,
        /// Line of the first key.
        first_line: usize,
    },
    /// A list or a bare word where a manifest belongs.
    #[error(
        "document {document}, line {line}: expected a manifest (keys and values such as `kind: Secret`), found something else"
    )]
    NotAMapping {
        /// Number among the documents that are not blank.
        document: usize,
        /// First line of the document.
        line: usize,
    },
    /// Nested deeper than any manifest.
    #[error("document {document}, line {line}: nested more than {limit} levels deep")]
    TooDeep {
        /// Number among the documents that are not blank.
        document: usize,
        /// Where the limit was passed.
        line: usize,
        /// Levels that are allowed.
        limit: usize,
    },
    /// More values than any manifest.
    #[error("document {document}, line {line}: more than {limit} values in one document; split it")]
    TooLarge {
        /// Number among the documents that are not blank.
        document: usize,
        /// Where the limit was passed.
        line: usize,
        /// Values that are allowed.
        limit: usize,
    },
    /// Aliases that multiply: the document would not fit in memory.
    #[error(
        "document {document}, line {line}: aliases (`*name`) make this document too large; write the values out"
    )]
    TooManyAliases {
        /// Number among the documents that are not blank.
        document: usize,
        /// Where the limit was passed.
        line: usize,
    },
}

impl ReadError {
    /// The same error in an input that has `documents` more before it.
    pub(crate) fn after(mut self, documents: usize) -> Self {
        match &mut self {
            Self::Utf16 | Self::NotUtf8 { .. } => {}
            Self::Syntax { document, .. }
            | Self::DuplicateKey { document, .. }
            | Self::NotAMapping { document, .. }
            | Self::TooDeep { document, .. }
            | Self::TooLarge { document, .. }
            | Self::TooManyAliases { document, .. } => *document += documents,
        }
        self
    }
}

/// What is wrong with the text of a document, and what to do about it.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SyntaxReason {
    /// A tab where YAML wants spaces.
    #[error("a tab is used for indentation; YAML wants spaces")]
    Tab,
    /// Helm or Go template braces.
    #[error(
        "this looks like a template (`{{{{ … }}}}`), not a manifest; render it first, for example with `helm template`"
    )]
    TemplateBraces,
    /// A quote or bracket that never closes.
    #[error("a quote or bracket is opened and never closed")]
    Unclosed,
    /// A quoted string over several lines, the next of which is not indented.
    #[error(
        "a quoted string is never closed, or goes on in a line that is not indented; close it, or indent its lines deeper than its key"
    )]
    QuotedIndentation,
    /// Lines that do not line up.
    #[error("the indentation does not fit the lines above")]
    Indentation,
    /// `key: value: value`, or text between keys.
    #[error(
        "expected `key: value`; a value that holds `: ` or begins with a special character needs quotes"
    )]
    KeyExpected,
    /// `*name` without `&name` before it, or inside of it.
    #[error("an alias (`*name`) refers to no complete anchor (`&name`) above it")]
    UnknownAlias,
    /// `!!int abc`, `!!binary` that is no base64, a broken tag.
    #[error("a tag (`!…`) does not fit its value")]
    Tag,
    /// `!!binary` bytes that are no text.
    #[error(
        "a `!!binary` value is not UTF-8 text; put it base64-encoded under `data`, without the tag"
    )]
    BinaryNotText,
    /// A key that is null, a list, a mapping, or a number beyond 64 bits.
    #[error("a key is empty, a list, a mapping, or too large a number; keys are words")]
    Key,
    /// `<<` with something else than mappings.
    #[error("a merge key (`<<`) takes a mapping or a list of mappings")]
    Merge,
    /// An escape that double-quoted text does not know.
    #[error(
        "unknown or incomplete escape in a double-quoted string; use single quotes, or double the backslash"
    )]
    Escape,
    /// Control characters outside of quotes and escapes.
    #[error(
        "an invisible control character or line separator; write it as an escape in a double-quoted string"
    )]
    ControlCharacter,
    /// An object that looks like JSON and is not.
    #[error("not valid JSON")]
    Json,
    /// JSON that ends too early.
    #[error("the JSON object is not complete; the input ends too early")]
    JsonIncomplete,
    /// Anything else.
    #[error("not valid YAML")]
    Yaml,
}
