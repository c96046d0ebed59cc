//! Texts become the same values.
