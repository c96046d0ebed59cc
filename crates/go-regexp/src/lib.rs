//! Regular expressions as Go reads them. Both run in linear time and came from RE2, but `\d`, `\w`, `\s`
//! and `\b` are ASCII in Go, its classes know no set operations, a `{` may be itself, and `$01` in a
//! replacement is no group. An expression that manifests have had for years must mean the same here.
//!
//! [`compile`] translates into the syntax of the crate [`regex`]; [`expand`] is Go's replacement.
//! `tests/go.rs` compares both with Go.

mod class;
mod expand;
mod parser;

use regex::{Regex, RegexBuilder};

pub use expand::expand;

/// Bytes that a compiled expression may take; its matching state may take as much again.
const PROGRAM_BYTES: usize = 512 << 10;
/// Groups within groups.
const DEPTH: u32 = 50;

/// This is no regular expression of Go's, or too large a one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a regular expression in Go's syntax, or too large a one")]
pub struct BadExpression;

/// Compiles an expression in Go's syntax (`regexp/syntax`), flags `imsU` included.
///
/// # Errors
/// [`BadExpression`]. It does not repeat the expression, which may be part of a secret's template.
///
/// ```
/// let digits = go_regexp::compile(r"^\d+$").unwrap();
/// assert!(digits.is_match("42") && !digits.is_match("٤٢"));
/// ```
pub fn compile(expression: &str) -> Result<Regex, BadExpression> {
    let translated = parser::translate(expression)?;
    RegexBuilder::new(&translated)
        .size_limit(PROGRAM_BYTES)
        .dfa_size_limit(PROGRAM_BYTES)
        .nest_limit(DEPTH)
        .build()
        .map_err(|_| BadExpression)
}
