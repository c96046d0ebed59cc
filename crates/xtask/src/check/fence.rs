//! The fence of the pure crates: clippy takes no shared file, so each has a copy of the same one.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::layers::PURE;

/// Copies that differ from the first.
///
/// # Errors
/// When a crate has no copy.
pub(crate) fn breaches(root: &Path) -> Result<Vec<String>> {
    let mut copies = Vec::new();
    for package in PURE {
        let name = format!("crates/{package}/clippy.toml");
        let text = fs::read_to_string(root.join(&name))
            .with_context(|| format!("could not read {name}"))?;
        copies.push((name, text));
    }
    Ok(differing(&copies))
}

fn differing(copies: &[(String, String)]) -> Vec<String> {
    let Some(((first, text), others)) = copies.split_first() else {
        return Vec::new();
    };
    others
        .iter()
        .filter(|(_, other)| other != text)
        .map(|(name, _)| {
            format!("{name} differs from {first}: all pure crates have the same fence")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_that_differs_is_named() {
        let copy = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        let same = [copy("a", "x"), copy("b", "x")];
        assert!(differing(&same).is_empty());
        let found = differing(&[copy("a", "x"), copy("b", "x"), copy("c", "y")]);
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("c differs from a"), "{found:?}");
    }
}
