//! How many tests passed: the sum over many test programs.

use std::io::{BufRead, Write};

use anyhow::Result;

/// Tests, and stages that are no tests but failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Results {
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Results {
    /// Passes the output of a test program on, line by line, counting what it says.
    ///
    /// Counted as skipped are ignored tests and `SKIPPED: reason` lines (`testkit::skip`); their
    /// tests end as passed, so they are taken off again.
    pub(crate) fn read(mut output: impl BufRead, mut screen: impl Write) -> Result<Self> {
        let mut results = Self::default();
        let mut skips = 0;
        let mut line = Vec::new();
        while output.read_until(b'\n', &mut line)? > 0 {
            screen.write_all(&line)?;
            screen.flush()?;
            let text = String::from_utf8_lossy(&line);
            skips += usize::from(text.contains("SKIPPED: "));
            if let Some((_, counts)) = text.split_once("test result: ") {
                results.passed += count(counts, "passed");
                results.failed += count(counts, "failed");
                results.skipped += count(counts, "ignored");
            }
            line.clear();
        }
        results.passed = results.passed.saturating_sub(skips);
        results.skipped += skips;
        Ok(results)
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }

    /// A stage, or a test program that ended without saying which test failed.
    pub(crate) fn add_failure(&mut self) {
        self.failed += 1;
    }

    pub(crate) fn failed(&self) -> bool {
        self.failed > 0
    }
}

impl std::fmt::Display for Results {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            passed,
            failed,
            skipped,
        } = self;
        write!(
            formatter,
            "{passed} passed, {failed} failed, {skipped} skipped"
        )
    }
}

/// The number before `word` in `ok. 3 passed; 0 failed; 1 ignored; …`.
fn count(counts: &str, word: &str) -> usize {
    let words: Vec<_> = counts.split([' ', ';']).collect();
    let found = words.windows(2).find(|pair| pair[1] == word);
    found.and_then(|pair| pair[0].parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_what_test_programs_say() {
        let output = "running 3 tests\n\
            test a ... ok\n\
            test b ... SKIPPED: no network namespaces here\n\
            ok\n\
            test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.1s\n\
            \n\
            test result: FAILED. 10 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out\n";
        let mut screen = Vec::new();
        let mut results = Results::read(output.as_bytes(), &mut screen).unwrap();
        assert_eq!(results.to_string(), "12 passed, 2 failed, 2 skipped");
        assert_eq!(screen, output.as_bytes());
        results.add(Results {
            passed: 1,
            failed: 0,
            skipped: 3,
        });
        results.add_failure();
        assert_eq!(results.to_string(), "13 passed, 3 failed, 5 skipped");
    }

    #[test]
    fn a_skipped_test_is_no_failure() {
        let mut results = Results::default();
        results.add(Results {
            passed: 0,
            failed: 0,
            skipped: 1,
        });
        assert!(!results.failed());
        results.add_failure();
        assert!(results.failed());
    }
}
