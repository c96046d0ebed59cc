//! `E(x…)`: what is hashed and authenticated, without ambiguity (docs/format.md, "Notation").

/// Fields, each after its length as four bytes, big-endian.
#[derive(Clone, Default)]
pub(crate) struct Fields(Vec<u8>);

impl Fields {
    pub(crate) fn new(purpose: &str) -> Self {
        Self::default().with(purpose.as_bytes())
    }

    pub(crate) fn with(mut self, field: &[u8]) -> Self {
        self.add(field);
        self
    }

    pub(crate) fn add(&mut self, field: &[u8]) {
        // Every field is bounded by the format's limits, far below four gibibytes.
        let length = u32::try_from(field.len()).unwrap_or(u32::MAX);
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(field);
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boundaries_cannot_shift() {
        let one = Fields::new("a").with(b"b").with(b"");
        assert_eq!(one.bytes(), b"\0\0\0\x01a\0\0\0\x01b\0\0\0\0");
        let other = Fields::new("ab").with(b"").with(b"");
        assert_ne!(one.bytes(), other.bytes());
    }
}
