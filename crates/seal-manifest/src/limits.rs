//! How much of an input is read.

/// What an input may hold before it is refused. The default is for people's own files; whoever reads what
/// others sent, in a process that serves many, allows less.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Documents that are read; what follows them is not looked at.
    pub documents: usize,
    /// Values in one document, keys and aliases included. Each takes up to 200 bytes of memory.
    pub nodes: usize,
    /// Values that aliases may add to one document.
    pub aliased_nodes: usize,
    /// Bytes of text that aliases may add to one document.
    pub aliased_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            documents: usize::MAX,
            // A List of 20,000 Secrets fits.
            nodes: 1_000_000,
            aliased_nodes: 100_000,
            aliased_bytes: 16 << 20,
        }
    }
}
