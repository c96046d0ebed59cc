//! What was typed, and what it means.

use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use seal_format::Scope;

use crate::args::{Args, ClusterArgs};
use crate::called_as::CalledAs;
use crate::certificate::{CacheArgs, CacheTime};
use crate::config;
use crate::connection::Connection;
use crate::environment;
use crate::error::CliError;
use crate::mode::Mode;
use crate::output::{Destination, Format};
use crate::recipient::{Asked, RecipientArgs, RuleArgs};

/// Everything a command needs to know.
pub(crate) struct Context {
    pub(crate) version: bool,
    pub(crate) called_as: CalledAs,
    pub(crate) mode: Mode,
    /// A certificate given by hand; else the cluster is asked.
    pub(crate) cert: Option<String>,
    /// Whom to seal for, the certificate included.
    pub(crate) asked: Asked,
    pub(crate) recipients: RecipientArgs,
    pub(crate) rules: RuleArgs,
    /// `--format-version`, when given.
    pub(crate) format_version: Option<config::Format>,
    pub(crate) cluster: Cluster,
    /// `None` is stdin.
    pub(crate) secret_file: Option<PathBuf>,
    pub(crate) destination: Destination,
    pub(crate) format: Format,
    /// `--format`, when given.
    pub(crate) asked_format: Option<Format>,
    pub(crate) allow_empty: bool,
    /// Not kubeseal's way: scalars that YAML would turn into other text are refused.
    pub(crate) by_verb: bool,
    pub(crate) name: Option<String>,
    /// `--namespace`, when given.
    pub(crate) namespace: Option<String>,
    /// `--scope`, when given.
    pub(crate) scope: Option<Scope>,
}

/// A controller, and how to reach its cluster.
#[derive(Clone, Debug)]
pub(crate) struct Cluster {
    pub(crate) controller: Controller,
    pub(crate) connection: Connection,
    /// How long its certificate is used without asking; `None` is not at all.
    pub(crate) cache: Option<SignedDuration>,
}

impl From<ClusterArgs> for Cluster {
    fn from(args: ClusterArgs) -> Self {
        Self {
            controller: Controller {
                name: args
                    .controller_name
                    .unwrap_or_else(|| "sealed-secrets-controller".to_owned()),
                namespace: args
                    .controller_namespace
                    .unwrap_or_else(|| "kube-system".to_owned()),
            },
            connection: args
                .connection
                .connection(path(args.kubeconfig), given(args.context)),
            cache: None,
        }
    }
}

impl Cluster {
    /// The same, its certificate kept as was asked for.
    pub(crate) fn cached(self, args: &CacheArgs) -> Self {
        let cache = args.cert_cache.and_then(|CacheTime(time)| time);
        Self { cache, ..self }
    }

    /// The same in another context of the kubeconfig, if one is named.
    pub(crate) fn in_context(&self, context: Option<String>) -> Self {
        let mut cluster = self.clone();
        if let Some(context) = context {
            cluster.connection = self.connection.in_context(context);
        }
        cluster
    }
}

/// Where the controller's Service is.
#[derive(Clone, Debug)]
pub(crate) struct Controller {
    pub(crate) name: String,
    pub(crate) namespace: String,
}

impl Context {
    pub(crate) fn new(args: Args) -> Result<Self, CliError> {
        let cert = args.cert();
        let asked = Asked::of(&args.recipients, cert.clone(), environment::own)?;
        let output = path(args.sealed_secret_file);
        Ok(Self {
            version: args.version.unwrap_or_default(),
            called_as: CalledAs::Seal,
            mode: args.mode.mode(args.fetch_cert.unwrap_or_default())?,
            cert: cert.typed.or(cert.variable),
            asked,
            recipients: args.recipients,
            rules: args.rules,
            format_version: format_version(args.format_version)?,
            cluster: Cluster::from(args.cluster).cached(&args.cache),
            secret_file: path(args.secret_file),
            format: format(args.format.as_deref(), output.as_deref())?,
            asked_format: match given(args.format) {
                Some(typed) => Some(format(Some(&typed), None)?),
                None => None,
            },
            destination: output.map_or(Destination::Stdout, Destination::File),
            allow_empty: args.allow_empty_data.unwrap_or_default(),
            by_verb: false,
            name: given(args.name),
            namespace: given(args.namespace).map(|name| without_kind(&name).to_owned()),
            scope: scope(args.scope)?,
        })
    }
}

fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn path(text: Option<String>) -> Option<PathBuf> {
    given(text).map(PathBuf::from)
}

/// A file called .yaml holds YAML, whatever else was said.
pub(crate) fn format(typed: Option<&str>, output: Option<&Path>) -> Result<Format, CliError> {
    let typed = match typed.unwrap_or("json").to_lowercase().as_str() {
        "" | "json" => Format::Json,
        "yaml" => Format::Yaml,
        _ => return Err(CliError::Format(typed.unwrap_or_default().to_owned())),
    };
    let extension = output
        .and_then(Path::extension)
        .and_then(|extension| extension.to_str());
    Ok(match extension {
        Some("yaml" | "yml") => Format::Yaml,
        _ => typed,
    })
}

pub(crate) fn format_version(typed: Option<String>) -> Result<Option<config::Format>, CliError> {
    let Some(typed) = given(typed) else {
        return Ok(None);
    };
    match config::Format::of(&typed.to_lowercase()) {
        Some(format) => Ok(Some(format)),
        None => Err(CliError::FormatVersion(typed)),
    }
}

pub(crate) fn scope(typed: Option<String>) -> Result<Option<Scope>, CliError> {
    let Some(typed) = given(typed) else {
        return Ok(None);
    };
    let scope = typed.parse();
    scope.map(Some).map_err(|_| CliError::Scope(typed))
}

/// kubectl takes `ns/NAME`, too, in capitals and small letters.
pub(crate) fn without_kind(namespace: &str) -> &str {
    let (kind, name) = namespace.split_once('/').unwrap_or_default();
    let known = ["namespaces", "namespace", "ns"];
    let known = known.iter().any(|known| kind.eq_ignore_ascii_case(known));
    if known && !name.is_empty() {
        name
    } else {
        namespace
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats() {
        for (typed, output, expected) in [
            (None, None, Some(Format::Json)),
            (Some("YAML"), None, Some(Format::Yaml)),
            (Some("json"), Some("a.yaml"), Some(Format::Yaml)),
            (None, Some("a.yml"), Some(Format::Yaml)),
            (None, Some("a.json"), Some(Format::Json)),
            (Some("toml"), None, None),
        ] {
            let found = format(typed, output.map(Path::new)).ok();
            assert_eq!(found, expected, "{typed:?} {output:?}");
        }
    }

    #[test]
    fn namespaces_lose_their_kind() {
        for text in [
            "prod",
            "ns/prod",
            "NS/prod",
            "namespace/prod",
            "namespaces/prod",
        ] {
            assert_eq!(without_kind(text), "prod");
        }
        for text in ["ns/", "pod/prod", ""] {
            assert_eq!(without_kind(text), text);
        }
    }
}
