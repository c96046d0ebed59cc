//! How much one template may cost.

/// How much one template may cost. Time is bounded through steps: a running render cannot be
/// cancelled, so nothing here is measured by a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Units of work: actions, loop turns, function calls, and what these read and write by size.
    pub steps: u64,
    /// Bytes of rendered text.
    pub output_bytes: usize,
    /// Bytes of all values made on the way, together.
    pub value_bytes: usize,
    /// Nesting of `template` calls, blocks and parentheses while rendering, and of printed values.
    pub depth: usize,
}

impl Default for Limits {
    /// Far above what manifests need; a Secret holds at most 1 MiB.
    fn default() -> Self {
        Self {
            steps: 100_000,
            output_bytes: 1 << 20,
            value_bytes: 32 << 20,
            depth: 200,
        }
    }
}
