//! `--version`.

use crate::called_as::CalledAs;
use crate::error::CliError;
use crate::output::Destination;

/// The kubeseal whose flags, files and exit codes ours are. Scripts ask for it and compare.
const KUBESEAL: &str = "0.40.0";

/// Prints the version: in the place of kubeseal the one that it stands for, with ours behind `+`,
/// where semantic versions have what does not count in comparisons.
pub(crate) fn run(called_as: CalledAs) -> Result<(), CliError> {
    let own = env!("CARGO_PKG_VERSION");
    let text = if called_as.is_kubeseal() {
        format!("kubeseal version: {KUBESEAL}+seal.{own}\n")
    } else {
        format!("seal version: v{own}\n")
    };
    Destination::Stdout.write(&[text])
}
