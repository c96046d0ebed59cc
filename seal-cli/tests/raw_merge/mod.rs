//! What `--raw` and `--merge-into` are tried with.

pub(crate) mod differences;
pub(crate) mod files;
pub(crate) mod merge;
pub(crate) mod raw;

use crate::rivals::Line;

pub(crate) const CERT: &str = "--cert=certs/rsa-2048.pem";

/// A line, and what both programs say if they fail.
#[derive(Clone, Default)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) line: Line,
    /// Texts that both errors have.
    pub(crate) says: &'static [&'static str],
}

/// A line with a certificate.
pub(crate) fn line(args: &[&str], stdin: impl Into<Vec<u8>>) -> Line {
    let args = [CERT].iter().chain(args).map(|arg| (*arg).to_owned());
    Line {
        // Under our own name flags that contradict each other are an error.
        called: Some("kubeseal"),
        args: args.collect(),
        stdin: stdin.into(),
        ..Line::default()
    }
}
