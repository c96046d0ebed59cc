//! Flags of a connection that are not there yet: known, so that they are refused by name rather than
//! ignored. Their values are never shown: tokens and passwords are among them.

use crate::args::{go_bool, truth};
use crate::environment;
use crate::error::CliError;

#[derive(clap::Args, Debug, Default)]
pub(crate) struct Later {
    #[command(flatten)]
    connection: Connection,
}

/// Which cluster to ask, and as whom: kubectl's flags.
#[derive(clap::Args, Debug, Default)]
struct Connection {
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = truth)]
    insecure_skip_tls_verify: Option<bool>,
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = truth)]
    disable_compression: Option<bool>,
    #[arg(long, hide = true)]
    server: Vec<String>,
    #[arg(long, hide = true)]
    cluster: Vec<String>,
    #[arg(long, hide = true)]
    user: Vec<String>,
    #[arg(long, hide = true)]
    token: Vec<String>,
    #[arg(long, hide = true)]
    username: Vec<String>,
    #[arg(long, hide = true)]
    password: Vec<String>,
    #[arg(long = "as", hide = true)]
    as_whom: Vec<String>,
    #[arg(long, hide = true)]
    as_group: Vec<String>,
    #[arg(long, hide = true)]
    as_uid: Vec<String>,
    #[arg(long, hide = true)]
    certificate_authority: Vec<String>,
    #[arg(long, hide = true)]
    client_certificate: Vec<String>,
    #[arg(long, hide = true)]
    client_key: Vec<String>,
    #[arg(long, hide = true)]
    tls_server_name: Vec<String>,
    #[arg(long, hide = true)]
    proxy_url: Vec<String>,
    #[arg(long, hide = true)]
    request_timeout: Vec<String>,
}

/// What was typed for a flag.
enum Typed<'a> {
    Switch(Option<bool>),
    Values(&'a [String]),
}

impl Later {
    /// The first that is asked for, by the command line or its variable, is an error.
    pub(crate) fn refuse(&self, variable: impl Fn(&str) -> Option<String>) -> Result<(), CliError> {
        match first(self.connection.flags(), &variable) {
            Some(flag) => Err(CliError::NotThereYetForClusters(flag)),
            None => Ok(()),
        }
    }
}

impl Connection {
    fn flags(&self) -> [(&'static str, Typed<'_>); 17] {
        use Typed::{Switch, Values};
        [
            (
                "insecure-skip-tls-verify",
                Switch(self.insecure_skip_tls_verify),
            ),
            ("disable-compression", Switch(self.disable_compression)),
            ("server", Values(&self.server)),
            ("cluster", Values(&self.cluster)),
            ("user", Values(&self.user)),
            ("token", Values(&self.token)),
            ("username", Values(&self.username)),
            ("password", Values(&self.password)),
            ("as", Values(&self.as_whom)),
            ("as-group", Values(&self.as_group)),
            ("as-uid", Values(&self.as_uid)),
            ("certificate-authority", Values(&self.certificate_authority)),
            ("client-certificate", Values(&self.client_certificate)),
            ("client-key", Values(&self.client_key)),
            ("tls-server-name", Values(&self.tls_server_name)),
            ("proxy-url", Values(&self.proxy_url)),
            ("request-timeout", Values(&self.request_timeout)),
        ]
    }
}

/// A switch that is turned off is not asked for, nor is a variable without content.
fn first<'a>(
    flags: impl IntoIterator<Item = (&'static str, Typed<'a>)>,
    variable: &impl Fn(&str) -> Option<String>,
) -> Option<String> {
    flags.into_iter().find_map(|(flag, typed)| {
        let set = || variable(flag).filter(|value| !value.is_empty());
        let by_variable = || format!("--{flag} (set by {})", environment::name(flag));
        match typed {
            Typed::Switch(Some(true)) => Some(format!("--{flag}")),
            Typed::Values(values) if !values.is_empty() => Some(format!("--{flag}")),
            Typed::Switch(Some(false)) => None,
            Typed::Switch(None) => (go_bool(&set()?)?).then(by_variable),
            Typed::Values(_) => set().map(|_| by_variable()),
        }
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::Args;

    fn refusal(typed: &[&str], variable: impl Fn(&str) -> Option<String>) -> Option<String> {
        let typed = ["seal"].iter().chain(typed);
        let args = Args::try_parse_from(typed).unwrap();
        let error = args.refuse_what_is_not_there_yet(variable).err()?;
        Some(error.to_string())
    }

    #[test]
    fn every_flag_of_a_connection_is_refused_typed_or_set_and_its_value_is_not_shown() {
        let later = Later::default();
        for (flag, kind) in later.connection.flags() {
            let value = match kind {
                Typed::Switch(_) => "true",
                Typed::Values(_) => "hunter2",
            };
            let typed = refusal(&[&format!("--{flag}={value}")], |_| None);
            let set = refusal(&[], |asked| (asked == flag).then(|| value.to_owned()));
            let empty = |asked: &str| (asked == flag).then(String::new);
            assert_eq!(refusal(&[], empty), None, "{flag}");
            for error in [typed, set] {
                let error = error.unwrap_or_else(|| panic!("{flag} is not refused"));
                assert!(error.starts_with(&format!("--{flag} ")), "{error}");
                assert!(!error.contains("hunter2"), "{error}");
                assert!(error.contains("--kubeconfig"), "{error}");
            }
        }
    }
}
