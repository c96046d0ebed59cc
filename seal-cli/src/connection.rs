//! Flags that say which cluster to ask, and as whom: kubectl's, with kubectl's meaning (contract §3.1).

mod credential;
mod limits;

use std::path::PathBuf;

use crate::args::{go_bool, truth};
pub(crate) use credential::Credential;
pub(crate) use limits::{Limits, TimeoutError};

const HEADING: &str = "Connection, as with kubectl";

/// What was typed.
#[derive(clap::Args, Debug, Default)]
pub(crate) struct ConnectionArgs {
    /// Address of the API server
    #[arg(long, value_name = "URL", hide_short_help = true, help_heading = HEADING)]
    server: Option<String>,

    /// Cluster of the kubeconfig
    #[arg(long, value_name = "NAME", hide_short_help = true, help_heading = HEADING)]
    cluster: Option<String>,

    /// User of the kubeconfig
    #[arg(long, value_name = "NAME", hide_short_help = true, help_heading = HEADING)]
    user: Option<String>,

    /// Bearer token. Others on this machine can see it; the variable SEALED_SECRETS_TOKEN they can't
    #[arg(
        long,
        value_name = "TOKEN",
        hide_short_help = true, help_heading = HEADING,
        allow_hyphen_values = true
    )]
    token: Option<Credential>,

    /// Name for basic authentication
    #[arg(long, value_name = "NAME", hide_short_help = true, help_heading = HEADING)]
    username: Option<String>,

    /// Password for basic authentication
    #[arg(
        long,
        value_name = "PASSWORD",
        hide_short_help = true, help_heading = HEADING,
        allow_hyphen_values = true
    )]
    password: Option<Credential>,

    /// Certificate to show to the API server
    #[arg(long, value_name = "FILE", hide_short_help = true, help_heading = HEADING)]
    client_certificate: Option<String>,

    /// Private key of that certificate
    #[arg(long, value_name = "FILE", hide_short_help = true, help_heading = HEADING)]
    client_key: Option<String>,

    /// User to act as
    #[arg(long = "as", value_name = "NAME", hide_short_help = true, help_heading = HEADING)]
    as_whom: Option<String>,

    /// Group to act as; several times for several
    #[arg(long, value_name = "NAME", hide_short_help = true, help_heading = HEADING)]
    as_group: Vec<String>,

    /// UID to act as
    #[arg(long, value_name = "UID", hide_short_help = true, help_heading = HEADING)]
    as_uid: Option<String>,

    /// Certificates that the API server's is checked with
    #[arg(long, value_name = "FILE", hide_short_help = true, help_heading = HEADING)]
    certificate_authority: Option<String>,

    /// Name that the API server's certificate must have [default: the host of its address]
    #[arg(long, value_name = "NAME", hide_short_help = true, help_heading = HEADING)]
    tls_server_name: Option<String>,

    /// Do not check the API server's certificate: anybody in between can then hand out a certificate of theirs
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL", value_parser = truth, hide_short_help = true, help_heading = HEADING)]
    insecure_skip_tls_verify: Option<bool>,

    /// Proxy to the API server: http://, https:// or socks5:// [default: $HTTPS_PROXY or $HTTP_PROXY, but for $NO_PROXY]
    #[arg(long, value_name = "URL", hide_short_help = true, help_heading = HEADING)]
    proxy_url: Option<String>,

    /// Longest time for an answer: 30, 30s, 1m30s; 0 is for ever [default: 10 s to connect, 1 min for the rest]
    #[arg(long, value_name = "TIME", hide_short_help = true, help_heading = HEADING)]
    request_timeout: Option<String>,

    /// Do not ask for compressed answers
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL", value_parser = truth, hide_short_help = true, help_heading = HEADING)]
    disable_compression: Option<bool>,
}

impl ConnectionArgs {
    /// Fills what was not typed from variables; what cannot be read is passed over, as kubeseal
    /// does.
    pub(crate) fn complete_from(&mut self, variable: impl Fn(&str) -> Option<String>) {
        for (slot, flag) in [
            (&mut self.server, "server"),
            (&mut self.cluster, "cluster"),
            (&mut self.user, "user"),
            (&mut self.username, "username"),
            (&mut self.client_certificate, "client-certificate"),
            (&mut self.client_key, "client-key"),
            (&mut self.as_whom, "as"),
            (&mut self.as_uid, "as-uid"),
            (&mut self.certificate_authority, "certificate-authority"),
            (&mut self.tls_server_name, "tls-server-name"),
            (&mut self.proxy_url, "proxy-url"),
            (&mut self.request_timeout, "request-timeout"),
        ] {
            if slot.is_none() {
                *slot = variable(flag);
            }
        }
        for (slot, flag) in [(&mut self.token, "token"), (&mut self.password, "password")] {
            if slot.is_none() {
                *slot = variable(flag).map(Credential::from);
            }
        }
        for (slot, flag) in [
            (
                &mut self.insecure_skip_tls_verify,
                "insecure-skip-tls-verify",
            ),
            (&mut self.disable_compression, "disable-compression"),
        ] {
            if slot.is_none() {
                *slot = variable(flag).as_deref().and_then(go_bool);
            }
        }
        // A list grows: the variable is its first.
        self.as_group.splice(..0, variable("as-group"));
    }

