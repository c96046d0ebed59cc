//! Exit codes; `docs/reference/exit-codes.md` says the same.

/// Something went wrong while doing what was asked.
pub(crate) const FAILED: u8 = 1;
/// What was asked cannot be understood.
pub(crate) const USAGE: u8 = 2;
