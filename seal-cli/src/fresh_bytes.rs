//! Random bytes, drawn many at once: each draw has its price.

use aws_lc_rs::rand;
use zeroize::Zeroizing;

/// Bytes that are used once each, and wiped.
pub(crate) struct FreshBytes {
    bytes: Zeroizing<Vec<u8>>,
    used: usize,
}

impl FreshBytes {
    /// Draws as many as will be needed.
    pub(crate) fn draw(count: usize) -> Self {
        let mut bytes = Zeroizing::new(vec![0; count]);
        // Without random bytes nothing is filled, and sealing says so.
        if rand::fill(&mut bytes).is_err() {
            bytes.clear();
        }
        Self { bytes, used: 0 }
    }

    /// Fills a buffer; false when there are not enough left.
    pub(crate) fn fill(&mut self, buffer: &mut [u8]) -> bool {
        let end = self.used.saturating_add(buffer.len());
        let Some(fresh) = self.bytes.get(self.used..end) else {
            return false;
        };
        buffer.copy_from_slice(fresh);
        self.used = end;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_byte_is_given_twice() {
        let mut fresh = FreshBytes::draw(64);
        let (mut first, mut second) = ([0; 32], [0; 32]);
        assert!(fresh.fill(&mut first) && fresh.fill(&mut second));
        assert_ne!(first, second);
        assert_ne!(first, [0; 32]);
        assert!(!fresh.fill(&mut [0]), "all are used");
    }
}
