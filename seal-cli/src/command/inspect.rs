//! `seal inspect`: what a file is, told without any key.

mod report;
mod text;

use crate::batch::Looked;
use crate::error::CliError;
use crate::report::ReportArgs;
use crate::rules::Rules;

/// Explain files without any key: scope, formats, data keys, recipients, sizes, what is wrong
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(flatten)]
    report: ReportArgs,
}

/// Reads, explains; faults in a file are part of the explanation, and of the exit code.
pub(crate) fn run(args: &Args) -> Result<(), CliError> {
    let format = args.report.format()?;
    let rules = Rules::new(&args.report.config);
    let mut reports = Vec::new();
    let looked = Looked::at(&args.report.files)?;
    for file in &looked.files {
        let from = file.path.display().to_string();
        let rule = rules.of_what_is_there(&file.path);
        let of_file = file.sealed.iter();
        reports.extend(of_file.map(|sealed| report::of(&from, sealed, rule.as_ref())));
    }
    format.write(&reports, text::of)?;
    looked.end()?;
    match reports.into_iter().find(|report| !report.faults.is_empty()) {
        Some(report) => Err(CliError::Unsound(report.file)),
        None => Ok(()),
    }
}
