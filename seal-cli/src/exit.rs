//! Exit codes; `docs/reference/exit-codes.md` says the same.

/// Something went wrong while doing what was asked.
pub(crate) const FAILED: u8 = 1;
/// What was asked cannot be understood.
pub(crate) const USAGE: u8 = 2;
/// No wrap of a data key is for an identity at hand.
pub(crate) const NO_IDENTITY: u8 = 3;
/// A sealed object is not as its writer left it, or not of this format.
pub(crate) const REFUSED: u8 = 4;
/// A service that holds a key did not do its work; trying again can help.
pub(crate) const UNAVAILABLE: u8 = 5;
