//! What was typed. Parsing has no effect; `context` says what it means.

mod verb;

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, Command, CommandFactory as _, FromArgMatches as _, Parser};

use crate::called_as::CalledAs;
use crate::certificate::CacheArgs;
use crate::connection::ConnectionArgs;
use crate::klog::KlogArgs;
use crate::mode::ModeArgs;
use crate::recipient::{Cert, RecipientArgs, RuleArgs};
use crate::ui;
use crate::verbs;
use crate::{help_value, other_words};
pub(crate) use verb::{InputArgs, InputsArgs, OutputArgs, SealArgs, usual_format};

/// Encrypts Kubernetes Secrets for a cluster, so that they can be committed.
///
/// Reads Secrets (YAML or JSON, any number of documents) from stdin or -f and writes
/// SealedSecrets to stdout or -w. Every flag of kubeseal can be given as SEALED_SECRETS_<FLAG>.
#[derive(Parser, Debug, Default)]
#[command(
    name = "seal",
    disable_version_flag = true,
    // The last one wins, as with kubeseal: aliases and scripts come with flags of their own.
    args_override_self = true,
    max_term_width = 100,
    after_help = "Examples:\n  \
        kubectl create secret generic db --dry-run=client --from-env-file=db.env -o yaml \\\n    \
          | seal --cert pub.pem -o yaml -w db.sealed.yaml\n  \
        seal --fetch-cert > pub.pem\n  \
        seal -f secret.yaml -w sealed.yaml --scope namespace-wide\n  \
        seal -f secret.yaml -w sealed.yaml --cert pub.pem -r age1… -r arn:aws:kms:…"
)]
pub(crate) struct Args {
    /// Certificate to seal for: a PEM file, file:// or http(s):// URL; the controller is not asked.
    /// configmap:NAMESPACE/NAME[/KEY] is one in a ConfigMap
    #[arg(long, value_name = "FILE|URL", help_heading = "Certificate")]
    pub(crate) cert: Option<String>,
    /// What the variable for `--cert` says.
    #[arg(skip)]
    pub(crate) cert_of_variable: Option<String>,

    #[command(flatten)]
    pub(crate) recipients: RecipientArgs,

    #[command(flatten)]
    pub(crate) rules: RuleArgs,

    /// How values are written: legacy (one certificate, as kubeseal does), or se1 (any recipients)
    /// [default: legacy for one certificate, unless its key is in AWS KMS; else se1]
    #[arg(long, value_name = "FORMAT", help_heading = "Recipients")]
    pub(crate) format_version: Option<String>,

    /// Print the certificate instead of sealing.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL", value_parser = truth, help_heading = "Certificate")]
    pub(crate) fetch_cert: Option<bool>,

    #[command(flatten)]
    pub(crate) cache: CacheArgs,

    /// File with the Secrets [default: stdin]
    #[arg(
        short = 'f',
        long,
        value_name = "FILE",
        help_heading = "Input and output"
    )]
    pub(crate) secret_file: Option<String>,

    /// File to write, atomically; .yaml and .yml imply -o yaml [default: stdout]
    #[arg(
        short = 'w',
        long,
        value_name = "FILE",
        help_heading = "Input and output"
    )]
    pub(crate) sealed_secret_file: Option<String>,

    /// json or yaml [default: json]
    #[arg(
        short = 'o',
        long,
        value_name = "FORMAT",
        help_heading = "Input and output"
    )]
    pub(crate) format: Option<String>,

    /// Seal Secrets without any item, too.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL", value_parser = truth, help_heading = "Input and output")]
    pub(crate) allow_empty_data: Option<bool>,

    /// Name of the sealed secret, instead of metadata.name.
    #[arg(long, value_name = "NAME", help_heading = "Target")]
    pub(crate) name: Option<String>,

    /// Namespace; a Secret that names another is refused.
    #[arg(short = 'n', long, value_name = "NAMESPACE", help_heading = "Target")]
    pub(crate) namespace: Option<String>,

    /// Where the values may be used: strict, namespace-wide or cluster-wide [default: strict]
    #[arg(long, value_name = "SCOPE", help_heading = "Target")]
    pub(crate) scope: Option<String>,

    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,

    /// Print the version.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL", value_parser = truth)]
    pub(crate) version: Option<bool>,

    #[command(flatten)]
    pub(crate) mode: ModeArgs,

    #[command(flatten)]
    klog: KlogArgs,
}

/// Which controller, and how to reach its cluster.
#[derive(clap::Args, Debug, Default)]
pub(crate) struct ClusterArgs {
    /// Name of the controller's Service [default: sealed-secrets-controller]
    #[arg(long, value_name = "NAME", help_heading = "Cluster")]
    pub(crate) controller_name: Option<String>,

    /// Namespace of the controller's Service [default: kube-system]
    #[arg(long, value_name = "NAMESPACE", help_heading = "Cluster")]
    pub(crate) controller_namespace: Option<String>,

    /// Kubeconfig [default: $KUBECONFIG or ~/.kube/config]
    #[arg(long, value_name = "FILE", help_heading = "Cluster")]
    pub(crate) kubeconfig: Option<String>,

    /// Context of the kubeconfig [default: its current context]
    #[arg(long, value_name = "NAME", help_heading = "Cluster")]
    pub(crate) context: Option<String>,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

impl ClusterArgs {
    /// Fills what was not typed from variables.
    pub(crate) fn complete_from(&mut self, variable: impl Fn(&str) -> Option<String>) {
        for (slot, flag) in [
            (&mut self.controller_name, "controller-name"),
            (&mut self.controller_namespace, "controller-namespace"),
            (&mut self.kubeconfig, "kubeconfig"),
            (&mut self.context, "context"),
        ] {
            if slot.is_none() {
                *slot = variable(flag);
            }
        }
        self.connection.complete_from(variable);
    }
}

impl Args {
    /// Reads a command line without a verb; the help of `seal` lists the verbs, too.
    pub(crate) fn parse(words: &[OsString], called_as: CalledAs) -> Result<Self, clap::Error> {
        let typed = help_value::parse(words, |words| Self::parse_words(words, called_as));
        if called_as.is_kubeseal() {
            return typed;
        }
        typed.map_err(other_words::explained)
    }

