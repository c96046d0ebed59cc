//! `seal inspect`: what a file is, told without any key.

mod report;
mod text;

use std::path::PathBuf;

use crate::config::ConfigArgs;
use crate::error::CliError;
use crate::output::Destination;
use crate::rules::Rules;
use crate::sealed_file::SealedFile;

/// Explain files without any key: scope, formats, data keys, recipients, sizes, what is wrong
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Files of SealedSecrets; - is stdin
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// text or json
    #[arg(short = 'o', long, value_name = "FORMAT", default_value = "text")]
    output: String,

    #[command(flatten)]
    config: ConfigArgs,
}

/// Reads, explains; faults in a file are part of the explanation, and of the exit code.
pub(crate) fn run(args: &Args) -> Result<(), CliError> {
    let json = match args.output.as_str() {
        "text" => false,
        "json" => true,
        _ => return Err(CliError::InspectFormat(args.output.clone())),
    };
    let rules = Rules::new(&args.config);
    let mut reports = Vec::new();
    for path in &args.files {
        let file = SealedFile::read(path)?;
        let from = path.display().to_string();
        let rule = rules.of_what_is_there(path);
        let of_file = file.sealed.iter();
        reports.extend(of_file.map(|sealed| report::of(&from, sealed, rule.as_ref())));
    }
    let output = if json {
        let text = serde_json::to_string_pretty(&reports).map_err(|_| CliError::InspectJson)?;
        vec![text, "\n".to_owned()]
    } else {
        reports.iter().map(text::of).collect()
    };
    Destination::Stdout.write(&output)?;
    match reports.into_iter().find(|report| !report.faults.is_empty()) {
        Some(report) => Err(CliError::Unsound(report.file)),
        None => Ok(()),
    }
}
