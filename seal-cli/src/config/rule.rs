//! What a configuration says, whichever file it was read from.

use std::fmt;
use std::path::{Path, PathBuf};

use seal_format::Scope;

use super::pattern::Pattern;
use super::target::Target;

/// A configuration that was read without a fault.
#[derive(Clone, Debug)]
pub(crate) struct Configuration {
    pub(crate) path: PathBuf,
    /// The people and clusters that it names, used or not, in the order of the file.
    pub(crate) names: Vec<Name>,
    /// In the order of the file: the first that matches counts.
    pub(crate) rules: Vec<Rule>,
}

/// A recipient with its name, and where that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) source: RecipientSource,
}

/// One rule.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) pattern: Pattern,
    pub(crate) line: usize,
    pub(crate) recipients: Vec<NamedRecipient>,
    pub(crate) scope: Option<Scope>,
    pub(crate) target: Target,
    pub(crate) format: Option<Format>,
    /// Why the rule cannot be followed, when it matches.
    pub(crate) refused: Option<String>,
    /// What is passed over, when it matches.
    pub(crate) passed_over: Vec<String>,
}

/// Who can read, as the configuration calls them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamedRecipient {
    /// `None` from `.sops.yaml`, which has no names.
    pub(crate) name: Option<String>,
    pub(crate) source: RecipientSource,
}

/// What a recipient is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RecipientSource {
    /// The certificate of a cluster.
    Certificate(Place),
    /// The public key (PEM, SPKI) of an RSA key in KMS.
    KmsPublicKey(PathBuf),
    /// `age1…`, `ssh-ed25519 …`, `arn:aws:kms:…`, `kms:alias/…`, as it was written.
    Text(String),
}

/// Where a certificate is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Absolute, or from the current folder as the configuration's own path is.
    File(PathBuf),
    /// Begins with `https://`.
    Url(String),
}

/// How values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// As Bitnami's controller reads them: one certificate.
    Legacy,
    /// One data key for many readers.
    Se1,
}

impl Configuration {
    /// The folder from which its paths count.
    pub(crate) fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// The first rule for a path from its folder, and its index: several rules may stand on one line.
    pub(crate) fn rule_for(&self, path: &Path) -> Option<(usize, &Rule)> {
        let mut rules = self.rules.iter().enumerate();
        rules.find(|(_, rule)| rule.pattern.matches(path))
    }
}

impl Rule {
    /// The format that was asked for, or that its recipients leave no choice about.
    pub(crate) fn format(&self) -> Option<Format> {
        self.format
            .or_else(|| needs_se1(&self.recipients).then_some(Format::Se1))
    }
}

/// The legacy format has one reader, and its key is in a certificate.
pub(crate) fn needs_se1(recipients: &[NamedRecipient]) -> bool {
    !matches!(
        recipients,
        [NamedRecipient {
            source: RecipientSource::Certificate(_),
            ..
        }]
    )
}

impl RecipientSource {
    /// The source as the configuration has it: paths count from `folder`.
    pub(crate) fn declared(&self, folder: &Path) -> String {
        let below = |path: &Path| {
            path.strip_prefix(folder)
                .unwrap_or(path)
                .display()
                .to_string()
        };
        match self {
            Self::Certificate(Place::File(path)) => format!("certificate: {}", below(path)),
            Self::Certificate(Place::Url(url)) => format!("certificate: {url}"),
            Self::KmsPublicKey(path) => format!("kmsPublicKey: {}", below(path)),
            Self::Text(text) => text.clone(),
        }
    }
}

impl NamedRecipient {
    /// How messages call the recipient.
    pub(crate) fn called(&self, folder: &Path) -> String {
        let declared = || self.source.declared(folder);
        self.name.clone().unwrap_or_else(declared)
    }
}

impl Format {
    /// By its name.
    pub(crate) fn of(text: &str) -> Option<Self> {
        [Self::Legacy, Self::Se1]
            .into_iter()
            .find(|format| format.to_string() == text)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Legacy => "legacy",
            Self::Se1 => "se1",
        })
    }
}
