//! Which cluster, and which namespace is its default.

use std::path::PathBuf;

use kube::config::{Config, KubeConfigOptions, Kubeconfig};

use crate::error::CliError;

const NAMESPACE_FILE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/// `--kubeconfig` and `--context`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connection {
    pub(crate) kubeconfig: Option<PathBuf>,
    pub(crate) context: Option<String>,
}

/// The namespace of the context, `default` if the context names none; without any context the
/// pod's own. `None` outside of both: guessing would seal for a place that nobody meant.
pub(crate) fn namespace(connection: &Connection) -> Result<Option<String>, CliError> {
    let kubeconfig = read(connection)?;
    if let Some(kubeconfig) = &kubeconfig {
        check_context(kubeconfig, connection)?;
    }
    let of_context =
        kubeconfig.and_then(|kubeconfig| of_context(&kubeconfig, connection.context.as_deref()));
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
    check_context(&kubeconfig, connection)?;
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
    let paths = match &connection.kubeconfig {
        Some(path) => vec![path.clone()],
        // As kubectl has it: of the usual places, those that are not there do not count.
        None => usual_places()
            .into_iter()
            .filter(|path| path.exists())
            .collect(),
    };
    let mut merged: Option<Kubeconfig> = None;
    for path in paths {
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
        merged = Some(match merged {
            None => next,
            Some(before) => before
                .merge(next)
                .map_err(|_| unusable("it does not go together with the one before it"))?,
        });
    }
    Ok(merged)
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

/// A context that was asked for by name must be there.
fn check_context(kubeconfig: &Kubeconfig, connection: &Connection) -> Result<(), CliError> {
    match &connection.context {
        Some(name) if !kubeconfig.contexts.iter().any(|known| known.name == *name) => {
            Err(CliError::UnknownContext(name.clone()))
        }
        _ => Ok(()),
    }
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
