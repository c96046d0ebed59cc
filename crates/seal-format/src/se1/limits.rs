//! Limits that every reader and writer keeps (docs/format.md, "Limits").

/// Entries of `spec.dataKeys`.
pub const MAX_DATA_KEYS: usize = 64;
/// Wraps of one data key.
pub const MAX_WRAPS: usize = 16;
/// Bytes of a recipient's name.
pub const MAX_RECIPIENT_NAME: usize = 4 * 1024;
/// Bytes of a wrap, decoded.
pub const MAX_BLOB: usize = 8 * 1024;
/// Bytes of one plaintext value.
pub const MAX_VALUE: usize = 1024 * 1024;
/// Bytes of all that an object holds in `encryptedData` and `dataKeys`, names included.
pub const MAX_DOCUMENT: usize = 3 * 1024 * 1024;
