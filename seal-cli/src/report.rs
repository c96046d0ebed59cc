//! What verbs share that tell about files: which files, and text for people or JSON for programs.

use std::path::PathBuf;

use serde::Serialize;

use crate::config::ConfigArgs;
use crate::error::CliError;
use crate::output::Destination;

/// Flags of all such verbs.
#[derive(clap::Args, Debug)]
pub(crate) struct ReportArgs {
    /// Files, and folders with files, of SealedSecrets; - is stdin
    #[arg(value_name = "FILE|FOLDER", required = true)]
    pub(crate) files: Vec<PathBuf>,

    /// text or json
    #[arg(short = 'o', long, value_name = "FORMAT", default_value = "text")]
    output: String,

    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

/// How it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReportFormat {
    Text,
    Json,
}

impl ReportArgs {
    /// What was typed.
    ///
    /// # Errors
    /// [`CliError::InspectFormat`].
    pub(crate) fn format(&self) -> Result<ReportFormat, CliError> {
        match self.output.as_str() {
            "text" => Ok(ReportFormat::Text),
            "json" => Ok(ReportFormat::Json),
            _ => Err(CliError::InspectFormat(self.output.clone())),
        }
    }
}

impl ReportFormat {
    /// Writes reports to stdout, all or none.
    ///
    /// # Errors
    /// [`CliError::InspectJson`], those of output.
    pub(crate) fn write<R: Serialize>(
        self,
        reports: &[R],
        text: impl Fn(&R) -> String,
    ) -> Result<(), CliError> {
        let output = match self {
            Self::Text => reports.iter().map(text).collect(),
            Self::Json => {
                let json = serde_json::to_string_pretty(reports);
                vec![json.map_err(|_| CliError::InspectJson)?, "\n".to_owned()]
            }
        };
        Destination::Stdout.write(&output)
    }
}
