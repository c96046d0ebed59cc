//! Under which name the program runs: as itself, or in the place of kubeseal.

use std::ffi::{OsStr, OsString};
use std::path::Path;

/// The name decides on verbs, on words that belong to no flag, and on what help and version say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CalledAs {
    Seal,
    Kubeseal,
    /// `kubectl seal`, which kubectl makes of a program called `kubectl-seal`.
    KubectlSeal,
}

impl CalledAs {
    /// Reads the first word of a command line, a path.
    pub(crate) fn of(words: &[OsString]) -> Self {
        let path = Path::new(words.first().map_or(OsStr::new(""), OsString::as_os_str));
        let name = match path.extension() {
            Some(extension) if extension.eq_ignore_ascii_case("exe") => path.file_stem(),
            _ => path.file_name(),
        };
        match name.and_then(OsStr::to_str) {
            Some("kubeseal") => Self::Kubeseal,
            Some("kubectl-seal" | "kubectl_seal") => Self::KubectlSeal,
            _ => Self::Seal,
        }
    }

    /// What people type.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Seal => "seal",
            Self::Kubeseal => "kubeseal",
            Self::KubectlSeal => "kubectl seal",
        }
    }

    /// kubeseal has flags and no verbs.
    pub(crate) fn is_kubeseal(self) -> bool {
        self != Self::Seal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (path, expected) in [
            ("seal", CalledAs::Seal),
            ("/usr/bin/seal", CalledAs::Seal),
            ("", CalledAs::Seal),
            ("kubeseal", CalledAs::Kubeseal),
            ("./kubeseal", CalledAs::Kubeseal),
            ("/opt/kubeseal.exe", CalledAs::Kubeseal),
            ("kubeseal.EXE", CalledAs::Kubeseal),
            ("kubeseal.old", CalledAs::Seal),
            ("/usr/bin/kubectl-seal", CalledAs::KubectlSeal),
            ("kubectl_seal", CalledAs::KubectlSeal),
        ] {
            assert_eq!(CalledAs::of(&[path.into()]), expected, "{path}");
        }
    }
}
