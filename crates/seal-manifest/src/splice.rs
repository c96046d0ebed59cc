//! Replacements of byte ranges, and the proof that nothing else changed.

use std::ops::Range;

/// Replacements in the order of the text, not overlapping.
#[derive(Default)]
pub(crate) struct Splices {
    splices: Vec<Splice>,
    /// The text would now end in a data key's literal block, which ends in a line break.
    pub(crate) keeps_last_break: bool,
}

struct Splice {
    range: Range<usize>,
    text: String,
}

impl Splices {
    /// Replaces a range; of several insertions at one place the first stands first.
    pub(crate) fn replace(&mut self, range: Range<usize>, text: String) {
        self.splices.push(Splice { range, text });
    }

    /// The text with all replacements made; `None` when they overlap or cut characters.
    pub(crate) fn apply(&mut self, text: &str) -> Option<String> {
        // Stable: what was inserted first at one place stays first.
        self.splices
            .sort_by_key(|splice| (splice.range.start, splice.range.end));
        let mut edited = String::with_capacity(text.len() + self.inserted());
        let mut done = 0;
        for splice in &self.splices {
            edited.push_str(text.get(done..splice.range.start)?);
            edited.push_str(&splice.text);
            done = splice.range.end;
        }
        edited.push_str(text.get(done..)?);
        Some(edited)
    }

    /// Whether `edited` is `text` outside the replaced ranges, byte by byte.
    pub(crate) fn explain(&self, text: &str, edited: &str) -> bool {
        let (mut old, mut new) = (text.as_bytes(), edited.as_bytes());
        let mut done = 0;
        for splice in &self.splices {
            let Some(kept) = splice.range.start.checked_sub(done) else {
                return false;
            };
            let outside = old.split_at_checked(kept).zip(new.split_at_checked(kept));
            let Some(((before, rest), (after, new_rest))) = outside else {
                return false;
            };
            let replaced = rest.get(splice.range.len()..);
            let inserted = new_rest.strip_prefix(splice.text.as_bytes());
            let (Some(rest), Some(new_rest)) = (replaced, inserted) else {
                return false;
            };
            if before != after {
                return false;
            }
            (old, new, done) = (rest, new_rest, splice.range.end);
        }
        old == new
    }

    fn inserted(&self) -> usize {
        self.splices.iter().map(|splice| splice.text.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn splices(list: &[(Range<usize>, &str)]) -> Splices {
        let mut splices = Splices::default();
        for (range, text) in list {
            splices.replace(range.clone(), (*text).to_owned());
        }
        splices
    }

    #[test]
    fn replaces_ranges_and_explains_them() {
        let mut edits = splices(&[(4..5, "X"), (0..0, "1"), (0..0, "2"), (6..6, "end")]);
        let edited = edits.apply("abcdef").unwrap();
        assert_eq!(edited, "12abcdXfend");
        assert!(edits.explain("abcdef", &edited));
        for other in [
            "12abcdXfen",
            "12abcdXFend",
            "12abcdXfend ",
            "21abcdXfend",
            "12abdcXfend",
        ] {
            assert!(!edits.explain("abcdef", other), "{other}");
        }
    }

    #[test]
    fn overlaps_and_cut_characters_are_no_edit() {
        assert_eq!(splices(&[(0..3, ""), (2..4, "")]).apply("abcdef"), None);
        assert_eq!(splices(&[(1..2, "")]).apply("é"), None);
        assert_eq!(splices(&[(7..7, "x")]).apply("abcdef"), None);
    }
}
