//! What one ExternalSecret may cost. Each entry and each template has bounds of its own; but there may be
//! thousands of them in one object, and whoever writes it shares the process with others.

use crate::SecretData;

/// Bounds of everything that is made for one ExternalSecret.
#[derive(Clone, Copy)]
pub struct Bounds<'c> {
    /// Whether it has taken too long. Asked before every entry and every template.
    pub is_late: &'c dyn Fn() -> bool,
    /// Bytes of keys and values.
    pub bytes: usize,
}

impl Bounds<'_> {
    /// Of keys and values: a Secret holds 1 MiB, and templates may make little of much.
    pub const BYTES: usize = 8 << 20;

    pub(crate) fn time(&self) -> Result<(), Exceeded> {
        if (self.is_late)() {
            return Err(Exceeded::Time);
        }
        Ok(())
    }

    pub(crate) fn bytes(&self, held: usize) -> Result<(), Exceeded> {
        if held > self.bytes {
            return Err(Exceeded::Bytes);
        }
        Ok(())
    }
}

/// An ExternalSecret that costs more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Exceeded {
    /// It takes too long.
    #[error(
        "entries and templates up to here take too long together; make them simpler, or several \
         ExternalSecrets of this one"
    )]
    Time,
    /// It is too large.
    #[error(
        "what is made up to here is far larger than a Secret can be; ask for less, or make several \
         ExternalSecrets of this one"
    )]
    Bytes,
}

/// Bytes of an item.
pub(crate) fn size(key: &str, value: &[u8]) -> usize {
    key.len() + value.len()
}

/// Bytes of all items.
pub(crate) fn size_of(data: &SecretData) -> usize {
    data.iter().map(|(key, value)| size(key, value)).sum()
}
