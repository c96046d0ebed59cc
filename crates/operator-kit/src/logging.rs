//! Logs: text or JSON lines on stdout.

use std::str::FromStr;

use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};
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
/// debug lines may hold request bodies, and the Kubernetes client not at all: it warns of answers
/// that it cannot read by quoting them, and an answer may be a Secret. Panics are logged by their place only, because their
/// messages may hold what was worked on.
pub fn start(level: Level, format: LogFormat, ours: &[&'static str]) {
    let registry = tracing_subscriber::registry().with(targets(level, ours));
    // A second start in one process (tests) keeps the first.
    let _ = match format {
        LogFormat::Text => registry
            .with(tracing_subscriber::fmt::layer().with_ansi(false))
            .try_init(),
        LogFormat::Json => registry
            .with(tracing_subscriber::fmt::layer().json())
            .try_init(),
    };
    hide_panic_messages();
}

fn targets(level: Level, ours: &[&'static str]) -> Targets {
    let libraries = Targets::new()
        .with_default(Level::WARN)
        .with_target("kube_client", LevelFilter::OFF)
        .with_target("kube_core", LevelFilter::OFF);
    ours.iter()
        .fold(libraries, |targets, name| targets.with_target(*name, level))
}

fn hide_panic_messages() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        let place = place.unwrap_or_default();
        tracing::error!(place, "internal error, please report this line");
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::io::Write;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_kubernetes_client_is_not_heard() {
        let targets = targets(Level::DEBUG, &["sealed_controller"]);
        for (target, level, heard) in [
            ("kube_client::client", Level::ERROR, false),
            ("kube_runtime::watcher", Level::WARN, true),
            ("hyper_util", Level::DEBUG, false),
            ("sealed_controller::keys", Level::DEBUG, true),
        ] {
            assert_eq!(targets.would_enable(target, &level), heard, "{target}");
        }
    }

    #[test]
    fn a_panic_is_logged_by_its_place_only() {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            hide_panic_messages();
            let split = |text: &str| text.split_at(1).0.len();
            // The standard library's message holds the whole text.
            std::panic::catch_unwind(|| split("éhunter2")).unwrap_err();
            drop(std::panic::take_hook());
        });
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert!(text.contains(".rs:"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}
