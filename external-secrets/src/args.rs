//! The flags: upstream's, as far as they mean something here.

use std::path::PathBuf;

use clap::Parser;
use jiff::SignedDuration;
use operator_kit::logging::LogFormat;
use tracing::Level;

/// Makes Secrets of what is in AWS Secrets Manager, and keeps them so.
#[derive(Parser, Debug)]
#[command(name = "external-secrets", version)]
pub(crate) struct Args {
    /// Kubeconfig to use instead of the in-cluster configuration.
    #[arg(long, value_name = "FILE", env = "EXTERNAL_SECRETS_KUBECONFIG")]
    pub(crate) kubeconfig: Option<PathBuf>,

    /// Address of /metrics.
    #[arg(long, default_value = ":8080", env = "EXTERNAL_SECRETS_METRICS_ADDR")]
    pub(crate) metrics_addr: String,

    /// Address of /healthz and /readyz.
    #[arg(long, default_value = ":8082", env = "EXTERNAL_SECRETS_LIVE_ADDR")]
    pub(crate) live_addr: String,

    /// Serve stores of this class, and those that say none.
    #[arg(
        long,
        default_value = "default",
        env = "EXTERNAL_SECRETS_CONTROLLER_CLASS"
    )]
    pub(crate) controller_class: String,

    /// Serve this namespace only.
    #[arg(
        long,
        default_value = "",
        hide_default_value = true,
        env = "EXTERNAL_SECRETS_NAMESPACE"
    )]
    pub(crate) namespace: String,

    /// How often a store's credentials are checked, unless its spec.refreshInterval says otherwise.
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = duration, env = "EXTERNAL_SECRETS_STORE_REQUEUE_INTERVAL")]
    pub(crate) store_requeue_interval: SignedDuration,

    /// URL of AWS Secrets Manager, in place of AWS's own.
    #[arg(
        long,
        value_name = "URL",
        default_value = "",
        hide_default_value = true,
        env = "AWS_SECRETSMANAGER_ENDPOINT"
    )]
    pub(crate) secretsmanager_endpoint: String,

    /// URL of AWS STS, in place of AWS's own.
    #[arg(
        long,
        value_name = "URL",
        default_value = "",
        hide_default_value = true,
        env = "AWS_STS_ENDPOINT"
    )]
    pub(crate) sts_endpoint: String,

    /// Serve ClusterExternalSecrets, where their definition is installed and the rights are there.
    #[arg(
        long,
        value_name = "BOOL",
        default_value_t = true,
        num_args = 0..=1,
        default_missing_value = "true",
        action = clap::ArgAction::Set,
        env = "EXTERNAL_SECRETS_ENABLE_CLUSTER_EXTERNAL_SECRET_RECONCILER"
    )]
    pub(crate) enable_cluster_external_secret_reconciler: bool,

    /// Let creationPolicy Owner and Orphan take over Secrets that belong to nobody, and remove what is in them, as
    /// External Secrets Operator does.
    #[arg(long, env = "EXTERNAL_SECRETS_ADOPT_FOREIGN_SECRETS", value_name = "BOOL", default_value_t = false,
        num_args = 0..=1, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub(crate) adopt_foreign_secrets: bool,

    /// debug, info, warn or error.
    #[arg(
        long,
        default_value = "info",
        ignore_case = true,
        env = "EXTERNAL_SECRETS_LOGLEVEL"
    )]
    pub(crate) loglevel: Level,

    /// text or json.
    #[arg(long, default_value = "text", env = "EXTERNAL_SECRETS_LOG_FORMAT")]
    pub(crate) log_format: LogFormat,

    /// Accepted for the sake of manifests written for External Secrets Operator: the work is bounded by what
    /// the API server and AWS take.
    #[arg(long, hide = true)]
    concurrent: Option<u32>,
}

/// What was given, if it was.
pub(crate) fn given(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn duration(text: &str) -> Result<SignedDuration, String> {
    let duration: Option<SignedDuration> = text.parse().ok();
    duration
        .filter(SignedDuration::is_positive)
        .ok_or_else(|| "a duration is written like 5m or 1h30m".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn flags_are_consistent() {
        Args::command().debug_assert();
        let args = Args::try_parse_from(["x", "--concurrent=5", "--loglevel=DEBUG"]).unwrap();
        assert_eq!(args.loglevel, Level::DEBUG);
        assert!(Args::try_parse_from(["x", "--store-requeue-interval=0s"]).is_err());
        let flag = "--enable-cluster-external-secret-reconciler";
        let off = format!("{flag}=false");
        for (given, enabled) in [(&[][..], true), (&[flag], true), (&[&*off], false)] {
            let args = Args::try_parse_from(["x"].iter().chain(given)).unwrap();
            assert_eq!(args.enable_cluster_external_secret_reconciler, enabled);
        }
    }

    #[test]
    fn flags_are_documented() {
        let page = include_str!("../../docs/reference/external-secrets-flags.md");
        let command = Args::command();
        let mut flags = 0;
        for flag in command.get_arguments().filter(|flag| !flag.is_hide_set()) {
            let Some(name) = flag.get_long() else {
                continue;
            };
            let row = page.lines().find(|line| {
                line.starts_with(&format!("| `--{name}`"))
                    || line.starts_with(&format!("| `--{name} "))
            });
            let row = row.unwrap_or_else(|| panic!("--{name} is not documented"));
            if let Some(variable) = flag.get_env() {
                assert!(row.contains(&format!("`{}`", variable.display())), "{row}");
            }
            for default in flag.get_default_values() {
                let default = default.to_string_lossy();
                let shown = default.is_empty() || row.contains(&format!("`{default}`"));
                assert!(shown, "{row}");
            }
            flags += 1;
        }
        let rows = page.lines().filter(|line| line.starts_with("| `--"));
        // Help and version are clap's own.
        assert_eq!(rows.count(), flags + 2);
    }
}