    /// Those that were typed and that nobody looks at who does not ask a cluster.
    pub(crate) fn only_for_connecting(&self) -> Vec<&'static str> {
        let says = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
        let is_set = |secret: &Option<Credential>| secret.as_ref().is_some_and(|it| !it.is_empty());
        let flags = [
            ("--token", is_set(&self.token)),
            ("--username", says(&self.username)),
            ("--password", is_set(&self.password)),
            ("--client-certificate", says(&self.client_certificate)),
            ("--client-key", says(&self.client_key)),
            ("--as", says(&self.as_whom)),
            ("--as-group", !self.as_group.is_empty()),
            ("--as-uid", says(&self.as_uid)),
            ("--certificate-authority", says(&self.certificate_authority)),
            ("--tls-server-name", says(&self.tls_server_name)),
            (
                "--insecure-skip-tls-verify",
                self.insecure_skip_tls_verify == Some(true),
            ),
            ("--proxy-url", says(&self.proxy_url)),
            ("--request-timeout", says(&self.request_timeout)),
            (
                "--disable-compression",
                self.disable_compression == Some(true),
            ),
        ];
        let typed = flags.into_iter().filter(|(_, typed)| *typed);
        typed.map(|(flag, _)| flag).collect()
    }

    /// What they mean, with the kubeconfig and its context that were named beside them.
    pub(crate) fn connection(
        self,
        kubeconfig: Option<PathBuf>,
        context: Option<String>,
    ) -> Connection {
        Connection {
            kubeconfig,
            context,
            server: given(self.server),
            cluster: given(self.cluster),
            user: given(self.user),
            token: self.token.filter(|token| !token.is_empty()),
            username: given(self.username),
            password: self.password.filter(|password| !password.is_empty()),
            client_certificate: given(self.client_certificate),
            client_key: given(self.client_key),
            as_whom: given(self.as_whom),
            as_groups: self.as_group,
            as_uid: given(self.as_uid),
            certificate_authority: given(self.certificate_authority),
            tls_server_name: given(self.tls_server_name),
            insecure: self.insecure_skip_tls_verify.unwrap_or_default(),
            proxy_url: given(self.proxy_url),
            request_timeout: given(self.request_timeout),
            disable_compression: self.disable_compression.unwrap_or_default(),
        }
    }
}

/// Where a kubeconfig is, and what takes the place of its entries. Nothing here is an empty text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connection {
    pub(crate) kubeconfig: Option<PathBuf>,
    pub(crate) context: Option<String>,
    pub(crate) server: Option<String>,
    pub(crate) cluster: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) token: Option<Credential>,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<Credential>,
    pub(crate) client_certificate: Option<String>,
    pub(crate) client_key: Option<String>,
    pub(crate) as_whom: Option<String>,
    pub(crate) as_groups: Vec<String>,
    pub(crate) as_uid: Option<String>,
    pub(crate) certificate_authority: Option<String>,
    pub(crate) tls_server_name: Option<String>,
    pub(crate) insecure: bool,
    pub(crate) proxy_url: Option<String>,
    pub(crate) request_timeout: Option<String>,
    pub(crate) disable_compression: bool,
}

impl Connection {
    /// To the cluster of another context, of which only the kubeconfig knows: an address, a token
    /// or a proxy of the command line is for the cluster that the command line is about.
    pub(crate) fn in_context(&self, context: String) -> Self {
        Self {
            kubeconfig: self.kubeconfig.clone(),
            context: Some(context),
            request_timeout: self.request_timeout.clone(),
            disable_compression: self.disable_compression,
            ..Self::default()
        }
    }

    /// How long an answer may take.
    pub(crate) fn limits(&self) -> Result<Limits, TimeoutError> {
        Limits::of(self.request_timeout.as_deref())
    }
}

fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: ConnectionArgs,
    }

    fn connection(typed: &[&str], variables: &[(&str, &str)]) -> Connection {
        let words = ["seal"].iter().chain(typed);
        let mut args = Line::try_parse_from(words).unwrap().args;
        args.complete_from(|flag| {
            let (_, value) = variables.iter().find(|(name, _)| *name == flag)?;
            Some((*value).to_owned())
        });
        args.connection(None, Some("dev".to_owned()))
    }

    #[test]
    fn variables_fill_what_was_not_typed() {
        let found = connection(
            &["--server=typed", "--user=", "--as-group=b", "--token", "-t"],
            &[
                ("server", "variable"),
                ("user", "variable"),
                ("as-group", "a"),
                ("proxy-url", ""),
                ("insecure-skip-tls-verify", "1"),
                ("disable-compression", "maybe"),
            ],
        );
        assert_eq!(found.server.as_deref(), Some("typed"));
        assert_eq!(found.user, None, "typed, though empty, wins");
        assert_eq!(found.as_groups, ["a", "b"], "lists grow");
        assert_eq!(found.proxy_url, None);
        assert!(found.insecure);
        assert!(!found.disable_compression);
        assert_eq!(found.token.as_ref().map(Credential::show), Some("-t"));
    }

    #[test]
    fn credentials_are_not_shown() {
        let found = connection(&["--token=hunter2"], &[("password", "hunter2")]);
        assert!(!format!("{found:?}").contains("hunter2"), "{found:?}");
    }

    #[test]
    fn another_context_gets_nothing_that_was_meant_for_this_one() {
        let typed = ["--server=s", "--token=t", "--insecure-skip-tls-verify"];
        let other = connection(&typed, &[]).in_context("other".to_owned());
        assert_eq!(other.context.as_deref(), Some("other"));
        assert!(other.server.is_none() && other.token.is_none() && !other.insecure);
    }
}
