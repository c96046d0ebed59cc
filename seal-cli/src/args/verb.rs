//! Flags of the verbs that do what kubeseal's flags ask for: the same names, but YAML where nobody says
//! otherwise, and nothing that another action would need.

use std::path::{Path, PathBuf};

use super::{Args, ClusterArgs};
use crate::certificate::CacheArgs;
use crate::context;
use crate::context::Context;
use crate::contradiction;
use crate::environment;
use crate::error::CliError;
use crate::object_name;
use crate::output::{Destination, Format};
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
    /// Certificate to seal for: a PEM file, file:// or http(s):// URL; the controller is not asked.
    /// configmap:NAMESPACE/NAME[/KEY] is one in a ConfigMap [default: $SEALED_SECRETS_CERT]
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
    cache: CacheArgs,

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

/// The Secrets of one input or many.
#[derive(clap::Args, Debug, Default)]
pub(crate) struct InputsArgs {
    /// File with the Secrets, or folder with such files; several, or patterns such as 'apps/**/*.yaml',
    /// need a folder for -w [default: stdin]
    #[arg(
        short = 'f',
        long = "secret-file",
        value_name = "FILE|FOLDER",
        num_args = 1..,
        help_heading = "Input and output"
    )]
    files: Vec<String>,

    /// Seal Secrets without any item, too
    #[arg(long, help_heading = "Input and output")]
    allow_empty_data: bool,
}

/// Where the result goes.
#[derive(clap::Args, Debug, Default)]
pub(crate) struct OutputArgs {
    /// File to write, in one step; .json implies -o json. Of many inputs: the folder in which each
    /// result gets the path of its input [default: stdout]
    #[arg(
        short = 'w',
        long = "sealed-secret-file",
        value_name = "FILE|FOLDER",
        help_heading = "Input and output"
    )]
    file: Option<String>,

    /// yaml or json [default: that of the file's name, else $SEALED_SECRETS_FORMAT, else yaml]
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
            cache: self.cache,
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

impl InputsArgs {
    /// Adds them to the flags; what was typed, if there are several.
    pub(crate) fn add_to(mut self, flags: Args) -> (Vec<PathBuf>, Args) {
        let several: Vec<_> = if self.files.len() > 1 {
            self.files.iter().map(PathBuf::from).collect()
        } else {
            Vec::new()
        };
        let file = self.files.drain(..).next();
        let args = InputArgs {
            secret_file: file,
            allow_empty_data: self.allow_empty_data,
        };
        (several, args.add_to(flags))
    }
}

impl OutputArgs {
    /// `-o`, when given.
    pub(crate) fn format(&self) -> Option<&str> {
        self.format.as_deref()
    }

    /// Adds them to the flags.
    pub(crate) fn add_to(self, flags: Args) -> Args {
        Args {
            sealed_secret_file: self.file,
            format: self.format,
            ..flags
        }
    }
}

/// Where no flag says it: what the name of the file says; else the variable, which may be set for all; else YAML.
///
/// # Errors
/// [`CliError::Format`] of the variable, also where nobody needs it.
pub(crate) fn usual_format(file: Option<&Path>) -> Result<Format, CliError> {
    let variable = environment::variable("format").filter(|text| !text.is_empty());
    let variable = variable.map(|text| context::format(Some(&text), None));
    let variable = variable.transpose()?;
    let name = file.and_then(Format::of_name);
    Ok(name.or(variable).unwrap_or(Format::Yaml))
}

impl Args {
    /// What a verb is to do. Scalars that YAML would turn into other text are refused.
    pub(crate) fn for_verb(mut self) -> Result<Context, CliError> {
        // Of what was typed: variables are there for other lines, too.
        contradiction::format(self.format.as_deref(), self.sealed_secret_file.as_deref())?;
        contradiction::asking(
            self.cert.as_deref(),
            &self.recipients,
            &self.cluster,
            &self.cache,
        )?;
        let is_typed = self.format.is_some();
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
        if !is_typed {
            self.format = None;
        }
        let mut context = Context::new(self)?;
        if !is_typed {
            context.format = usual_format(match &context.destination {
                Destination::File(path) => Some(path),
                Destination::Stdout => None,
            })?;
        }
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
