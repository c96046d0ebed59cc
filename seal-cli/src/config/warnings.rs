//! Warnings about configurations: each once, however many files have the same one.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::ui;

/// What was told already; copies share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Warnings(Arc<Mutex<BTreeSet<String>>>);

impl Warnings {
    /// Warns, unless people have read this already.
    pub(crate) fn tell(&self, text: &str) {
        if self.is_new(text) {
            ui::warn(text);
        }
    }

    fn is_new(&self, text: &str) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.insert(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_told_once_by_all_copies() {
        let warnings = Warnings::default();
        let copy = warnings.clone();
        let new = [
            warnings.is_new("a"),
            copy.is_new("a"),
            copy.is_new("b"),
            warnings.is_new("b"),
        ];
        assert_eq!(new, [true, false, true, false]);
    }
}
