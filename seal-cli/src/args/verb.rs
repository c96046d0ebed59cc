//! Flags of the verbs that do what kubeseal's flags ask for: the same names, but YAML where nobody says
//! otherwise, and nothing that another action would need.

use std::path::Path;

use super::{Args, ClusterArgs};
use crate::context::Context;
use crate::contradiction;
use crate::environment;
use crate::error::CliError;
use crate::object_name;
use crate::recipient::{RecipientArgs, RuleArgs};

/// Variables that would make another action of a verb.
const OF_ACTIONS: [&str; 10] = [
    "fetch-cert",
    "from-file",
    "merge-into",
    "raw",
    "re-encrypt",
    "recovery-private-key",
    "recovery-unseal",
    "rotate",
    "validate",
    "version",
];

/// For whom, and for which place.
#[derive(clap::Args, Debug, Default)]
pub(crate) struct SealArgs {
    /// Certificate to seal for: a PEM file, file:// or http(s):// URL; the cluster is not asked
    /// [default: $SEALED_SECRETS_CERT]
    #[arg(long, value_name = "FILE|URL", help_heading = "Recipients")]
    cert: Option<String>,

    #[command(flatten)]
    recipients: RecipientArgs,

    /// How values are written: legacy (one certificate, as kubeseal does), or se1 (any recipients)
    /// [default: legacy for one certificate, unless its key is in AWS KMS; else se1]
    #[arg(long, value_name = "FORMAT", help_heading = "Recipients")]
    format_version: Option<String>,

    #[command(flatten)]
    rules: RuleArgs,

    /// Name of the SealedSecret, instead of metadata.name
    #[arg(long, value_name = "NAME", help_heading = "Target")]
    name: Option<String>,

    /// Namespace; a Secret that names another is refused
    #[arg(short = 'n', long, value_name = "NAMESPACE", help_heading = "Target")]
    namespace: Option<String>,

    /// Where the values may be used: strict, namespace-wide or cluster-wide [default: strict]
    #[arg(long, value_name = "SCOPE", help_heading = "Target")]
    scope: Option<String>,

    #[command(flatten)]
    cluster: ClusterArgs,
}

/// The Secrets.
#[derive(clap::Args, Debug, Default)]
pub(crate) struct InputArgs {
    /// File with the Secrets [default: stdin]
    #[arg(
        short = 'f',
        long,
        value_name = "FILE",
        help_heading = "Input and output"
    )]
    secret_file: Option<String>,

    /// Seal Secrets without any item, too
    #[arg(long, help_heading = "Input and output")]
    allow_empty_data: bool,
}

/// Where the result goes.
#[derive(clap::Args, Debug, Default)]
pub(crate) struct OutputArgs {
    /// File to write, in one step; .json implies -o json [default: stdout]
    #[arg(
        short = 'w',
        long = "sealed-secret-file",
        value_name = "FILE",
        help_heading = "Input and output"
    )]
    file: Option<String>,

    /// yaml or json [default: yaml]
    #[arg(
        short = 'o',
        long,
        value_name = "FORMAT",
        help_heading = "Input and output"
    )]
    format: Option<String>,
}

impl SealArgs {
    /// The same as flags.
    pub(crate) fn flags(self) -> Args {
        Args {
            cert: self.cert,
            recipients: self.recipients,
            format_version: self.format_version,
            rules: self.rules,
            name: self.name,
            namespace: self.namespace,
            scope: self.scope,
            cluster: self.cluster,
            ..Args::default()
        }
    }
}

impl InputArgs {
    /// Adds them to the flags.
    pub(crate) fn add_to(self, flags: Args) -> Args {
        Args {
            secret_file: self.secret_file,
            allow_empty_data: self.allow_empty_data.then_some(true),
            ..flags
        }
    }
}

impl OutputArgs {
    /// Adds them to the flags.
    pub(crate) fn add_to(self, flags: Args) -> Args {
        let extension = self
            .file
            .as_ref()
            .and_then(|file| Path::new(file).extension());
        let json = extension.is_some_and(|extension| extension == "json");
        let usual = if json { "json" } else { "yaml" };
        Args {
            sealed_secret_file: self.file,
            format: Some(self.format.unwrap_or_else(|| usual.to_owned())),
            ..flags
        }
    }
}

impl Args {
    /// What a verb is to do. Scalars that YAML would turn into other text are refused.
    pub(crate) fn for_verb(mut self) -> Result<Context, CliError> {
        self.complete_from(|flag| {
            let other = OF_ACTIONS.contains(&flag);
            (!other).then(|| environment::variable(flag)).flatten()
        });
        // As everywhere where a verb takes a file.
        for file in [&mut self.secret_file, &mut self.sealed_secret_file] {
            if file.as_deref() == Some("-") {
                *file = Some(String::new());
            }
        }
        contradiction::format(self.format.as_deref(), self.sealed_secret_file.as_deref())?;
        let context = Context::new(self)?;
        object_name::check(context.name.as_deref(), context.namespace.as_deref())
            .map_err(CliError::TypedName)?;
        Ok(Context {
            by_verb: true,
            ..context
        })
    }
}

impl From<ClusterArgs> for Args {
    fn from(cluster: ClusterArgs) -> Self {
        Self {
            cluster,
            ..Self::default()
        }
    }
}