    fn parse_words(words: &[OsString], called_as: CalledAs) -> Result<Self, clap::Error> {
        let mut command = command(called_as);
        let typed = command.try_get_matches_from_mut(words);
        let typed = match typed {
            // Only who asks for help pays for the list of verbs.
            Err(help) if help.kind() == ErrorKind::DisplayHelp => {
                command = self::command(called_as).after_help(after_help(called_as));
                command.try_get_matches_from_mut(words)
            }
            typed => typed,
        };
        let mut typed = typed?;
        if called_as.is_kubeseal() {
            let stray = typed.get_raw(STRAY).map_or(0, Iterator::count);
            if stray > 0 {
                // The words are not shown: one may be a value that lost its flag.
                ui::warn(&format!(
                    "{stray} of the words belong to no flag and are ignored, as by kubeseal; verbs are there under the name seal"
                ));
            }
        }
        Self::from_arg_matches_mut(&mut typed).map_err(|refusal| refusal.format(&mut command))
    }

    /// Fills what was not typed from variables; what cannot be read is passed over, as kubeseal
    /// does.
    pub(crate) fn complete_from(&mut self, variable: impl Fn(&str) -> Option<String>) {
        for (slot, flag) in [
            (&mut self.secret_file, "secret-file"),
            (&mut self.sealed_secret_file, "sealed-secret-file"),
            (&mut self.format, "format"),
            (&mut self.format_version, "format-version"),
            (&mut self.name, "name"),
            (&mut self.namespace, "namespace"),
            (&mut self.scope, "scope"),
        ] {
            if slot.is_none() {
                *slot = variable(flag);
            }
        }
        self.cluster.complete_from(&variable);
        self.cache.complete_from(&variable);
        self.mode.complete_from(&variable);
        self.cert_of_variable = variable("cert");
        for (slot, flag) in [
            (&mut self.fetch_cert, "fetch-cert"),
            (&mut self.allow_empty_data, "allow-empty-data"),
            (&mut self.version, "version"),
        ] {
            if slot.is_none() {
                *slot = variable(flag).as_deref().and_then(go_bool);
            }
        }
    }

    /// `--cert` and its variable; what is empty names none.
    pub(crate) fn cert(&self) -> Cert {
        let given = |cert: &Option<String>| cert.clone().filter(|cert| !cert.is_empty());
        Cert {
            typed: given(&self.cert),
            // Typed, though empty, it is not looked up.
            variable: given(&self.cert_of_variable).filter(|_| self.cert.is_none()),
        }
    }
}

/// Words that belong to no flag.
const STRAY: &str = "stray";

/// The flags as they are read under a name. kubeseal takes whatever follows a flag as its value,
/// and ignores words that belong to none.
fn command(called_as: CalledAs) -> Command {
    let name = called_as.name();
    let command = Args::command().bin_name(name);
    if !called_as.is_kubeseal() {
        return command.override_usage(verbs::USAGE);
    }
    command
        .name("kubeseal")
        .override_usage(format!("{name} [OPTIONS]"))
        .mut_args(|arg| match arg.get_action() {
            ArgAction::Set | ArgAction::Append => arg.allow_hyphen_values(true),
            _ => arg,
        })
        .arg(
            Arg::new(STRAY)
                .num_args(0..)
                .value_parser(clap::value_parser!(OsString))
                .hide(true),
        )
}

fn after_help(called_as: CalledAs) -> String {
    let examples = Args::command().get_after_help().cloned();
    let examples = examples.unwrap_or_default().to_string();
    if called_as.is_kubeseal() {
        let name = called_as.name();
        return examples
            .replace("  seal ", &format!("  {name} "))
            .replace("| seal ", &format!("| {name} "));
    }
    format!("{}\n{examples}", verbs::list())
}

/// A truth value that was typed.
pub(crate) fn truth(text: &str) -> Result<bool, &'static str> {
    go_bool(text).ok_or("use true or false")
}

/// The spellings that Go's flag libraries take.
pub(crate) fn go_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_consistent() {
        for called_as in [CalledAs::Seal, CalledAs::Kubeseal, CalledAs::KubectlSeal] {
            command(called_as).debug_assert();
        }
    }

    #[test]
    fn the_command_line_wins_over_variables() {
        let mut args =
            Args::try_parse_from(["seal", "--name", "typed", "--fetch-cert=false"]).unwrap();
        args.complete_from(|flag| match flag {
            "name" | "cert" => Some("variable".to_owned()),
            "scope" => Some(String::new()),
            "fetch-cert" => Some("1".to_owned()),
            "allow-empty-data" => Some("maybe".to_owned()),
            _ => None,
        });
        assert_eq!(args.name.as_deref(), Some("typed"));
        assert_eq!(args.cert().variable.as_deref(), Some("variable"));
        args.cert = Some(String::new());
        assert_eq!(args.cert(), Cert::default(), "typed, though empty, wins");
        assert_eq!(args.scope.as_deref(), Some(""), "set but empty counts");
        assert_eq!(args.fetch_cert, Some(false));
        assert_eq!(
            args.allow_empty_data, None,
            "what cannot be read is passed over"
        );
    }
}
