//! Kubeconfig files, and how they and flags lead to an API server.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Uri};
use kube::config::{AuthInfo, Cluster, Config, Kubeconfig};
use secrecy::{ExposeSecret as _, SecretString};

use crate::access::{Access, AccessError, given};
use crate::address::{self, PortError};
use crate::connection::{Connection, TimeoutError};
use crate::error::CliError;
use crate::exec_plugin::{self, PluginError};
use crate::in_cluster;
use crate::oidc::{self, OidcError, Origin};
use crate::proxy;

/// Why an API server cannot be asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error(transparent)]
    Access(#[from] AccessError),
    #[error("the address of the API server is none; write https://HOST:PORT")]
    Server,
    #[error(transparent)]
    Port(#[from] PortError),
    #[error("the certificate authority holds no certificate that can be read")]
    Authority,
    #[error(
        "a certificate authority and insecure-skip-tls-verify exclude each other; keep one of them"
    )]
    InsecureAuthority,
    #[error("cannot read the token in {}: {reason}", .path.display())]
    Token {
        path: PathBuf,
        reason: std::io::Error,
    },
    #[error(
        "the token holds a line break or other characters that no token has; write it on one line, without spaces around it"
    )]
    TokenText,
    #[error(transparent)]
    Plugin(#[from] PluginError),
    #[error(transparent)]
    Oidc(#[from] OidcError),
    #[error(transparent)]
    Timeout(#[from] TimeoutError),
}

/// The namespace of the context, `default` if the context names none; without any context the
/// pod's own. `None` outside of both: guessing would seal for a place that nobody meant.
pub(crate) fn namespace(connection: &Connection) -> Result<Option<String>, CliError> {
    let access = Access::of(&read(connection)?, connection).map_err(ConfigError::from)?;
    let named = |access: &Access| access.namespace.clone();
    if let Some(explicit) = access.as_ref().and_then(named) {
        return Ok(Some(explicit));
    }
    if in_cluster::possible() {
        return Ok(Some(in_cluster::namespace()));
    }
    Ok(access.map(|_| "default".to_owned()))
}

/// How to reach the API server. Runs the user's login helper, if there is one, which may ask and
/// take its time.
pub(crate) fn config(connection: &Connection) -> Result<Config, CliError> {
    let limits = connection.limits().map_err(ConfigError::from)?;
    let access = Access::of(&read(connection)?, connection).map_err(ConfigError::from)?;
    let mut config = match access {
        Some(access) => of_access(access, connection)?,
        None if in_cluster::possible() => in_cluster::config(connection)?,
        None => {
            return Err(CliError::NoCluster(
                "there is no kubeconfig, and this is no pod",
            ));
        }
    };
    if config.proxy_url.is_none() {
        let variable = |name: &str| std::env::var(name).ok();
        config.proxy_url = proxy::of_variables(&config.cluster_url, variable);
    }
    if let Some(proxy) = &config.proxy_url {
        address::check_port(proxy).map_err(ConfigError::from)?;
    }
    config.connect_timeout = limits.connect;
    config.read_timeout = limits.read;
    // A person waits: minutes of retries against a controller that is down help nobody.
    config.default_retry = false;
    check_token(&config.auth_info)?;
    Ok(config)
}

/// The client would not survive one that cannot be sent.
fn check_token(user: &AuthInfo) -> Result<(), ConfigError> {
    let unfit = |token: &SecretString| HeaderValue::from_str(token.expose_secret()).is_err();
    if user.token.as_ref().is_some_and(unfit) {
        return Err(ConfigError::TokenText);
    }
    Ok(())
}

/// An API server: what tells it from others.
pub(crate) struct Server {
    /// Without anybody's credentials.
    pub(crate) config: Config,
    /// The context that was meant, by name.
    pub(crate) context: Option<String>,
}

/// The API server that would be asked. Nobody is asked, and nobody logs in. `None` if there is none.
pub(crate) fn server_of(connection: &Connection) -> Result<Option<Server>, CliError> {
    let kubeconfig = read(connection)?;
    let access = Access::of(&kubeconfig, connection).map_err(ConfigError::from)?;
    let config = match access {
        Some(access) => without_user(&access.cluster)?,
        None if in_cluster::possible() => in_cluster::config(connection)?,
        None => return Ok(None),
    };
    let context = connection.context.clone().or(kubeconfig.current_context);
    Ok(Some(Server { config, context }))
}

fn of_access(access: Access, connection: &Connection) -> Result<Config, ConfigError> {
    let origin = origin(&access, connection);
    let Access { cluster, user, .. } = access;
    let mut config = without_user(&cluster)?;
    let tls = config.cluster_url.scheme_str() == Some("https");
    let mut user = user;
    for text in [&mut user.impersonate, &mut user.impersonate_uid] {
        text.take_if(|text| text.is_empty());
    }
    config.auth_info = if tls {
        credentials(user, &cluster, origin.as_ref())?
    } else {
        // Nobody else on the way may read them.
        AuthInfo {
            impersonate: user.impersonate,
            impersonate_uid: user.impersonate_uid,
            impersonate_groups: user.impersonate_groups,
            impersonate_user_extra: user.impersonate_user_extra,
            ..AuthInfo::default()
        }
    };
    Ok(config)
}

fn without_user(cluster: &Cluster) -> Result<Config, ConfigError> {
    let mut config = Config::new(server(given(cluster.server.as_ref()).unwrap_or_default())?);
    let tls = config.cluster_url.scheme_str() == Some("https");
    if tls {
        config.root_cert = authority(cluster)?;
        config.accept_invalid_certs = cluster.insecure_skip_tls_verify.unwrap_or_default();
    }
    config.tls_server_name = given(cluster.tls_server_name.as_ref()).map(str::to_owned);
    config.disable_compression = cluster.disable_compression.unwrap_or_default();
    config.proxy_url = given(cluster.proxy_url.as_ref()).and_then(proxy::of_text);
    Ok(config)
}

/// The one method of several that is used: token, file with a token, name and password,
/// certificate, login helper, OpenID Connect.
fn credentials(
    mut user: AuthInfo,
    cluster: &Cluster,
    origin: Option<&Origin>,
) -> Result<AuthInfo, ConfigError> {
    let file = user.token_file.take().filter(|path| !path.is_empty());
    if let (None, Some(path)) = (&user.token, file) {
        user.token = Some(token_in(Path::new(&path))?);
    }
    for text in [
        &mut user.username,
        &mut user.client_certificate,
        &mut user.client_key,
        &mut user.client_certificate_data,
    ] {
        text.take_if(|text| text.is_empty());
    }
    if user.username.is_some() && user.password.is_none() {
        user.password = Some(String::new().into());
    }
    let token_or_name = user.token.is_some() || user.username.is_some();
    let certificate = user.client_certificate.is_some() || user.client_certificate_data.is_some();
    if token_or_name {
        user.auth_provider = None;
    }
    if token_or_name || certificate {
        user.exec = None;
    }
    if !certificate {
        // A key alone says nothing.
        user.client_key = None;
        user.client_key_data = None;
    }
    exec_plugin::log_in(&mut user, cluster)?;
    if let Some(provider) = user.auth_provider.take() {
        user.token = Some(oidc::token(&provider, origin)?);
    }
    Ok(user)
}

/// Which file knows a user whose token may have to be renewed there.
fn origin(access: &Access, connection: &Connection) -> Option<Origin> {
    access.user.auth_provider.as_ref()?;
    let name = access.user_name.as_ref()?;
    let knows = |path: &PathBuf| {
        let kubeconfig = Kubeconfig::read_from(path);
        kubeconfig.is_ok_and(|it| it.auth_infos.iter().any(|user| user.name == *name))
    };
    // As everywhere, the first one counts.
    let file = places(connection).into_iter().find(knows)?;
    let user = name.clone();
    Some(Origin { file, user })
}

/// An address without a scheme is one of plain HTTP, as with kubectl.
pub(crate) fn server(text: &str) -> Result<Uri, ConfigError> {
    let whole = |text: &str| -> Option<Uri> {
        let uri: Uri = text.parse().ok()?;
        let web = matches!(uri.scheme_str(), Some("http" | "https"));
        let whole = uri.host().is_some_and(|host| !host.is_empty()) && address::has_number(&uri);
        (web && whole).then_some(uri)
    };
    let uri = whole(text);
    let uri = uri.or_else(|| whole(&format!("http://{text}")).filter(|_| !text.contains("://")));
    let uri = uri.ok_or(ConfigError::Server)?;
    address::check_port(&uri)?;
    Ok(uri)
}

fn authority(cluster: &Cluster) -> Result<Option<Vec<Vec<u8>>>, ConfigError> {
    let data = given(cluster.certificate_authority_data.as_ref());
    let pem = match (data, given(cluster.certificate_authority.as_ref())) {
        (Some(data), _) => STANDARD.decode(data).map_err(|_| ConfigError::Authority)?,
        (None, Some(path)) => std::fs::read(path).map_err(|_| ConfigError::Authority)?,
        (None, None) => return Ok(None),
    };
    match certificates(&pem)? {
        found if found.is_empty() => Err(ConfigError::Authority),
        _ if cluster.insecure_skip_tls_verify == Some(true) => Err(ConfigError::InsecureAuthority),
        found => Ok(Some(found)),
    }
}

/// The certificates in a PEM file.
pub(crate) fn certificates(pem: &[u8]) -> Result<Vec<Vec<u8>>, ConfigError> {
    let blocks = pem::parse_many(pem).map_err(|_| ConfigError::Authority)?;
    let certificates = blocks
        .into_iter()
        .filter(|block| block.tag() == "CERTIFICATE");
    Ok(certificates.map(pem::Pem::into_contents).collect())
}

/// The token in a file.
pub(crate) fn token_in<T: From<String>>(path: &Path) -> Result<T, ConfigError> {
    let text = std::fs::read_to_string(path).map(zeroize::Zeroizing::new);
    let text = text.map_err(|reason| ConfigError::Token {
        path: path.to_owned(),
        reason,
    })?;
    Ok(text.trim().to_owned().into())
}

/// What is at the usual places, or the one that was named; empty if there is nothing.
fn read(connection: &Connection) -> Result<Kubeconfig, CliError> {
    let mut merged = Kubeconfig::default();
    for path in places(connection) {
        let unusable = |reason| CliError::Kubeconfig {
            path: path.display().to_string(),
            reason,
        };
        if !path.exists() {
            return Err(unusable("no such file"));
        }
        // The library's message quotes lines of the file, which may hold a token.
        let next =
            Kubeconfig::read_from(&path).map_err(|_| unusable("it is not a valid kubeconfig"))?;
        merged = merged
            .merge(next)
            .map_err(|_| unusable("it does not go together with the one before it"))?;
    }
    Ok(merged)
}

fn places(connection: &Connection) -> Vec<PathBuf> {
    match &connection.kubeconfig {
        Some(path) => vec![path.clone()],
        // As kubectl has it: of the usual places, those that are not there do not count.
        None => usual_places()
            .into_iter()
            .filter(|path| path.exists())
            .collect(),
    }
}

/// `$KUBECONFIG`, a list of files, or `~/.kube/config`.
fn usual_places() -> Vec<PathBuf> {
    let listed: Vec<_> = std::env::var_os("KUBECONFIG")
        .iter()
        .flat_map(|list| std::env::split_paths(list).collect::<Vec<_>>())
        .filter(|path| !path.as_os_str().is_empty())
        .collect();
    if listed.is_empty() {
        let home = std::env::home_dir().map(|home| home.join(".kube/config"));
        return home.into_iter().collect();
    }
    listed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_servers() {
        for (text, expected) in [
            ("https://k.example:6443", Some("https://k.example:6443/")),
            ("https://k.example/k8s/c", Some("https://k.example/k8s/c")),
            ("127.0.0.1:8001", Some("http://127.0.0.1:8001/")),
            ("k.example", Some("http://k.example/")),
            ("http://k.example:/", Some("http://k.example:/")),
            ("http://127.0.0.1:99999", None),
            ("https://[::1]:65536", None),
            ("https://k.example:x", None),
            ("ftp://k.example", None),
            ("https://", None),
            ("a b", None),
        ] {
            let found = server(text).ok().map(|uri| uri.to_string());
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }
}
