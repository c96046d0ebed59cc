//! Everything that can go wrong: what failed, on what, why, and the next step. No value of a
//! Secret and no key is ever part of an error.

use std::path::PathBuf;
use std::sync::Arc;

use seal_format::Scope;
use seal_format::se1::Fault;
use seal_keys::{CertificateError, PrivateKeyError};
use seal_manifest::{EditError, ReadError};
use sealing::{
    CoercedScalar, ItemError, OpenError, ReadSealedError, ReadSecretError, SealError, TargetError,
    UnknownField,
};

use crate::age::SourceError;
use crate::cluster::{ConfigMapError, Failure};
use crate::command::keys::KeysError;
use crate::command::merge_into::MergeError;
use crate::command::raw::RawError;
use crate::command::re_encrypt::RotationError;
use crate::command::seal::FoldersError;
use crate::command::validate::Shut;
use crate::config::ConfigError;
use crate::contradiction::Contradiction;
use crate::exit;
use crate::input::Place;
use crate::kubeconfig;
use crate::object_name::IllegalName;
use crate::page::PageError;
use crate::readers_error::ReadersError;
use crate::recipient::{InKms, RecipientError};
use crate::verified::KeyError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    #[error("unsupported output format: {0:?} (use json or yaml)")]
    Format(String),
    #[error("unknown format of values: {0:?} (use legacy or se1)")]
    FormatVersion(String),
    #[error(
        "the legacy format has exactly one reader, by certificate, which this is not: {0}. Use --format-version se1, or name one certificate"
    )]
    LegacyReaders(String),
    #[error(transparent)]
    Contradiction(#[from] Contradiction),
    #[error("{0}")]
    TypedName(IllegalName),
    #[error("{from}: {place}: {reason}")]
    NameOfInput {
        from: String,
        place: Place,
        reason: IllegalName,
    },
    #[error("unknown scope {0:?} (use strict, namespace-wide or cluster-wide)")]
    Scope(String),

    #[error("cannot read {from}: {reason}")]
    Input {
        from: String,
        reason: std::io::Error,
    },
    #[error("{from}: {reason}")]
    Manifest { from: String, reason: ReadError },
    #[error(
        "{from}: line {line}: git left a conflict here; keep one line for each item of encryptedData, and all dataKeys of both sides"
    )]
    Conflict { from: String, line: usize },
    #[error("{from}: {reason}")]
    Secret {
        from: String,
        reason: ReadSecretError,
    },
    #[error(
        "{from}: document {document}, line {}: {scalar}, and kubectl would read {}; {}",
        scalar.line,
        scalar.coercion.read_as(),
        scalar.coercion.next()
    )]
    Coerced {
        from: String,
        document: usize,
        scalar: CoercedScalar,
    },
    #[error(
        "{from}: document {document}, line {}: {field}; {}",
        field.line,
        crate::input::next_of(field)
    )]
    UnknownField {
        from: String,
        document: usize,
        field: UnknownField,
    },
    #[error("no secrets found in {0}. Ensure the input is valid and UTF-8 encoded")]
    NoSecrets(String),
    #[error("cannot use the private key in {from}: it {reason}")]
    PrivateKey {
        from: String,
        reason: PrivateKeyError,
    },
    #[error(
        "{0:?} is not the ARN of a KMS key (arn:aws:kms:REGION:ACCOUNT:key/ID; an alias can be pointed elsewhere)"
    )]
    KmsArn(String),
    #[error("{}", opening(.from, *.document, .reason, .details))]
    Open {
        from: String,
        document: usize,
        reason: OpenError,
        details: Vec<String>,
    },
    #[error("{from}: there is no item {item:?}; seal inspect lists them")]
    NoSuchItem { from: String, item: String },
    #[error("cannot write document {0}")]
    EncodeSecret(usize),
    #[error(
        "stdout is a terminal, which would keep the plaintext; use a pipe or a file, or give --show"
    )]
    Terminal,
    #[error("unsupported output format: {0:?} (use text or json)")]
    InspectFormat(String),
    #[error("cannot write the report as JSON")]
    InspectJson,
    #[error("{0}: readers will refuse what is named above")]
    Unsound(String),
    #[error("{0}; docs/reference/check.md explains each")]
    Found(String),
    #[error("{0}: this is no UTF-8 text")]
    NotText(String),
    #[error("{from}: {reason}")]
    Sealed {
        from: String,
        reason: ReadSealedError,
    },
    #[error("{0}: there is no SealedSecret in this file")]
    NoSealedSecrets(String),
    #[error(
        "{0}: there is a list of SealedSecrets in this file; write its items as documents of their own, with --- in between"
    )]
    SealedList(String),
    #[error("{0}: there are several SealedSecrets in this file; say which with --document N")]
    WhichDocument(String),
    #[error("{} is no regular file, so it cannot be replaced; name a file", .0.display())]
    NoFile(PathBuf),
    #[error("{from}: there is no SealedSecret {name} in this file, in that place")]
    NoSuchName { from: String, name: String },
    #[error("{from}: {name} is in namespace {own}, but --namespace says {given}")]
    OtherNamespace {
        from: String,
        name: String,
        own: String,
        given: String,
    },
    #[error(
        "{0}: the SealedSecret names no namespace; say with --namespace where it is used, or write a namespace into its rule of .seal.yaml"
    )]
    NoNamespace(String),
    #[error(
        "{0}: it holds a whole Secret as one value (spec.data), of which nothing can be changed; seal the Secret again"
    )]
    WholeSecret(String),
    #[error("{from}: document {document}: {reason}; nothing was changed")]
    Unreadable {
        from: String,
        document: usize,
        reason: OpenError,
    },
    #[error("{from}: {reason}")]
    Edit { from: String, reason: EditError },
    #[error("{0} was changed by somebody else meanwhile; nothing was written, run this again")]
    Changed(String),
    #[error("{0} has 64 data keys, the most there can be; fold them into one with seal compact")]
    DataKeys(String),
    #[error(
        "{0:?} cannot be the name of an item; names are letters, digits, `-`, `_` and `.`, at most 253 of them"
    )]
    ItemName(String),
    #[error(
        "{from}: its annotations say {own}, which has to be said by --scope or a rule of .seal.yaml ({trusted} is); add --scope {own} if that is meant"
    )]
    ScopeOfFile {
        from: String,
        own: Scope,
        trusted: Scope,
    },
    #[error(
        "{0}: no reader is named, and the file itself is not asked; name them with --recipient, or write a rule into .seal.yaml"
    )]
    NoReaders(String),
    #[error(
        "{from}: other values in it are for {others}, not named by the rule; look who that is, and make the file follow the rule (seal recipients sync), or go on with --allow-other-readers"
    )]
    OtherReaders { from: String, others: String },
    #[error("the value from {0} is empty; if that is meant, say --from-file /dev/null")]
    EmptyValue(String),
    #[error("{from}: {reason}")]
    SealItem { from: String, reason: SealError },
    #[error("{from}: document {index} of this file is no SealedSecret")]
    NoSuchDocument { from: String, index: usize },
    #[error("{from}: {place}: {reason}")]
    Target {
        from: String,
        place: Place,
        reason: TargetError,
    },
    #[error("{from}: {place}: {reason}")]
    Seal {
        from: String,
        place: Place,
        reason: SealError,
    },
    #[error(
        "{from}: {place}: its annotations ask for the scope {own}, which has to be said by --scope or a rule of .seal.yaml ({trusted} is); add --scope {own} if that is meant, or remove the annotation"
    )]
    ScopeOfInput {
        from: String,
        place: Place,
        own: Scope,
        trusted: Scope,
    },
    #[error(transparent)]
    Recipient(#[from] RecipientError),
    #[error(
        "{from}: {place}: {reason}. Use --format-version se1 (format: se1 in .seal.yaml), or --scope cluster-wide"
    )]
    InKms {
        from: String,
        place: Place,
        reason: InKms,
    },
    #[error("{from}: {reason}. Use --format-version se1")]
    ItemInKms { from: String, reason: InKms },
    #[error("{from}: {place}: the certificate's key cannot seal a value")]
    Wrap { from: String, place: Place },

    #[error("cannot use the certificate from {from}: {reason}")]
    Certificate {
        from: String,
        reason: CertificateError,
    },
    #[error("cannot read the certificate: open {path}: {reason}")]
    CertificateFile { path: String, reason: String },
    #[error("cannot read the certificate in {from}: {reason}")]
    CertificateMap {
        from: String,
        reason: ConfigMapError,
    },
    #[error("{from} serves no certificate that can be sealed for: {reason}; nothing was written")]
    NotServed {
        from: String,
        reason: CertificateError,
    },
    #[error("recipient {name:?}: {reason}")]
    CertificateOf { name: String, reason: Box<CliError> },
    #[error("cannot fetch {url:?}: {reason}")]
    CertificateUrl { url: String, reason: PageError },

    #[error(transparent)]
    Connection(#[from] kubeconfig::ConfigError),
    #[error("cannot use kubeconfig {path}: {reason}")]
    Kubeconfig { path: String, reason: &'static str },
    #[error(
        "no cluster to ask for its certificate: {0}. Give --cert FILE to seal offline, or --kubeconfig and --context"
    )]
    NoCluster(&'static str),
    #[error("no cluster to ask: {0}. Give --kubeconfig and --context")]
    NoClusterWithKeys(&'static str),
    #[error(
        "cannot get sealed secret service: {reason}.\nPlease, use the flag --controller-name and --controller-namespace to set up the name and namespace of the sealed secrets controller"
    )]
    Service { reason: Failure },
    #[error("cannot fetch certificate: {reason}")]
    ServiceProxy { reason: Failure },

    #[error(
        "{from}: document {document}: {reason}{hint}",
        hint = recovery_hint(.reason, *.by_verb)
    )]
    Recover {
        from: String,
        document: usize,
        /// Scripts that call kubeseal's flag know one code for all that fails.
        by_verb: bool,
        reason: OpenError,
    },
    #[error("cannot re-encrypt secret: {from}: document {document}: {reason}; nothing was written")]
    ReEncrypt {
        from: String,
        document: usize,
        reason: RotationError,
    },
    #[error("no SealedSecrets found in {0}. Ensure the input is valid and UTF-8 encoded")]
    NothingSealed(String),
    #[error("there is no SealedSecret in {0}; name the files, or a folder that holds some")]
    NoneFound(String),
    #[error("{} would be overwritten by its own result; name another file with -w", .0.display())]
    Itself(PathBuf),
    #[error(
        "{from}: {second}: this is {name:?} in the namespace of {first}, too, and one would replace the other in the cluster; give each a name of its own"
    )]
    SameObject {
        from: String,
        first: Place,
        second: Place,
        name: String,
    },
    #[error("unable to decrypt sealed secret: {0}")]
    Undecryptable(String),
    #[error("{from}: unable to decrypt sealed secret: {}", list(.shut))]
    Shut { from: String, shut: Vec<Shut> },
    #[error("cannot validate sealed secret: {from}: document {document}: {reason}")]
    Validate {
        from: String,
        document: usize,
        reason: String,
    },

    #[error(transparent)]
    Raw(#[from] RawError),
    #[error(transparent)]
    Merge(#[from] MergeError),
    #[error(transparent)]
    Folders(#[from] FoldersError),
    /// What several files have in common was not to be had.
    #[error("{0}")]
    Shared(Arc<CliError>),

    #[error(transparent)]
    Keys(#[from] KeysError),

    #[error(transparent)]
    Config(#[from] ConfigError),

    #[error(transparent)]
    Identity(#[from] SourceError),
    #[error("{from}: document {document}: {reason}{}", key_hint(.reason.fault()))]
    DataKey {
        from: String,
        document: usize,
        reason: KeyError,
    },
    #[error("{from}: document {document}: {reason}")]
    Readers {
        from: String,
        document: usize,
        reason: ReadersError,
    },
    #[error(
        "{0:?} names no reader; use what seal recipients list shows, a name of .seal.yaml, or cert:FILE"
    )]
    NoReader(String),
    #[error("name the readers with --recipient or --recipients-file")]
    NoneNamed,
    #[error("{failed} of {total} files failed; the others are done")]
    SomeFailed {
        failed: usize,
        total: usize,
        code: u8,
    },
    #[error("{failed} of {total} files failed; the others {well}")]
    SomeFailedTo {
        failed: usize,
        total: usize,
        well: &'static str,
        code: u8,
    },
    #[error("{due} of {total} files differ from their rules")]
    Due { due: usize, total: usize },
    #[error("stdin cannot be changed in place; name the file")]
    StdinInPlace,
    #[error("cannot look through {}: {reason}", .folder.display())]
    Folder { folder: PathBuf, reason: String },

    #[error("cannot write {to}: {reason}")]
    Output { to: String, reason: std::io::Error },
    #[error("cannot write {}: its folder does not exist", .0.display())]
    OutputFolder(PathBuf),
    #[error("cannot write what {0} makes as JSON")]
    Encode(String),
}

impl CliError {
    /// Nobody answered, though nothing is wrong with the question: a cluster is away.
    pub(crate) fn is_outage(&self) -> bool {
        matches!(self, Self::Service { reason } | Self::ServiceProxy { reason } if reason.is_outage)
    }

    /// See `docs/reference/exit-codes.md`.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Format(_)
            | Self::FormatVersion(_)
            | Self::LegacyReaders(_)
            | Self::InKms { .. }
            | Self::ItemInKms { .. }
            | Self::Scope(_)
            | Self::Contradiction(_)
            | Self::TypedName(_)
            | Self::Raw(RawError::List | RawError::Se1 | RawError::InKms(_))
            | Self::Merge(MergeError::OutputFile)
            | Self::InspectFormat(_)
            | Self::NoneNamed
            | Self::NoReader(_)
            | Self::CertificateMap {
                reason: ConfigMapError::Spelling,
                ..
            }
            | Self::StdinInPlace
            | Self::Itself(_)
            | Self::Terminal => exit::USAGE,
            Self::Unsound(_) | Self::Unreadable { .. } | Self::Readers { .. } => exit::REFUSED,
            Self::Recipient(reason) if reason.is_transient() => exit::UNAVAILABLE,
            Self::Folders(reason) if reason.is_usage() => exit::USAGE,
            Self::Shared(reason) => reason.exit_code(),
            Self::SomeFailed { code, .. } | Self::SomeFailedTo { code, .. } => *code,
            Self::DataKey { reason, .. } => of_fault(reason.fault()),
            Self::CertificateOf { reason, .. } => reason.exit_code(),
            Self::Recover { by_verb: false, .. } => exit::FAILED,
            Self::Open { reason, .. } | Self::Recover { reason, .. } if no_key(reason) => {
                exit::NO_IDENTITY
            }
            Self::Open { reason, .. } | Self::Recover { reason, .. } => of_fault(reason.fault()),
            _ => exit::FAILED,
        }
    }
}

fn of_fault(fault: Option<Fault>) -> u8 {
    match fault {
        Some(Fault::NoIdentity) => exit::NO_IDENTITY,
        Some(Fault::Unavailable) => exit::UNAVAILABLE,
        Some(_) => exit::REFUSED,
        None => exit::FAILED,
    }
}

/// The class of SE1 stands in brackets, for scripts.
fn opening(from: &str, document: usize, reason: &OpenError, details: &[String]) -> String {
    let mut text = format!("{from}: document {document}: {reason}");
    if let Some(fault) = reason.fault() {
        text.push_str(" [");
        text.push_str(fault.class());
        text.push(']');
    }
    for detail in details {
        text.push_str("\n  ");
        text.push_str(detail);
    }
    text.push_str(key_hint(reason.fault()));
    if no_key(reason) {
        text.push_str(LEGACY_KEY);
    }
    text
}

fn list(shut: &[Shut]) -> String {
    let names: Vec<_> = shut.iter().map(ToString::to_string).collect();
    names.join(", ")
}

/// What to do where nobody's key is at hand.
fn key_hint(fault: Option<Fault>) -> &'static str {
    match fault {
        Some(Fault::NoIdentity) => {
            "\n  seal inspect shows for whom it is; name your key with --identity, --private-key or --kms-key"
        }
        _ => "",
    }
}

/// The same for the legacy format, which names nobody.
const LEGACY_KEY: &str = "\n  legacy values open with the private key of their cluster (--private-key), and only in the namespace, name and scope that they were sealed for";

fn recovery_hint(reason: &OpenError, by_verb: bool) -> &'static str {
    let no_identity = reason.fault() == Some(Fault::NoIdentity);
    match (no_identity || no_key(reason), by_verb) {
        (true, true) => {
            "\n  name the private key of the cluster with --private-key; it opens values only in the namespace, name and scope that they were sealed for"
        }
        (true, false) => {
            "\n  name the private key of the cluster with --recovery-private-key (--private-key of seal recover); it opens values only in the namespace, name and scope that they were sealed for"
        }
        (false, _) => "",
    }
}

/// Nothing is wrong but that no key opens values of the legacy format.
fn no_key(reason: &OpenError) -> bool {
    let mut reasons = reason.reasons().iter();
    reason.fault().is_none() && reasons.any(|(error, _)| *error == ItemError::NoKey)
}
