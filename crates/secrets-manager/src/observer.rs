//! Who is told of calls: they are what AWS bills.

use std::fmt;
use std::time::Duration;

use crate::error::{Operation, SecretsFault};

/// Counts. Called on the task that made the call: it must not wait.
pub trait CallObserver: fmt::Debug + Send + Sync {
    /// A call was made, and this went wrong with it, if anything. One secret of a batch that cannot be read
    /// is no fault of the call.
    fn called(&self, operation: Operation, fault: Option<&SecretsFault>, elapsed: Duration);

    /// A question needed no call of its own.
    fn saved(&self, how: Saved) {
        let _ = how;
    }
}

/// Why no call was needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Saved {
    /// The answer was there, a value or an error.
    Memory,
    /// Somebody else was asking the same.
    Joined,
    /// It went with others in one call.
    Batch,
}

impl Saved {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Memory, Self::Joined, Self::Batch];

    /// A word for metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Joined => "joined",
            Self::Batch => "batch",
        }
    }
}
