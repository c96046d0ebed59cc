//! The cluster around this process, if it runs in a pod.

use std::path::Path;

use kube::config::{AuthInfo, Config};

use crate::connection::Connection;
use crate::kubeconfig::{self, ConfigError};

const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Whether there is one.
pub(crate) fn possible() -> bool {
    host().is_some() && Path::new(ACCOUNT).join("token").is_file()
}

/// The pod's own namespace.
pub(crate) fn namespace() -> String {
    let given = |name: String| Some(name.trim().to_owned()).filter(|name| !name.is_empty());
    let variable = std::env::var("POD_NAMESPACE").ok().and_then(given);
    let file = || std::fs::read_to_string(Path::new(ACCOUNT).join("namespace")).ok();
    variable
        .or_else(|| file().and_then(given))
        .unwrap_or_else(|| "default".to_owned())
}

/// How to reach its API server, as the pod's account. Of the flags only a server, a token and a
/// certificate authority count: for everything else there is a kubeconfig.
pub(crate) fn config(connection: &Connection) -> Result<Config, ConfigError> {
    let own = host().unwrap_or_default();
    let server = connection.server.as_deref().unwrap_or(&own);
    let mut config = Config::new(kubeconfig::server(server)?);
    let authority = match &connection.certificate_authority {
        Some(path) => std::fs::read(path).map_err(|_| ConfigError::Authority)?,
        None => std::fs::read(Path::new(ACCOUNT).join("ca.crt")).unwrap_or_default(),
    };
    let authority = kubeconfig::certificates(&authority)?;
    config.root_cert = Some(authority).filter(|found| !found.is_empty());
    let token = match &connection.token {
        Some(token) => token.show().to_owned().into(),
        None => kubeconfig::token_in(&Path::new(ACCOUNT).join("token"))?,
    };
    config.auth_info = AuthInfo {
        token: Some(token),
        ..AuthInfo::default()
    };
    Ok(config)
}

fn host() -> Option<String> {
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (host, port) = (
        set("KUBERNETES_SERVICE_HOST")?,
        set("KUBERNETES_SERVICE_PORT")?,
    );
    // An IPv6 address stands in brackets.
    let host = if host.contains(':') {
        format!("[{host}]")
    } else {
        host
    };
    Some(format!("https://{host}:{port}"))
}
