//! How much may be kept, by all together.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes of values that may be kept. Clones are one: whoever shares it shares the bytes.
#[derive(Clone)]
pub struct ValueBudget(Arc<Bytes>);

struct Bytes {
    most: usize,
    taken: AtomicUsize,
}

impl ValueBudget {
    /// So many bytes for all who have a clone of it.
    pub fn new(bytes: usize) -> Self {
        Self(Arc::new(Bytes {
            most: bytes,
            taken: AtomicUsize::new(0),
        }))
    }

    /// Bytes that are taken now.
    pub fn taken(&self) -> usize {
        self.0.taken.load(Ordering::Relaxed)
    }

    /// Bytes that are left now.
    pub(super) fn left(&self) -> usize {
        self.0.most.saturating_sub(self.taken())
    }

    /// Takes so many, if they are left, until the share is dropped.
    pub(super) fn take(&self, bytes: usize) -> Option<Share> {
        let taken = &self.0.taken;
        let more = |taken: usize| {
            let more = taken.checked_add(bytes)?;
            (more <= self.0.most).then_some(more)
        };
        taken
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more)
            .ok()?;
        Some(Share {
            of: self.clone(),
            bytes,
        })
    }
}

/// 64 MiB of its own.
impl Default for ValueBudget {
    fn default() -> Self {
        Self::new(64 << 20)
    }
}

impl fmt::Debug for ValueBudget {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("ValueBudget")
            .field("most", &self.0.most)
            .field("taken", &self.taken())
            .finish()
    }
}

/// Bytes that are taken.
pub(super) struct Share {
    of: ValueBudget,
    bytes: usize,
}

impl Share {
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.of.0.taken.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_and_get_back() {
        let budget = ValueBudget::new(10);
        let other = budget.clone();
        let share = budget.take(6).unwrap();
        assert!(other.take(5).is_none());
        assert!(other.take(usize::MAX).is_none());
        let rest = other.take(4).unwrap();
        assert_eq!((budget.taken(), budget.left()), (10, 0));
        drop(share);
        assert_eq!((other.taken(), other.left(), rest.bytes()), (4, 6, 4));
        assert!(ValueBudget::new(0).take(0).is_some());
    }
}
