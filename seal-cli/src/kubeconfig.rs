//! Which cluster, and which namespace is its default.

use std::path::PathBuf;

use kube::config::{Config, KubeConfigOptions, Kubeconfig};

use crate::error::CliError;

const NAMESPACE_FILE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/// `--kubeconfig` and `--context`.
pub(crate) struct Connection {
    pub(crate) kubeconfig: Option<PathBuf>,
    pub(crate) context: Option<String>,
}

/// The namespace of the context, `default` if the context names none; without any context the
/// pod's own. `None` outside of both: guessing would seal for a place that nobody meant.
pub(crate) fn namespace(connection: &Connection) -> Result<Option<String>, CliError> {
    let of_context = read(connection)?
        .and_then(|kubeconfig| of_context(&kubeconfig, connection.context.as_deref()));
    let of_pod = || {
        std::fs::read_to_string(NAMESPACE_FILE)
            .ok()
            .map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty())
    };
    Ok(of_context.or_else(of_pod))
}

/// How to reach the API server.
pub(crate) async fn config(connection: &Connection) -> Result<Config, CliError> {
    let Some(kubeconfig) = read(connection)? else {
        return Config::incluster()
            .map_err(|_| CliError::NoCluster("there is no kubeconfig, and this is no pod"));
    };
    if let Some(context) = &connection.context
        && !kubeconfig
            .contexts
            .iter()
            .any(|known| known.name == *context)
    {
        return Err(CliError::NoCluster(
            "the kubeconfig has no context of that name (kubectl config get-contexts lists them)",
        ));
    }
    let options = KubeConfigOptions {
        context: connection.context.clone(),
        ..KubeConfigOptions::default()
    };
    Config::from_custom_kubeconfig(kubeconfig, &options)
        .await
        .map_err(|_| CliError::NoCluster("the kubeconfig's context is incomplete or unusable"))
}

/// `None` if no file was named and none is at its usual place.
fn read(connection: &Connection) -> Result<Option<Kubeconfig>, CliError> {
    let Some(path) = &connection.kubeconfig else {
        return Ok(Kubeconfig::read().ok());
    };
    // The library's message quotes lines of the file, which may hold a token.
    Kubeconfig::read_from(path)
        .map(Some)
        .map_err(|_| CliError::Kubeconfig {
            path: path.display().to_string(),
            reason: if path.exists() {
                "it is not a valid kubeconfig"
            } else {
                "no such file"
            },
        })
}

fn of_context(kubeconfig: &Kubeconfig, name: Option<&str>) -> Option<String> {
    let name = name.or(kubeconfig.current_context.as_deref())?;
    let context = kubeconfig
        .contexts
        .iter()
        .find(|context| context.name == name)?
        .context
        .as_ref()?;
    let namespace = context.namespace.clone();
    Some(
        namespace
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| "default".to_owned()),
    )
}
