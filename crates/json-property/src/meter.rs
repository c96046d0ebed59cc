//! What a path may cost.

use std::cell::Cell;

/// Bounds of one search.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes that may be looked at or written, all steps of the path together.
    pub bytes: usize,
    /// Steps within steps: components of a path, modifiers and selections within selections.
    pub depth: usize,
}

impl Default for Limits {
    /// 64 MiB, a thousand times the largest value in AWS Secrets Manager, and 128 levels.
    fn default() -> Self {
        Self {
            bytes: 64 << 20,
            depth: 128,
        }
    }
}

/// A path costs more than its limits allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Exceeded {
    /// [`Limits::bytes`].
    #[error("the property takes too long to find: its path reads the value again and again")]
    Bytes,
    /// [`Limits::depth`].
    #[error("the path of the property is nested too deeply")]
    Depth,
}

/// Counts.
pub(crate) struct Meter {
    bytes: Cell<usize>,
    depth: Cell<usize>,
}

/// One level deeper, until it is dropped.
pub(crate) struct Deeper<'m>(&'m Meter);

impl Meter {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            bytes: Cell::new(limits.bytes),
            depth: Cell::new(limits.depth),
        }
    }

    pub(crate) fn charge(&self, bytes: usize) -> Result<(), Exceeded> {
        let left = self.bytes.get().checked_sub(bytes);
        self.bytes.set(left.ok_or(Exceeded::Bytes)?);
        Ok(())
    }

    pub(crate) fn deeper(&self) -> Result<Deeper<'_>, Exceeded> {
        let left = self.depth.get().checked_sub(1);
        self.depth.set(left.ok_or(Exceeded::Depth)?);
        Ok(Deeper(self))
    }
}

impl Drop for Deeper<'_> {
    fn drop(&mut self) {
        self.0.depth.set(self.0.depth.get().saturating_add(1));
    }
}
