//! Logs: text or JSON lines on stdout.

use std::str::FromStr;

use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Shape of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines.
    Json,
}

/// Neither text nor json.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("unknown log format: use text or json")]
pub struct LogFormatError;

impl FromStr for LogFormat {
    type Err = LogFormatError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(LogFormatError),
        }
    }
}

/// Starts logging at `level`; libraries below us speak from `WARN` upwards only, because their
/// debug lines may hold request bodies.
pub fn start(level: Level, format: LogFormat, ours: &[&'static str]) {
    let targets = ours
        .iter()
        .fold(Targets::new().with_default(Level::WARN), |targets, name| {
            targets.with_target(*name, level)
        });
    let registry = tracing_subscriber::registry().with(targets);
    // A second start in one process (tests) keeps the first.
    let _ = match format {
        LogFormat::Text => registry
            .with(tracing_subscriber::fmt::layer().with_ansi(false))
            .try_init(),
        LogFormat::Json => registry
            .with(tracing_subscriber::fmt::layer().json())
            .try_init(),
    };
}
