//! Asking the controller through the API server's service proxy (contract §3.2).

use futures::AsyncReadExt as _;
use http::Request;
use k8s_openapi::api::core::v1::Service;
use kube::{Api, Client, Config};

use crate::address;
use crate::certificate;
use crate::connection::Connection;
use crate::context::Controller;
use crate::error::CliError;
use crate::kubeconfig::{self, ConfigError};

/// The certificate that the controller serves, byte for byte.
pub(crate) fn certificate(
    connection: &Connection,
    controller: &Controller,
) -> Result<Vec<u8>, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|_| CliError::NoCluster("the system gives no runtime"))?;
    check_names(controller)?;
    // Outside of the limit: a login helper may wait for a person.
    let config = kubeconfig::config(connection)?;
    let Some(total) = connection.limits().map_err(ConfigError::from)?.total else {
        return runtime.block_on(fetch(config, controller));
    };
    let fetched = async { tokio::time::timeout(total, fetch(config, controller)).await };
    runtime.block_on(fetched).unwrap_or_else(|_| {
        Err(CliError::ServiceProxy {
            reason: format!("no complete answer within {total:?} (--request-timeout)"),
        })
    })
}

async fn fetch(config: Config, controller: &Controller) -> Result<Vec<u8>, CliError> {
    // One TLS library for the process; a second call keeps the first.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let server = address::of(&config.cluster_url);
    let client = Client::try_from(config)
        .map_err(|_| CliError::NoCluster("the context's certificates or address are unusable"))?;
    let services: Api<Service> = Api::namespaced(client.clone(), &controller.namespace);
    let service = services
        .get(&controller.name)
        .await
        .map_err(|error| CliError::Service {
            reason: reason(&error, &server, "services", "get", controller),
        })?;
    let port = service
        .spec
        .and_then(|spec| spec.ports)
        .and_then(|ports| ports.into_iter().next())
        .and_then(|port| port.name)
        .unwrap_or_default();
    let path = format!(
        "/api/v1/namespaces/{}/services/http:{}:{port}/proxy/v1/cert.pem",
        controller.namespace, controller.name
    );
    let request = Request::get(path)
        .header(http::header::ACCEPT, "application/x-pem-file, */*")
        .body(Vec::new())
        .map_err(|_| CliError::ServiceProxy {
            reason: "the controller's name or namespace cannot be part of a URL".to_owned(),
        })?;
    let unreachable = |error: &kube::Error| CliError::ServiceProxy {
        reason: reason(error, &server, "services/proxy", "get", controller),
    };
    let body = client
        .request_stream(request)
        .await
        .map_err(|error| unreachable(&error))?;
    let mut bytes = Vec::new();
    std::pin::pin!(body)
        .take(certificate::LIMIT + 1)
        .read_to_end(&mut bytes)
        .await
        .map_err(|error| unreachable(&kube::Error::ReadEvents(error)))?;
    if bytes.len() as u64 > certificate::LIMIT {
        return Err(CliError::ServiceProxy {
            reason: "the answer is too large to be a certificate".to_owned(),
        });
    }
    Ok(bytes)
}

/// They become part of a URL; what cannot be a name is refused by name, not as a lost server.
fn check_names(controller: &Controller) -> Result<(), CliError> {
    for (flag, name) in [
        ("--controller-name", &controller.name),
        ("--controller-namespace", &controller.namespace),
    ] {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
        if name.is_empty() || name.contains("..") || !name.bytes().all(fits) {
            return Err(CliError::Service {
                reason: format!("{name:?} ({flag}) is not a name of Kubernetes"),
            });
        }
    }
    Ok(())
}

/// Why a call failed, with the next step.
fn reason(
    error: &kube::Error,
    server: &str,
    resource: &str,
    verb: &str,
    controller: &Controller,
) -> String {
    let Controller { name, namespace } = controller;
    match error {
        kube::Error::Api(status) if status.code == 404 => {
            format!("services {name:?} not found in namespace {namespace:?}")
        }
        kube::Error::Api(status) if status.code == 401 => format!(
            "the API server {server} does not accept these credentials (log in again, or choose another --context)"
        ),
        kube::Error::Api(status) if status.code == 403 => format!(
            "you may not {verb} {resource} {name:?} in namespace {namespace:?}; ask for the Role sealed-secrets-service-proxier, or use --cert with a certificate from a file or URL"
        ),
        kube::Error::Api(status) if status.code == 503 => {
            "the API server cannot reach the controller's pod; is it running?".to_owned()
        }
        kube::Error::Api(status) => {
            format!("the API server answered {} {}", status.code, status.reason)
        }
        kube::Error::Auth(_) => {
            "the kubeconfig's credentials cannot be used (does its login helper work?)".to_owned()
        }
        _ => format!(
            "the API server {server} cannot be reached; check the network, --kubeconfig and --context, or seal offline with --cert"
        ),
    }
}
