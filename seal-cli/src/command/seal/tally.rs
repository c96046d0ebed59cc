//! What became of many files, and how people are told.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::se1::Report;
use crate::batch::ONE_BY_ONE;
use crate::error::CliError;
use crate::ui;

/// Files that are named where several share a fault.
const NAMED: usize = 3;

/// Counts, and what is told at the end.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) secrets: usize,
    pub(super) files: usize,
    /// Files whose results are there already, byte for byte.
    pub(super) unchanged: usize,
    pub(super) without: usize,
    pub(super) sealed_already: usize,
    /// For whom.
    pub(super) reports: Vec<Report>,
    /// Of files that were passed over.
    pub(super) notes: Vec<String>,
    /// Of old values that are not kept.
    pub(super) old: Vec<String>,
    failures: Vec<Failure>,
}

/// A file that was not sealed.
struct Failure {
    /// Its place in the input.
    place: usize,
    path: PathBuf,
    error: CliError,
}

impl Tally {
    /// One file is left as it was.
    pub(super) fn fail(&mut self, place: usize, path: &Path, error: CliError) {
        self.failures.push(Failure {
            place,
            path: path.to_owned(),
            error,
        });
    }

    /// Tells everything.
    ///
    /// # Errors
    /// [`CliError::SomeFailed`] if any file failed, [`CliError::NoSecrets`] if there was nothing to do.
    pub(super) fn end(mut self, from: String) -> Result<(), CliError> {
        self.failures.sort_by_key(|failure| failure.place);
        let failed = self.failures.len();
        let code = self.failures.first().map(|first| first.error.exit_code());
        let summary = self.summary();
        for note in self.notes.iter().filter(|_| self.notes.len() <= ONE_BY_ONE) {
            ui::hint(note);
        }
        for note in self.old.iter().take(ONE_BY_ONE) {
            ui::hint(note);
        }
        if self.old.len() > ONE_BY_ONE {
            let more = self.old.len() - ONE_BY_ONE;
            ui::hint(&format!("{more} more are sealed anew for such reasons"));
        }
        for report in Report::together(self.reports) {
            for line in report.lines() {
                ui::hint(&line);
            }
        }
        tell(self.failures);
        ui::hint(&summary);
        let total = self.files + self.unchanged + failed;
        match code {
            Some(code) => Err(CliError::SomeFailed {
                failed,
                total,
                code,
            }),
            None if total == 0 => Err(CliError::NoSecrets(from)),
            None => Ok(()),
        }
    }

    fn summary(&self) -> String {
        let mut skipped = format!("{} without Secrets", counted(self.without, "file"));
        if self.sealed_already > 0 {
            let _ = write!(skipped, " and {} sealed already", self.sealed_already);
        }
        let unchanged = match self.unchanged {
            0 => String::new(),
            count => format!(", {} unchanged", counted(count, "file")),
        };
        format!(
            "sealed {} in {}{unchanged}, skipped {skipped}, {} failed",
            counted(self.secrets, "Secret"),
            counted(self.files, "file"),
            self.failures.len()
        )
    }
}

/// Each fault once, however many files have it.
fn tell(failures: Vec<Failure>) {
    let mut told: Vec<(CliError, String, Vec<PathBuf>)> = Vec::new();
    for Failure { path, error, .. } in failures {
        let text = error.to_string();
        match told.iter_mut().find(|(_, known, _)| *known == text) {
            Some((_, _, paths)) => paths.push(path),
            None => told.push((error, text, vec![path])),
        }
    }
    for (error, text, paths) in told {
        ui::error(&error);
        let shown: Vec<_> = paths
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        if matches!(shown.as_slice(), [only] if text.contains(only)) {
            continue;
        }
        let more = match shown.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let shown: Vec<_> = shown.into_iter().take(NAMED).collect();
        ui::hint(&format!("  not sealed: {}{more}", shown.join(", ")));
    }
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_counts() {
        let mut tally = Tally {
            secrets: 1,
            files: 1,
            without: 2,
            ..Tally::default()
        };
        assert_eq!(
            tally.summary(),
            "sealed 1 Secret in 1 file, skipped 2 files without Secrets, 0 failed"
        );
        tally.sealed_already = 3;
        tally.fail(0, Path::new("a"), CliError::NoneNamed);
        assert_eq!(
            tally.summary(),
            "sealed 1 Secret in 1 file, skipped 2 files without Secrets and 3 sealed already, 1 failed"
        );
    }
}
