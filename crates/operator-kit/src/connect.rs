//! The connections of a controller to its API server.

use std::path::Path;
use std::time::Duration;

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

use crate::api_client;

/// Longest wait for an answer of the API server.
const ANSWER: Duration = Duration::from_secs(30);

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The file does not serve.
    #[error("cannot read the kubeconfig {0}: {1}")]
    Kubeconfig(String, &'static str),
    /// Not in a pod.
    #[error("no cluster to work for: this is no pod, and --kubeconfig FILE was not given")]
    NoCluster,
    /// Certificates, keys or addresses do not serve.
    #[error("cannot set up the connection to the API server: check its certificates and address")]
    Client,
}

/// The same API server, several times.
pub struct Clients {
    /// For watches, which are silent for minutes.
    pub watches: Client,
    /// For calls: one that is never answered would hold a worker for ever.
    pub calls: Client,
    /// For single objects whose `managedFields` are needed: its answers are unfiltered.
    pub whole: Client,
}

/// Connects to the cluster of a kubeconfig, or to the one whose pod this is. Never to that of whoever
/// starts a controller by accident on a laptop.
///
/// # Errors
/// [`ConnectError`].
pub async fn clients(kubeconfig: Option<&Path>) -> Result<Clients, ConnectError> {
    // One TLS library for the process; a second call keeps the first.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut config = match kubeconfig {
        Some(path) => {
            let bad = |why| ConnectError::Kubeconfig(path.display().to_string(), why);
            let kubeconfig =
                Kubeconfig::read_from(path).map_err(|_| bad("missing or not a kubeconfig"))?;
            Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
                .await
                .map_err(|_| bad("its context is incomplete"))?
        }
        None => Config::incluster().map_err(|_| ConnectError::NoCluster)?,
    };
    // Waiting is the business of the back-offs: a call that retries by itself holds up a worker.
    config.default_retry = false;
    let watches = api_client::client(config.clone()).map_err(|_| ConnectError::Client)?;
    config.read_timeout = Some(ANSWER);
    let whole = Client::try_from(config.clone()).map_err(|_| ConnectError::Client)?;
    let calls = api_client::client(config).map_err(|_| ConnectError::Client)?;
    Ok(Clients {
        watches,
        calls,
        whole,
    })
}
